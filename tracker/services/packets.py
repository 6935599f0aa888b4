"""The packets of requests: what each must hold, from the facts on file and from the kept answer.

What is worked out stands in `rules/packet`; steps are those that the last check climbed, never climbed again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from tracker.models.authorization import Authorization, Trial
from tracker.models.authorization_log import Channel, ContactLog
from tracker.models.base import Db
from tracker.models.document import Document
from tracker.models.patient import Coverage
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.models.therapy import Regimen
from tracker.rules.authorization import GRANTED
from tracker.rules.catalogue import codes_of
from tracker.rules.formulary import by_code
from tracker.rules.packet import (
    AskedPaper,
    AskedStep,
    Filing,
    Packet,
    Paper,
    PlanRule,
    Request,
    Tried,
    packet,
)
from tracker.rules.step_words import said
from tracker.rules.steps import Met
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, Check, Drug
from tracker.services import authorizations
from tracker.services.kept_answer import KeptFill
from tracker.services.packet_files import PatientFile, patient_files
from tracker.services.patient_facts import takes

WRITTEN = Channel.FAX, Channel.PORTAL, Channel.LETTER


@dataclass(frozen=True, slots=True)
class PacketView:
    """A packet and what it belongs to. `draft` None: the renewal of `row` is not drafted yet.

    `row` None: nothing is on file yet, neither a PA nor a request, and `alert_id` is the alert that asks for
    it. `first_fill_on`: the first fill that needs it; None: none is foreseen.
    """

    patient_id: str
    kind: AuthorizationKind
    row: Authorization | None
    draft: Authorization | None
    plan: Plan
    payer: Payer
    starts_on: date | None
    ends_on: date | None
    request: Request
    packet: Packet
    trials: Sequence[Trial]
    first_fill_on: date | None
    alert_id: str | None = None


@dataclass(frozen=True, slots=True)
class First:
    """A first request to a plan, as an alert asks for it. `starts_on`: of the fill that needs it."""

    alert_id: str
    patient_id: str
    plan_id: str
    kind: AuthorizationKind
    starts_on: date | None


@dataclass(frozen=True, slots=True)
class Count:
    """`had` of `total` items."""

    had: int
    total: int

    @property
    def complete(self) -> bool:
        return self.had == self.total


def counts(
    session: Db, *, clinic_id: str, wanted: Mapping[str, str], firsts: Collection[First] = (), on: date
) -> dict[str, Count]:
    """By authorization, and by the alert of a first request, how much of its packet is there.

    `wanted`: patients by authorization.
    """
    if not wanted and not firsts:
        return {}
    found = packets(session, clinic_id=clinic_id, wanted=wanted, firsts=firsts, on=on)
    return {key: Count(view.packet.had, view.packet.total) for key, view in found.items()}


def packets(
    session: Db,
    *,
    clinic_id: str,
    wanted: Mapping[str, str],
    firsts: Collection[First] = (),
    on: date,
) -> dict[str, PacketView]:
    """The packet of each of these authorizations (id: its patient's): its own, or of the renewal it needs.

    And of the `firsts`, by their alert: of the draft that is on file by now, else of what is to be drafted.
    The number of queries does not grow with them.
    """
    patient_ids = {*wanted.values(), *(each.patient_id for each in firsts)}
    files = patient_files(session, clinic_id, patient_ids, {each.plan_id for each in firsts})
    views = {}
    for first in firsts:
        file = files.get(first.patient_id)
        if file is not None and first.plan_id in file.plans:
            views[first.alert_id] = _first_view(file, first, on)
    for authorization_id, patient_id in wanted.items():
        mine = files.get(patient_id)
        row = mine.authorizations.get(authorization_id) if mine else None
        if mine is not None and row is not None:
            views[authorization_id] = _view(mine, row, on)
    return views


# --------------------------------------------------------------------------------------- one request


def _view(file: PatientFile, row: Authorization, on: date) -> PacketView:
    draft, values = _asked(file, row)
    return _made(file, row, draft, values, row.kind, on)


def _first_view(file: PatientFile, first: First, on: date) -> PacketView:
    """Of the newest request of this kind to this plan that is drafted or under way, else of none."""
    drafts = [
        each
        for each in file.authorizations.values()
        if each.plan_id == first.plan_id
        and each.kind is first.kind
        and each.status in authorizations.OPEN
        and each.renews_id is None
    ]
    if drafts:
        return _view(file, max(drafts, key=lambda each: each.id), on)
    values: dict[str, Any] = {
        "requested_starts_on": first.starts_on,
        "requested_ends_on": None,
        "lines": [],
        "prescriber": None,
        "plan_id": first.plan_id,
        "renews_id": None,
    }
    return replace(_made(file, None, None, values, first.kind, on), alert_id=first.alert_id)


def _made(
    file: PatientFile,
    row: Authorization | None,
    draft: Authorization | None,
    values: Mapping[str, Any],
    kind: AuthorizationKind,
    on: date,
) -> PacketView:
    starts_on, ends_on = values["requested_starts_on"], values["requested_ends_on"]
    fills = [
        each
        for each in file.fills
        if each.plan == values["plan_id"]
        and (starts_on is None or starts_on <= each.on)
        and (ends_on is None or each.on <= ends_on)
    ]
    request = _request(file, values, draft, fills, on)
    plan = file.plans[values["plan_id"]]
    return PacketView(
        patient_id=file.patient.id,
        kind=kind,
        row=row,
        draft=draft,
        plan=plan,
        payer=plan.payer,
        starts_on=starts_on,
        ends_on=ends_on,
        request=request,
        packet=packet(request),
        trials=file.trials,
        first_fill_on=fills[0].on if fills else None,
    )


def _asked(file: PatientFile, row: Authorization) -> tuple[Authorization | None, Mapping[str, Any]]:
    """The request that a packet is for: the renewal of what was granted, drafted or not, else this one."""
    draft: Authorization | None = row
    if row.status in GRANTED and row.ends_on is not None:
        follows = [
            each
            for each in file.authorizations.values()
            if each.renews_id == row.id and each.status in authorizations.OPEN | GRANTED
        ]
        draft = max(follows, key=lambda each: each.id, default=None)
    if draft is None:
        return None, authorizations.renewal(row)
    lines = [
        {"code": line.code, "requested_units": line.requested_units if line.requested else line.units}
        for line in draft.lines
    ]
    return draft, {
        "requested_starts_on": draft.requested_starts_on or draft.starts_on,
        "requested_ends_on": draft.requested_ends_on or draft.ends_on,
        "lines": lines,
        "prescriber": draft.prescriber,
        "plan_id": draft.plan_id,
        "renews_id": draft.renews_id,
    }


def _request(
    file: PatientFile,
    values: Mapping[str, Any],
    draft: Authorization | None,
    fills: Sequence[KeptFill],
    on: date,
) -> Request:
    sent = draft is not None and draft.status is not AuthorizationStatus.DRAFT
    day = (draft.requested_on if sent and draft else None) or on
    first = fills[0] if fills else None
    regimen = _regimen(file, first, values["requested_starts_on"] or on)
    found = Request(
        day=day,
        member_id=_member_id(file, values["plan_id"], values["requested_starts_on"] or on),
        diagnosis=file.patient.indication.label if file.patient.indication else None,
        takes=takes(regimen) if regimen else None,
        days_supply=first.days_supply if first else None,
        units=first.units if first else None,
        asked={line["code"]: line["requested_units"] for line in values["lines"]} or None,
        needed=_needed(fills),
        prescriber=values["prescriber"],
        rules=_rules(file, values["plan_id"], regimen, first, values["requested_starts_on"] or on),
        papers=tuple(map(_paper, file.documents)),
        renews=values["renews_id"],
        letter_on=_letter_on(file, values["renews_id"]),
        drafted=draft is not None,
        sent=sent,
        filing=_filing(file, draft, day) if sent and draft else None,
    )
    return _with_steps(file, found, first)


def _regimen(file: PatientFile, fill: KeptFill | None, day: date) -> Regimen | None:
    """The one that the first fill is made for, else the one in force on that day."""
    for each in file.regimens:
        if each.id == fill.regimen if fill else _in_force(each, day):
            return each
    return None


def _in_force(row: Regimen | Coverage, day: date) -> bool:
    return row.starts_on <= day and (row.ends_on is None or day <= row.ends_on)


def _member_id(file: PatientFile, plan_id: str, day: date) -> str | None:
    """Of the coverage by this plan on that day, else of none: another one's number is no help."""
    return next(
        (each.member_id for each in file.coverages if each.plan_id == plan_id and _in_force(each, day)),
        None,
    )


def _needed(fills: Sequence[KeptFill]) -> dict[str, int] | None:
    """Units of the fills foreseen; None if those of one are not known."""
    total: dict[str, int] = {}
    for each in fills:
        if each.units is None:
            return None
        for code, count in each.units.items():
            total[code] = total.get(code, 0) + count
    return total


def _rules(
    file: PatientFile, plan_id: str, regimen: Regimen | None, fill: KeptFill | None, day: date
) -> tuple[PlanRule, ...]:
    """The plan's rules for the fill's codes on its first day, each once."""
    if regimen is None:
        return ()
    own = codes_of(Drug(regimen.drug), regimen.formulation, regimen.form)
    codes = tuple(code for code, n in fill.units.items() if n) if fill and fill.units else own
    rules = [_rule(each) for each in file.plans[plan_id].rules]
    found = by_code(rules, own, codes, fill.on if fill else day)
    return tuple({rule.id: rule for rule in found.values() if rule is not None}.values())


def _rule(row: FormularyRule) -> PlanRule:
    return PlanRule(
        id=row.id,
        code=row.code,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        source=row.source,
        verified_on=row.verified_on,
        max_days_supply=row.max_days_supply,
        step_therapy=row.step_therapy,
        steps=tuple(AskedStep(tuple(each.options), each.document_required) for each in row.steps),
        papers_asked=row.papers_asked,
        papers=tuple(AskedPaper(each.kind, each.max_age_days, each.note) for each in row.papers),
    )


def _paper(row: Document) -> Paper:
    return Paper(row.id, row.kind, row.name, row.dated_on, row.trial_id, row.authorization_id)


def _letter_on(file: PatientFile, renews_id: str | None) -> date | None:
    renewed = file.authorizations.get(renews_id or "")
    return renewed.letter_on if renewed else None


def _with_steps(file: PatientFile, request: Request, fill: KeptFill | None) -> Request:
    """The steps as the check of the first fill found them."""
    check = next((each for each in fill.checks if each.check is Check.STEP_THERAPY), None) if fill else None
    if check is None:
        return request
    if "steps" not in check.facts:
        return replace(request, exempt=bool(check.facts.get("reason")))
    trials = {row.id: row for row in file.trials}
    return replace(request, steps=tuple(_tried(each, trials) for each in check.facts["steps"]))


def _tried(step: Mapping[str, Any], trials: Mapping[str, Trial]) -> Tried:
    result = Met(step["result"])
    ids = [each["trial"] for each in step["options"] if each["trial"] and each["result"] == result]
    return Tried(result, tuple((key, _trial_words(trials[key])) for key in ids if key in trials))


def _trial_words(trial: Trial) -> str:
    """`methotrexate 15 mg a week, 2025-09-01 to 2025-11-29, inadequate response`."""
    days = f"{trial.starts_on or 'start not on file'} to {trial.ends_on or 'end not on file'}"
    dose = f" {trial.dose}" if trial.dose else ""
    outcome = trial.outcome.label if trial.outcome else "outcome not on file"
    document = f", documented on {trial.documented_on}" if trial.documented_on else ""
    return f"{said(trial.drug)}{dose}, {days}, {outcome}{document}"


def _filing(file: PatientFile, draft: Authorization, day: date) -> Filing | None:
    """How it was sent: in writing since that day, or by a call on it; one with a reference first."""
    about = [
        each
        for each in _about(file.contacts, draft.id)
        if (each.channel in WRITTEN and each.on_date >= day)
        or (each.channel is Channel.CALL and each.on_date == day)
    ]
    best = min(about, key=lambda each: (not each.reference, each.on_date, each.id), default=None)
    return Filing(best.on_date, best.channel.label, best.reference) if best else None


def _about(contacts: Iterable[ContactLog], authorization_id: str) -> list[ContactLog]:
    return [each for each in contacts if each.authorization_id == authorization_id]
