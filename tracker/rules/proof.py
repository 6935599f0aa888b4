"""The proof of a finding: rule, source, date sum, facts used, what clears it (rulebook 10.3)."""

from collections.abc import Iterator
from datetime import date

from tracker.rules.answer import FactUsed, Finding, Proof
from tracker.rules.decision import Decision
from tracker.rules.desk import Desk
from tracker.rules.messages_other import OTHER_MESSAGES
from tracker.rules.messages_pa import PA_MESSAGES, Said
from tracker.rules.proof_formulation import formulation_facts
from tracker.rules.proof_sums import sums_of
from tracker.rules.rule_texts import RULE_TEXTS
from tracker.rules.units import own_codes
from tracker.rules.wording import Wording, count, plain, units_text
from tracker.rules.words import AboutKind

_MESSAGES = {**PA_MESSAGES, **OTHER_MESSAGES}


class InWords:
    """The message and the proof of a finding, made when they are first read."""

    __slots__ = ("_of", "_proof", "_said")

    def __init__(self, desk: Desk, decision: Decision, finding: Finding) -> None:
        self._of = desk, decision, finding
        self._said: Said | None = None
        self._proof: Proof | None = None

    @property
    def said(self) -> Said:
        """The message of the finding and the changes that would clear it."""
        if self._said is None:
            words = Wording(*self._of)
            self._said = _MESSAGES[words.finding.code](words)
        return self._said

    @property
    def message(self) -> str:
        return self.said[0]

    @property
    def proof(self) -> Proof:
        if self._proof is None:
            self._proof = _prove(Wording(*self._of), self.said[1])
        return self._proof


def _prove(words: Wording, clears: tuple[str, ...]) -> Proof:
    """Everything a finding rests on, in the order in which a page shows it."""
    text = RULE_TEXTS[words.finding.code]
    source, verified_on = text.source, text.verified_on
    if source is None:
        source, verified_on = _payer_source(words)
    return Proof(text.sentence, source, verified_on, tuple(sums_of(words)), tuple(_facts(words)), clears)


def _payer_source(words: Wording) -> tuple[str | None, date | None]:
    """The formulary rule in force for the fill: the source the clinic put on file."""
    fill, regimen = words.finding.fill, words.regimen
    # Only findings of the table have no source of their own.
    assert fill is not None
    assert regimen is not None
    member = words.desk.payer(fill.on).paying
    rules = words.desk.rules(member, own_codes(regimen), tuple(fill.units or ()), fill.on).values()
    rule = next((each for each in rules if each is not None), None)
    return (rule.source, rule.verified_on) if rule else (None, None)


def _facts(words: Wording) -> Iterator[FactUsed]:
    """The facts used, each with the object to open."""
    book, finding = words.book, words.finding
    last = book.last_supplied
    if last is not None and (finding.fill is not None or finding.about_kind is AboutKind.REGIMEN):
        value = f"{last.fill.on}, {count(last.fill.days_supply, 'day')}, {units_text(last.units)}"
        yield FactUsed("Last fill", value, "fill", last.fill.id)
    if finding.fill is not None:
        value = (
            f"{finding.fill.on}, {count(finding.fill.days_supply, 'day')}, {units_text(finding.fill.units)}"
        )
        label = "Planned fill" if finding.fill.planned else "Next fill made of the regimen"
        yield FactUsed(
            label, value, "planned_fill" if finding.fill.planned else "regimen", finding.fill.regimen
        )
    yield from _about(words)
    coverage_id = finding.fill.coverage if finding.fill else None
    if coverage_id is not None and coverage_id != finding.about:
        yield _coverage(words, coverage_id, "Paying coverage")
    yield from formulation_facts(words)


def _about(words: Wording) -> Iterator[FactUsed]:
    finding, patient = words.finding, words.book.patient
    if words.pa is not None:
        yield _pa(words, words.pa.id)
        for name in ("renewal", "authorization"):
            other = words.fact(name)
            if isinstance(other, str) and other in words.book.authorizations:
                yield _pa(words, other)
    elif finding.about_kind is AboutKind.COVERAGE and finding.about is not None:
        yield _coverage(words, finding.about, "Coverage")
    elif finding.about_kind is AboutKind.TRIAL:
        trial = next(each for each in patient.trials if each.id == finding.about)
        value = f"{_range(trial.starts_on, trial.ends_on)}, {plain(trial.outcome)}"
        yield FactUsed(f"Trial of {trial.drug}", value, "trial", trial.id)
    elif finding.about_kind is AboutKind.DENIAL:
        denial = next(each for each in patient.denials if each.id == finding.about)
        value = f"notice {plain(denial.notice_on)}, received {plain(denial.received_on)}"
        yield FactUsed("Denial", value, "denial", denial.id)
    elif finding.about_kind is AboutKind.REGIMEN and words.regimen is not None:
        regimen = words.regimen
        value = f"{plain(regimen.dose_mg)} mg, {count(regimen.doses_per_day, 'dose')} a day"
        yield FactUsed(
            "Regimen", f"{value}, {_range(regimen.starts_on, regimen.ends_on)}", "regimen", regimen.id
        )
    elif finding.about_kind is AboutKind.FILL:
        fill = next(each for each in patient.fills if each.id == finding.about)
        status = fill.claim.status if fill.claim else None
        value = f"{fill.on}, {units_text(fill.units)}, claim {plain(status)}"
        yield FactUsed("Fill", value, "fill", fill.id)


def _range(first: date | None, last: date | None) -> str:
    return f"{first or 'open'} to {last or 'open'}"


def _pa(words: Wording, pa_id: str) -> FactUsed:
    pa = words.book.authorizations[pa_id]
    value = f"{_range(pa.starts_on, pa.ends_on)}, {pa.status.label}"
    return FactUsed(words.pa_name(pa_id), value, "authorization", pa_id)


def _coverage(words: Wording, coverage_id: str, label: str) -> FactUsed:
    coverage = next(each for each in words.book.patient.coverages if each.id == coverage_id)
    value = f"{words.payer(coverage.plan)}, {_range(coverage.starts_on, coverage.ends_on)}"
    return FactUsed(label, value, "coverage", coverage_id)
