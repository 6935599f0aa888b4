"""The packets of requests: what each must hold, from the facts on file and from the kept answer.

What is worked out stands in `rules/packet`; steps are those that the last check climbed, never climbed again.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from tracker.models.authorization import Authorization, Trial
from tracker.models.authorization_log import Channel, ContactLog
from tracker.models.base import Db
from tracker.models.document import Document
from tracker.models.patient import Coverage, Patient, PatientCheck
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
from tracker.rules.words import AuthorizationStatus, Check, Drug
from tracker.services import authorizations, kept_answer
from tracker.services.kept_answer import KeptFill
from tracker.services.patient_facts import takes
from tracker.services.patients import checked

WRITTEN = Channel.FAX, Channel.PORTAL, Channel.LETTER


@dataclass(frozen=True, slots=True)
class PacketView:
    """A packet and what it belongs to. `draft` None: the renewal of `row` is not drafted yet.

    `first_fill_on`: the first fill that needs it; None: none is foreseen.
    """

    row: Authorization
    draft: Authorization | None
    plan: Plan
    payer: Payer
    starts_on: date | None
    ends_on: date | None
    request: Request
    packet: Packet
    trials: Sequence[Trial]
    first_fill_on: date | None


@dataclass(frozen=True, slots=True)
class Count:
    """`had` of `total` items; `authorization_id` names the page."""

    authorization_id: str
    had: int
    total: int

    @property
    def complete(self) -> bool:
        return self.had == self.total


def counts(session: Db, *, clinic_id: str, wanted: Mapping[str, str], on: date) -> dict[str, Count]:
    """By authorization how much of its packet is there; `wanted`: patients by authorization."""
    found = packets(session, clinic_id=clinic_id, wanted=wanted, on=on) if wanted else {}
    return {key: Count(key, view.packet.had, view.packet.total) for key, view in found.items()}


def packets(session: Db, *, clinic_id: str, wanted: Mapping[str, str], on: date) -> dict[str, PacketView]:
    """The packet of each of these authorizations (id: its patient's): its own, or of the renewal it needs.

    The number of queries does not grow with them.
    """
    files = _files(session, clinic_id, set(wanted.values()))
    views = {}
    for authorization_id, patient_id in wanted.items():
        mine = files.get(patient_id)
        row = mine.authorizations.get(authorization_id) if mine else None
        if mine is not None and row is not None:
            views[authorization_id] = _view(mine, row, on)
    return views


@dataclass(slots=True)
class _File:
    """What is on file of one patient."""

    patient: Patient
    fills: Sequence[KeptFill]
    authorizations: Mapping[str, Authorization]
    coverages: Sequence[Coverage]
    regimens: Sequence[Regimen]
    documents: Sequence[Document]
    trials: Sequence[Trial]
    contacts: Sequence[ContactLog]
    plans: Mapping[str, Plan]


def _files(session: Db, clinic_id: str, patient_ids: Collection[str]) -> dict[str, _File]:
    """Eleven queries."""
    answers = (
        select(Patient, PatientCheck.answer)
        .outerjoin(PatientCheck, checked())
        .where(Patient.clinic_id == clinic_id, Patient.id.in_(patient_ids))
    )

    def of(model: Any, *order: Any) -> dict[str, list[Any]]:
        query = select(model).where(model.clinic_id == clinic_id, model.patient_id.in_(patient_ids))
        if model is Authorization:
            query = query.options(selectinload(Authorization.lines))
        grouped: dict[str, list[Any]] = {}
        for row in session.scalars(query.order_by(*order, model.id)):
            grouped.setdefault(row.patient_id, []).append(row)
        return grouped

    asked = of(Authorization)
    plans = _plans(session, clinic_id, {row.plan_id for rows in asked.values() for row in rows})
    coverages, regimens = of(Coverage, Coverage.rank), of(Regimen, Regimen.starts_on)
    documents, trials = of(Document, Document.added_at), of(Trial, Trial.starts_on)
    contacts = of(ContactLog, ContactLog.on_date)
    return {
        patient.id: _File(
            patient=patient,
            fills=kept_answer.fills(answer),
            authorizations={row.id: row for row in asked.get(patient.id, ())},
            coverages=coverages.get(patient.id, ()),
            regimens=regimens.get(patient.id, ()),
            documents=[row for row in documents.get(patient.id, ()) if row.removed_at is None],
            trials=trials.get(patient.id, ()),
            contacts=contacts.get(patient.id, ()),
            plans=plans,
        )
        for patient, answer in session.execute(answers)
    }


def _plans(session: Db, clinic_id: str, plan_ids: Collection[str]) -> dict[str, Plan]:
    rules = selectinload(Plan.rules)
    query = (
        select(Plan)
        .where(Plan.clinic_id == clinic_id, Plan.id.in_(plan_ids))
        .options(
            joinedload(Plan.payer, innerjoin=True),
            rules.selectinload(FormularyRule.steps),
            rules.selectinload(FormularyRule.papers),
        )
    )
    return {plan.id: plan for plan in session.scalars(query)}


# --------------------------------------------------------------------------------------- one request


def _view(file: _File, row: Authorization, on: date) -> PacketView:
    draft, values = _asked(file, row)
    starts_on, ends_on = values["requested_starts_on"], values["requested_ends_on"]
    fills = [
        each
        for each in file.fills
        if each.plan == row.plan_id
        and (starts_on is None or starts_on <= each.on)
        and (ends_on is None or each.on <= ends_on)
    ]
    request = _request(file, values, draft, fills, on)
    plan = file.plans[row.plan_id]
    return PacketView(
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


def _asked(file: _File, row: Authorization) -> tuple[Authorization | None, Mapping[str, Any]]:
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
    file: _File,
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


def _regimen(file: _File, fill: KeptFill | None, day: date) -> Regimen | None:
    """The one that the first fill is made for, else the one in force on that day."""
    for each in file.regimens:
        if each.id == fill.regimen if fill else _in_force(each, day):
            return each
    return None


def _in_force(row: Regimen | Coverage, day: date) -> bool:
    return row.starts_on <= day and (row.ends_on is None or day <= row.ends_on)


def _member_id(file: _File, plan_id: str, day: date) -> str | None:
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
    file: _File, plan_id: str, regimen: Regimen | None, fill: KeptFill | None, day: date
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


def _letter_on(file: _File, renews_id: str | None) -> date | None:
    renewed = file.authorizations.get(renews_id or "")
    return renewed.letter_on if renewed else None


def _with_steps(file: _File, request: Request, fill: KeptFill | None) -> Request:
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


def _filing(file: _File, draft: Authorization, day: date) -> Filing | None:
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
