"""What a request to a payer must hold: each item had, stale, missing or unknown, with what shows it.

What a plan asks for comes from its dated rule; what is not on file is unknown, never had.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from tracker.rules.dates import days_between, plus
from tracker.rules.steps import Met
from tracker.rules.words import DocumentKind, Word


class Have(Word):
    """How an item stands. `later`: it cannot be had before the request is sent, and is not counted."""

    HAVE = "have", "Have"
    STALE = "stale", "Stale"
    MISSING = "missing", "Missing"
    UNKNOWN = "unknown", "Unknown"
    LATER = "later", "Later"


class Part(Word):
    REQUEST = "request", "Every request names"
    PLAN = "plan", "This plan asks for"
    FILE = "file", "For the clinic's own file"


class Cure(Word):
    """Where a person adds what is missing."""

    PATIENT = "patient", "Enter the diagnosis"
    COVERAGE = "coverage", "Enter the member ID"
    REGIMEN = "regimen", "Add the regimen"
    REQUEST = "request", "Correct the request"
    RULE = "rule", "Enter what the plan asks"
    STEPS = "steps", "Prove the step"
    DOCUMENT = "document", "Add the paper"
    LETTER = "letter", "Attach the letter"
    FILING = "filing", "Log the proof"


@dataclass(frozen=True, slots=True)
class Paper:
    """A document on file, and what it is attached to."""

    id: str
    kind: DocumentKind
    name: str
    dated_on: date | None
    trial: str | None = None
    authorization: str | None = None


@dataclass(frozen=True, slots=True)
class AskedPaper:
    """`max_age_days` None: of any age."""

    kind: DocumentKind
    max_age_days: int | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class AskedStep:
    options: tuple[str, ...]
    document_required: bool = False


@dataclass(frozen=True, slots=True)
class PlanRule:
    """What one plan asks for one code in one period, as far as a packet goes. None: not known."""

    id: str
    code: str
    starts_on: date | None = None
    ends_on: date | None = None
    source: str | None = None
    verified_on: date | None = None
    max_days_supply: int | None = None
    step_therapy: bool | None = None
    steps: tuple[AskedStep, ...] = ()
    papers_asked: bool | None = None
    papers: tuple[AskedPaper, ...] = ()

    @property
    def origin(self) -> str:
        """Where it comes from, and when it was last verified."""
        said = f"verified {self.verified_on:%a} {self.verified_on}" if self.verified_on else "not verified"
        return f"{self.source or 'source not on file'}, {said}"


@dataclass(frozen=True, slots=True)
class Tried:
    """One step as the check of the first fill found it: its result, and the trials (id, words) that count."""

    result: Met
    trials: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Filing:
    """How it was sent: by which channel, on which day, under which reference."""

    on: date
    channel: str
    reference: str | None


@dataclass(frozen=True, slots=True)
class Request:
    """The facts of one request. None: not on file.

    `day`: the day that ages are counted to. `asked`: units by code, None: no limit asked. `needed`: the units
    of the fills foreseen in its days, None: not known. `steps` None: no fill to check them on; `exempt`: the
    patient need not take them. `renews`: the authorization it follows.
    """

    day: date
    member_id: str | None = None
    diagnosis: str | None = None
    takes: str | None = None
    days_supply: int | None = None
    units: Mapping[str, int] | None = None
    asked: Mapping[str, int | None] | None = None
    needed: Mapping[str, int] | None = None
    prescriber: str | None = None
    rules: tuple[PlanRule, ...] = ()
    steps: tuple[Tried, ...] | None = None
    exempt: bool = False
    papers: tuple[Paper, ...] = ()
    renews: str | None = None
    letter_on: date | None = None
    drafted: bool = True
    sent: bool = False
    filing: Filing | None = None


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the checklist. `good_through`: the last day on which its papers are fresh."""

    part: Part
    title: str
    state: Have
    said: str
    origin: str = ""
    cure: Cure | None = None
    papers: tuple[Paper, ...] = ()
    kind: DocumentKind | None = None
    good_through: date | None = None


@dataclass(frozen=True, slots=True)
class Packet:
    items: tuple[Item, ...]

    @property
    def counted(self) -> list[Item]:
        return [each for each in self.items if each.state is not Have.LATER]

    @property
    def total(self) -> int:
        return len(self.counted)

    @property
    def had(self) -> int:
        return sum(1 for each in self.counted if each.state is Have.HAVE)

    @property
    def complete(self) -> bool:
        return self.had == self.total

    @property
    def evidence(self) -> list[tuple[Paper, str]]:
        """The papers that go with it, each once, with what they prove."""
        proves: dict[str, list[str]] = {}
        papers: dict[str, Paper] = {}
        for item in self.items:
            for paper in item.papers:
                papers[paper.id] = paper
                stands = "" if item.state is Have.HAVE else f" ({item.state.label.lower()})"
                proves.setdefault(paper.id, []).append(item.title + stands)
        return [(paper, "; ".join(proves[paper.id])) for paper in papers.values()]


def packet(request: Request) -> Packet:
    """The checklist of a request, in the order in which it is worked through."""
    return Packet((*_named(request), *_asked_by_plan(request), *_own_file(request)))


# ---------------------------------------------------------------------------------- what it names


def _named(request: Request) -> Iterator[Item]:
    yield _fact("Member ID", request.member_id, Cure.COVERAGE, "not on file for this plan on that day")
    yield _fact("Diagnosis", request.diagnosis, Cure.PATIENT, "not on file")
    yield _fact("Drug and dose", request.takes, Cure.REGIMEN, "no regimen on file for that day")
    yield _units(request)
    yield _fact("Prescriber", request.prescriber, Cure.REQUEST, "not on file for this request")


def _fact(title: str, value: str | None, cure: Cure, otherwise: str) -> Item:
    if value:
        return Item(Part.REQUEST, title, Have.HAVE, value)
    return Item(Part.REQUEST, title, Have.MISSING, otherwise, cure=cure)


def _units(request: Request) -> Item:
    """Units and days supply; stale where the fills foreseen need more than is asked."""
    title = "Units and days supply"
    if request.units is None or request.days_supply is None:
        said = "the units of a fill are not known"
        return Item(Part.REQUEST, title, Have.UNKNOWN, said, cure=Cure.REGIMEN)
    one = f"{_amounts(request.units)} for {request.days_supply} days a fill"
    limits = [rule.max_days_supply for rule in request.rules if rule.max_days_supply is not None]
    if limits and request.days_supply > min(limits):
        said = f"{one}; the plan allows {min(limits)} days at most"
        return Item(Part.REQUEST, title, Have.MISSING, said, cure=Cure.REQUEST)
    if not request.asked:
        return Item(Part.REQUEST, title, Have.HAVE, f"{one}; asked without a unit limit")
    short = [code for code in request.units if code not in request.asked]
    asked = _amounts(request.asked)
    if short:
        said = f"{one}; {', '.join(short)} is not asked for"
        return Item(Part.REQUEST, title, Have.STALE, said, cure=Cure.REQUEST)
    less = [code for code, n in (request.needed or {}).items() if _less(request.asked.get(code), n)]
    if less:
        said = f"{asked} asked, but the fills foreseen in its days need {_amounts(request.needed or {})}"
        return Item(Part.REQUEST, title, Have.STALE, said, cure=Cure.REQUEST)
    return Item(Part.REQUEST, title, Have.HAVE, f"{one}; {asked} asked")


def _less(asked: int | None, needed: int) -> bool:
    return asked is not None and asked < needed


def _amounts(units: Mapping[str, int | None] | Mapping[str, int]) -> str:
    return " + ".join(f"{'any number of' if n is None else f'{n:,}'} {code}" for code, n in units.items())


# -------------------------------------------------------------------------------- what the plan asks


def _asked_by_plan(request: Request) -> Iterator[Item]:
    if not request.rules:
        said = "no rule of this plan is on file for that day: verify with the payer"
        yield Item(Part.PLAN, "The plan's criteria", Have.UNKNOWN, said, cure=Cure.RULE)
        return
    for rule in request.rules:
        if rule.verified_on is None:
            said = f"the rule of {rule.code} was never verified with the payer"
            yield Item(Part.PLAN, "The plan's criteria", Have.UNKNOWN, said, rule.origin, Cure.RULE)
        yield from _steps(request, rule)
    seen: set[AskedPaper] = set()
    for rule in request.rules:
        if rule.papers_asked is None or (rule.papers_asked and not rule.papers):
            said = f"which papers go with {rule.code} is not on file: verify with the payer"
            yield Item(Part.PLAN, "Papers with the request", Have.UNKNOWN, said, rule.origin, Cure.RULE)
        for asked in rule.papers:
            if asked not in seen:
                seen.add(asked)
                yield _paper(request, asked, rule.origin)


def _steps(request: Request, rule: PlanRule) -> Iterator[Item]:
    if rule.step_therapy is False or (rule.step_therapy and request.exempt):
        return
    if not rule.steps:
        said = "whether and which other drugs must be tried first is not on file: verify with the payer"
        yield Item(Part.PLAN, "Step therapy", Have.UNKNOWN, said, rule.origin, Cure.RULE)
        return
    if request.steps is None or len(request.steps) != len(rule.steps):
        said = "no fill is foreseen in its days, so the steps were not checked"
        yield Item(Part.PLAN, "Step therapy", Have.UNKNOWN, said, rule.origin, Cure.STEPS)
        return
    for number, (step, tried) in enumerate(zip(rule.steps, request.steps, strict=True), 1):
        title = f"Step {number}: {' or '.join(step.options)}"
        yield _step(request, step, tried, title, rule.origin)


STEP_STATES: Mapping[Met, tuple[Have, str]] = {
    Met.MET: (Have.HAVE, ""),
    Met.LOOKBACK: (Have.STALE, "tried, but before the days that the plan looks back to"),
    Met.UNKNOWN: (Have.UNKNOWN, "facts of the trial are not on file"),
    Met.UNMET: (Have.MISSING, "no trial on file meets it"),
}


def _step(request: Request, step: AskedStep, tried: Tried, title: str, origin: str) -> Item:
    """A step, with the papers attached to the trials that count for it."""
    state, why = STEP_STATES[tried.result]
    ids = {trial for trial, _ in tried.trials}
    papers = tuple(each for each in request.papers if each.trial in ids)
    said = "; ".join([*(words for _, words in tried.trials), *([why] if why else [])])
    if state is Have.HAVE and step.document_required and not papers:
        said = f"{said}; its document must go along and is not attached"
        return Item(Part.PLAN, title, Have.MISSING, said, origin, Cure.STEPS)
    cure = None if state is Have.HAVE else Cure.STEPS
    return Item(Part.PLAN, title, state, said, origin, cure, papers)


def _paper(request: Request, asked: AskedPaper, origin: str) -> Item:
    """The newest paper of its kind against the age that the plan asks."""
    limit = asked.max_age_days
    title = asked.kind.label + (f": {asked.note}" if asked.note else "")
    wanted = f"not older than {limit} days" if limit is not None else "of any age"
    found = [each for each in request.papers if each.kind is asked.kind]
    if not found:
        said = f"none on file; asked for {wanted}"
        return Item(Part.PLAN, title, Have.MISSING, said, origin, Cure.DOCUMENT, kind=asked.kind)
    newest = max(found, key=lambda each: each.dated_on or date.min)
    if limit is None:
        said = f"of {newest.dated_on:%a} {newest.dated_on}" if newest.dated_on else "on file"
        return Item(Part.PLAN, title, Have.HAVE, said, origin, papers=(newest,), kind=asked.kind)
    if newest.dated_on is None:
        said = f"on file, but without the date it bears; asked for {wanted}"
        return Item(Part.PLAN, title, Have.UNKNOWN, said, origin, Cure.DOCUMENT, (newest,), asked.kind)
    age, through = days_between(newest.dated_on, request.day), plus(newest.dated_on, limit)
    said = f"of {newest.dated_on:%a} {newest.dated_on}, {age} days old; asked for {wanted}"
    if age > limit:
        return Item(Part.PLAN, title, Have.STALE, said, origin, Cure.DOCUMENT, (newest,), asked.kind)
    return Item(Part.PLAN, title, Have.HAVE, said, origin, None, (newest,), asked.kind, through)


# ----------------------------------------------------------------------------- what the clinic keeps


def _own_file(request: Request) -> Iterator[Item]:
    if request.renews is not None:
        yield _letter(request)
    yield _filing(request)


def _letter(request: Request) -> Item:
    title = "Last approval letter"
    letters = tuple(
        each
        for each in request.papers
        if each.authorization == request.renews and each.kind is DocumentKind.APPROVAL_LETTER
    )
    if letters:
        return Item(Part.FILE, title, Have.HAVE, "attached to the authorization", papers=letters[:1])
    said = "not attached to the authorization"
    if request.letter_on is not None:
        said = f"the letter of {request.letter_on:%a} {request.letter_on} is not attached"
    return Item(Part.FILE, title, Have.MISSING, said, cure=Cure.LETTER)


def _filing(request: Request) -> Item:
    title = "Proof of filing"
    if not request.sent:
        return Item(Part.FILE, title, Have.LATER, "comes with “Mark sent”: channel and reference")
    filing = request.filing
    if filing is None:
        return Item(Part.FILE, title, Have.MISSING, "nothing is logged of it", cure=Cure.FILING)
    said = f"{filing.channel} of {filing.on:%a} {filing.on}"
    if not filing.reference:
        said = f"{said}, without a reference"
        return Item(Part.FILE, title, Have.MISSING, said, cure=Cure.FILING)
    return Item(Part.FILE, title, Have.HAVE, f"{said}, reference {filing.reference}")
