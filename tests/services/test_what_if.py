"""What-if on a patient on file: the preview saves nothing, accepting saves just that, stale is a conflict."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import func, select

import make
from tracker.models.alert import Alert, AlertEvent, AlertState
from tracker.models.audit import AuditEvent
from tracker.models.authorization import Authorization
from tracker.models.patient import Coverage, PatientCheck
from tracker.models.payer import Plan
from tracker.models.therapy import PlannedFill, Regimen
from tracker.rules import facts as known
from tracker.rules.casefile import answer_document
from tracker.rules.check import check
from tracker.rules.what_if import CoverageEnd, Therapy, WhatIf, changed
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, LineOfBusiness, Mark
from tracker.services import checking, facts, what_if
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, NotFound, Refused
from tracker.services.loading import load_cases

NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
DAY = date(2026, 6, 8)
ANA = Actor("Ana")


@pytest.fixture
def who(session, cast):
    """A fill of 2026-06-05 for 30 days, no authorization: the next fill is refused, an alert says so."""
    patient = make.covered_patient(session, cast.renal)
    checking.recheck(session, patient_id=patient.id, clinic_id=cast.renal.id, now=NOW, actor=ANA)
    session.commit()
    return patient


def plan_of(session, who):
    return session.scalars(select(Coverage.plan_id).where(Coverage.patient_id == who.id)).one()


def approved(plan_id, **more):
    values = {
        "id": "new-authorization",
        "kind": AuthorizationKind.PRIOR_AUTHORIZATION,
        "number": "B1",
        "plan": plan_id,
        "status": AuthorizationStatus.APPROVED,
        "starts_on": date(2026, 6, 1),
        "ends_on": date(2027, 12, 31),
        **more,
    }
    return WhatIf(authorization=known.Authorization(**values))


def preview(session, who, wish):
    return what_if.preview(session, wish, clinic_id=who.clinic_id, patient_id=who.id, on=DAY)


def accept(session, who, wish, seen):
    what_if.accept(
        session,
        wish,
        clinic_id=who.clinic_id,
        patient_id=who.id,
        seen=seen,
        on=DAY,
        actor=ANA,
        now=NOW,
    )


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_a_preview_saves_nothing(session, who):
    tables = (Authorization, AuditEvent, AlertEvent, PatientCheck)
    before = [count(session, table) for table in tables]

    found = preview(session, who, approved(plan_of(session, who)))

    assert not session.new
    assert not session.dirty
    assert [count(session, table) for table in tables] == before
    assert [each.mark for each in found.comparison.alerts if each.now] == [Mark.CLOSES]
    assert found.saves == (
        "New prior authorization: Acme 100234 Gold 100234, 2026-06-01 to 2027-12-31, approved",
    )


def test_accepting_saves_it_and_the_alert_closes(session, who):
    wish = approved(plan_of(session, who), lines=(known.AuthorizationLine("J7502", 720),))

    accept(session, who, wish, preview(session, who, wish).fingerprint)

    row = session.scalars(select(Authorization)).one()
    assert (row.number, row.entered_by, row.lines[0].units) == ("B1", "Ana", 720)
    alert = session.scalars(select(Alert).where(Alert.code == "PA_MISSING")).one()
    assert (alert.state, alert.closed_reason) == (
        AlertState.CLOSED,
        "Its cause ended: what-if accepted by Ana.",
    )


def wishes(session, who, cast):
    other = make.plan(session, cast.renal, payer="Beacon", line_of_business=LineOfBusiness.MEDICARE_ADVANTAGE)
    old = session.scalars(select(Coverage).where(Coverage.patient_id == who.id)).one()
    new = known.Coverage("new-coverage", other.id, "B7", date(2026, 7, 1))
    return {
        "plan": WhatIf(coverage_end=CoverageEnd(old.id, date(2026, 6, 30)), coverage=new),
        "dose": WhatIf(therapy=Therapy(date(2026, 6, 20), dose_mg=Decimal("162.5"), doses_per_day=3)),
        "supply": WhatIf(therapy=Therapy(date(2026, 1, 1), days_supply=90)),
        "authorization": approved(old.plan_id),
        "planned": WhatIf(planned_fill=known.PlannedFill(date(2026, 7, 1), 15)),
    }


@pytest.mark.parametrize("name", ["plan", "dose", "supply", "authorization", "planned"])
def test_what_is_saved_is_what_was_shown(session, who, cast, name):
    wish = wishes(session, who, cast)[name]
    session.commit()
    shown = preview(session, who, wish)

    accept(session, who, wish, shown.fingerprint)

    case = load_cases(session, cast.renal, [who.id], as_of=DAY)[who.id]
    answer = check(case, DAY)
    then = {pair.then.on: pair.then.ok for pair in shown.comparison.fills if pair.then}
    assert {fill.on: fill.ok for fill in answer.fills} == then
    assert [figure.then for figure in shown.comparison.figures] == [
        answer.next_fill,
        answer.run_out,
        answer.earliest_denial.on if answer.earliest_denial else None,
        answer.start_renewal_by,
    ]
    assert answer_document(answer)["fills"] == session.get(PatientCheck, who.id).answer["fills"]


def test_a_new_dose_ends_the_old_regimen_the_day_before(session, who, cast):
    wish = wishes(session, who, cast)["dose"]
    accept(session, who, wish, preview(session, who, wish).fingerprint)

    old, new = session.scalars(select(Regimen).order_by(Regimen.starts_on)).all()
    assert (old.ends_on, new.starts_on, new.ends_on) == (date(2026, 6, 19), date(2026, 6, 20), None)
    assert (new.dose_mg, new.doses_per_day, new.days_supply) == (Decimal("162.5"), 3, 30)
    assert (new.drug, new.strengths_mg, new.ordered_on) == ("cyclosporine", ["100", "25"], None)


def test_a_change_of_plan_opens_no_alert_that_closes_again_at_once(session, who, cast):
    wish = wishes(session, who, cast)["plan"]
    session.commit()
    before = count(session, Alert)
    opens = sum(each.now is None for each in preview(session, who, wish).comparison.alerts)

    accept(session, who, wish, preview(session, who, wish).fingerprint)

    assert count(session, Alert) - before == opens
    assert checking.last_outcome(session).opened == opens


def test_every_saved_fact_is_audited(session, who, cast):
    wish = wishes(session, who, cast)["plan"]
    session.commit()
    before = count(session, AuditEvent)

    accept(session, who, wish, preview(session, who, wish).fingerprint)

    assert count(session, AuditEvent) == before + 2
    last = session.scalars(select(AuditEvent).order_by(AuditEvent.id)).all()[-2:]
    assert {(each.action.value, each.table_name, each.actor) for each in last} == {
        ("changed", "coverage", "Ana"),
        ("added", "coverage", "Ana"),
    }


def test_a_planned_fill_moves_with_its_override(session, who):
    values = {"patient_id": who.id, "on_date": date(2026, 7, 4), "days_supply": 30, "units": {"J7502": 60}}
    facts.add(session, PlannedFill, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)
    wish = WhatIf(planned_fill=known.PlannedFill(date(2026, 7, 1), 20), instead_of=date(2026, 7, 4))

    accept(session, who, wish, preview(session, who, wish).fingerprint)

    row = session.scalars(select(PlannedFill)).one()
    assert (row.on_date, row.days_supply, row.units) == (date(2026, 7, 1), 20, None)


def test_two_fills_planned_on_one_day_are_refused(session, who):
    for day in (date(2026, 7, 1), date(2026, 7, 4)):
        values = {"patient_id": who.id, "on_date": day, "days_supply": 30}
        facts.add(session, PlannedFill, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)
    wish = WhatIf(planned_fill=known.PlannedFill(date(2026, 7, 1), 20), instead_of=date(2026, 7, 4))

    with pytest.raises(Refused):
        preview(session, who, wish)


def test_facts_that_changed_meanwhile_are_a_conflict(session, who):
    wish = approved(plan_of(session, who))
    seen = preview(session, who, wish).fingerprint
    values = {"patient_id": who.id, "on_date": date(2026, 7, 4), "days_supply": 30}
    facts.add(session, PlannedFill, values, clinic_id=who.clinic_id, actor=Actor("Ben"), now=NOW)

    with pytest.raises(Conflict):
        accept(session, who, wish, seen)

    assert count(session, Authorization) == 0
    assert what_if.last_change(session, clinic_id=who.clinic_id, patient_id=who.id).actor == "Ben"


def test_a_changed_rule_of_the_plan_is_a_conflict_too(session, who, cast):
    wish = approved(plan_of(session, who))
    seen = preview(session, who, wish).fingerprint
    make.rule(session, session.get(Plan, plan_of(session, who)), code="J7515")
    session.expire_all()

    with pytest.raises(Conflict):
        accept(session, who, wish, seen)


def test_a_contradiction_is_refused(session, who):
    backwards = approved(plan_of(session, who), ends_on=date(2026, 5, 1))

    with pytest.raises(Refused, match="before"):
        preview(session, who, backwards)
    with pytest.raises(Refused, match="No regimen"):
        preview(session, who, WhatIf(therapy=Therapy(date(2026, 6, 20))))


def test_another_clinics_patient_and_plan_are_not_found(session, who, cast):
    foreign = make.plan(session, cast.skin)

    with pytest.raises(NotFound):
        what_if.preview(session, WhatIf(), clinic_id=cast.skin.id, patient_id=who.id, on=DAY)
    with pytest.raises(Refused, match="no such plan"):
        preview(session, who, approved(foreign.id))


def test_the_bridges_of_a_patient_are_read_from_the_facts(session, who):
    found = what_if.bridges(session, clinic_id=who.clinic_id, patient_id=who.id, on=DAY)

    assert found.harm_on == date(2026, 7, 5)


def test_an_empty_wish_changes_nothing(session, who, cast):
    case = load_cases(session, cast.renal, [who.id], as_of=DAY)[who.id]

    assert changed(case, WhatIf()) == case
