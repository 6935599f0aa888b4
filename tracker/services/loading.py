"""Tables to cases: the facts of many patients, read in one query per table."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import InstrumentedAttribute, selectinload

from tracker.models import authorization as decided
from tracker.models import patient as person
from tracker.models import payer as payers
from tracker.models import therapy
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.rules import facts
from tracker.rules.words import Drug, TrialOutcome

Grouped = dict[str, list[Any]]


def load_cases(
    session: Db, clinic: Clinic, patient_ids: Collection[str], *, as_of: date
) -> dict[str, facts.Case]:
    """The case of each patient of this clinic; an id of another clinic is left out."""
    people = _rows(session, person.Patient, clinic.id, person.Patient.id, patient_ids)
    ids = [who.id for who in people]
    tables = {name: _by_patient(session, clinic.id, query, ids) for name, query in _QUERIES.items()}
    plans = _plans(session, clinic.id, tables)
    return {who.id: _case(clinic, who, tables, plans, as_of) for who in people}


def policy_of(clinic: Clinic) -> facts.Policy:
    """The clinic's lead times as the rules read them."""
    return facts.Policy(
        renewal_lead_days=clinic.renewal_lead_days,
        alert_horizon_days=clinic.alert_horizon_days,
        fill_ahead_days=clinic.fill_ahead_days,
        refill_due_days=clinic.refill_due_days,
        refill_threshold_percent=clinic.refill_threshold_percent,
        coverage_end_lead_days=clinic.coverage_end_lead_days,
        coverage_change_lead_days=clinic.coverage_change_lead_days,
        info_reply_days=clinic.info_reply_days,
        duration_lead_days=clinic.duration_lead_days,
        shipping_days=clinic.shipping_days,
        preparation_days=clinic.preparation_days,
        time_zone=clinic.time_zone,
    )


def plan_facts(plan: payers.Plan) -> facts.Plan:
    """One plan with its rules; its name is the payer's and its own."""
    return replace(plan_alone(plan), rules=tuple(_rule(rule) for rule in plan.rules))


def plan_alone(plan: payers.Plan) -> facts.Plan:
    """The same without its rules, for questions about its payer and its clock."""
    hours = facts.DecisionHours(plan.decision_hours_standard, plan.decision_hours_expedited)
    return facts.Plan(
        id=plan.id,
        payer=f"{plan.payer.name} {plan.name}".strip(),
        line_of_business=plan.line_of_business,
        decision_hours=None if hours == facts.DecisionHours() else hours,
        rules=(),
        learnt_decision_days=plan.payer.learnt_decision_days,
    )


# ------------------------------------------------------------------------------------------- queries

_QUERIES: dict[str, tuple[type[Any], Sequence[Any], Sequence[Any]]] = {
    "weights": (person.Weight, (person.Weight.on_date,), ()),
    "transplant": (person.Transplant, (), ()),
    "coverages": (person.Coverage, (person.Coverage.starts_on,), ()),
    "labs": (person.Lab, (person.Lab.on_date,), ()),
    "regimens": (therapy.Regimen, (therapy.Regimen.starts_on,), ()),
    "fills": (therapy.Fill, (therapy.Fill.on_date, therapy.Fill.sequence), (therapy.Fill.unit_rows,)),
    "planned_fills": (therapy.PlannedFill, (therapy.PlannedFill.on_date,), ()),
    "refill_contacts": (therapy.RefillContact, (therapy.RefillContact.on_date,), ()),
    "authorizations": (decided.Authorization, (), (decided.Authorization.lines,)),
    "trials": (decided.Trial, (), ()),
    "denials": (decided.Denial, (), ()),
}


def _rows(
    session: Db, model: type[Any], clinic_id: str, column: InstrumentedAttribute[str], ids: Collection[str]
) -> Sequence[Any]:
    query = select(model).where(model.clinic_id == clinic_id, column.in_(ids))
    return session.execute(query).scalars().all()


def _by_patient(
    session: Db,
    clinic_id: str,
    query: tuple[type[Any], Sequence[Any], Sequence[Any]],
    ids: Collection[str],
) -> Grouped:
    """Rows by patient. Within a patient by date, then in order of entry ("as listed")."""
    model, order, children = query
    rows = select(model).where(model.clinic_id == clinic_id, model.patient_id.in_(ids))
    rows = rows.order_by(*order, model.id).options(*(selectinload(child) for child in children))
    grouped: Grouped = defaultdict(list)
    for row in session.execute(rows).scalars():
        grouped[row.patient_id].append(row)
    return grouped


def _plans(session: Db, clinic_id: str, tables: dict[str, Grouped]) -> dict[str, facts.Plan]:
    """Every plan that these patients' coverages and authorizations name."""
    named = {
        row.plan_id
        for name in ("coverages", "authorizations")
        for rows in tables[name].values()
        for row in rows
    }
    query = (
        select(payers.Plan)
        .where(payers.Plan.clinic_id == clinic_id, payers.Plan.id.in_(named))
        .options(
            selectinload(payers.Plan.payer),
            selectinload(payers.Plan.rules).selectinload(payers.FormularyRule.steps),
        )
    )
    return {plan.id: plan_facts(plan) for plan in session.execute(query).scalars()}


# --------------------------------------------------------------------------------------- rows to facts


def _case(
    clinic: Clinic,
    who: person.Patient,
    tables: dict[str, Grouped],
    plans: dict[str, facts.Plan],
    as_of: date,
) -> facts.Case:
    mine = {name: grouped.get(who.id, []) for name, grouped in tables.items()}
    named = {row.plan_id for name in ("coverages", "authorizations") for row in mine[name]}
    return facts.Case(
        as_of=as_of,
        policy=policy_of(clinic),
        plans=tuple(plans[plan_id] for plan_id in sorted(named)),
        patient=_patient(who, mine),
    )


def _patient(who: person.Patient, mine: Grouped) -> facts.Patient:
    return facts.Patient(
        mrn=who.mrn,
        family=who.family,
        given=who.given,
        birth_date=who.birth_date,
        indication=who.indication,
        weights=tuple(facts.Weight(row.on_date, row.kg) for row in mine["weights"]),
        transplant=next((_transplant(row) for row in mine["transplant"]), None),
        coverages=tuple(map(_coverage, mine["coverages"])),
        regimens=tuple(map(_regimen, mine["regimens"])),
        fills=tuple(map(_fill, mine["fills"])),
        planned_fills=tuple(map(_planned_fill, mine["planned_fills"])),
        authorizations=tuple(map(_authorization, mine["authorizations"])),
        trials=tuple(map(_trial, mine["trials"])),
        refill_contacts=tuple(
            facts.RefillContact(row.on_date, row.affirmed) for row in mine["refill_contacts"]
        ),
        labs=tuple(facts.Lab(row.kind, row.on_date) for row in mine["labs"]),
        denials=tuple(map(_denial, mine["denials"])),
    )


def _transplant(row: person.Transplant) -> facts.Transplant:
    return facts.Transplant(
        row.organ, row.on_date, row.part_a_at_transplant, row.approved_facility, row.discharged_on
    )


def _coverage(row: person.Coverage) -> facts.Coverage:
    return facts.Coverage(
        row.id, row.plan_id, row.member_id, row.starts_on, row.ends_on, row.rank, row.medicare_basis
    )


def _regimen(row: therapy.Regimen) -> facts.Regimen:
    return facts.Regimen(
        id=row.id,
        drug=Drug(row.drug),
        formulation=row.formulation,
        form=row.form,
        strengths_mg=tuple(Decimal(strength) for strength in row.strengths_mg),
        dose_mg=row.dose_mg,
        doses_per_day=row.doses_per_day,
        days_supply=row.days_supply,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        ordered_on=row.ordered_on,
    )


def _fill(row: therapy.Fill) -> facts.Fill:
    return facts.Fill(
        id=row.id,
        on=row.on_date,
        days_supply=row.days_supply,
        units={unit.code: unit.units for unit in row.unit_rows} or None,
        formulation=row.formulation,
        authorization=row.authorization_id,
        reversed=row.reversed,
        modifiers=tuple(row.modifiers),
        claim=facts.Claim(row.claim_status, row.claim_carc, tuple(row.claim_rarc), row.claim_received_on),
    )


def _planned_fill(row: therapy.PlannedFill) -> facts.PlannedFill:
    override = None
    if row.override_kind and row.override_on:
        override = facts.Override(
            row.override_kind, row.override_reason or "", row.override_person or "", row.override_on
        )
    return facts.PlannedFill(row.on_date, row.days_supply, row.units, row.formulation, override)


def _authorization(row: decided.Authorization) -> facts.Authorization:
    return facts.Authorization(
        id=row.id,
        kind=row.kind,
        number=row.number,
        plan=row.plan_id,
        status=row.status,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        lines=tuple(
            facts.AuthorizationLine(line.code, line.units, line.units_used_before)
            for line in row.lines
            if line.approved
        ),
        formulation=row.formulation,
        quantity_limit=_limit(row),
        requested=_requested(row),
        decided_on=row.decided_on,
        reply_by=row.reply_by,
        reason=row.reason,
        renews=row.renews_id,
    )


def _requested(row: decided.Authorization) -> facts.Requested:
    return facts.Requested(
        on=row.requested_on,
        received_at=row.received_at,
        statement_at=row.statement_at,
        expedited=row.expedited,
        starts_on=row.requested_starts_on,
        ends_on=row.requested_ends_on,
        lines=tuple(
            facts.AuthorizationLine(line.code, line.requested_units) for line in row.lines if line.requested
        ),
    )


def _trial(row: decided.Trial) -> facts.Trial:
    return facts.Trial(
        row.id, row.drug, row.starts_on, row.ends_on, row.dose, row.outcome, row.reason, row.documented_on
    )


def _denial(row: decided.Denial) -> facts.Denial:
    return facts.Denial(
        id=row.id,
        fill=row.fill_id,
        authorization=row.authorization_id,
        level=row.level,
        notice_on=row.notice_on,
        received_on=row.received_on,
        appeal_by=row.appeal_by,
        carc=row.carc,
        rarc=tuple((row.rarc or "").split()),
    )


def _rule(row: payers.FormularyRule) -> facts.Rule:
    return facts.Rule(
        code=row.code,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        covered=row.covered,
        prior_authorization=row.prior_authorization,
        prior_authorization_new_starts_only=row.prior_authorization_new_starts_only,
        quantity_limit=_limit(row) or row.quantity_limit,
        max_days_supply=row.max_days_supply,
        refill_threshold_percent=row.refill_threshold_percent,
        step_therapy=_step_therapy(row),
        source=row.source,
        verified_on=row.verified_on,
    )


def _step_therapy(row: payers.FormularyRule) -> facts.StepTherapy | bool | None:
    if not row.step_therapy or not row.steps:
        return row.step_therapy
    return facts.StepTherapy(row.step_new_starts_only, tuple(map(_step, row.steps)))


def _step(row: payers.RuleStep) -> facts.Step:
    return facts.Step(
        need=row.need,
        options=tuple(row.options),
        min_days=row.min_days,
        lookback_days=row.lookback_days,
        outcomes=tuple(TrialOutcome(outcome) for outcome in row.outcomes),
        document_required=row.document_required,
    )


def _limit(row: payers.Limit) -> facts.QuantityLimit | None:
    if row.limit_quantity is None or row.limit_per_days is None:
        return None
    assert row.limit_unit is not None
    assert row.limit_method is not None
    return facts.QuantityLimit(
        row.limit_quantity, row.limit_per_days, row.limit_unit, row.limit_method, row.limit_max_per_day
    )
