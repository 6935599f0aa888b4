"""Adding, changing and removing facts: audited, locked, re-checked, refused with a sentence."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select

import make
from tracker.models.alert import Alert, AlertState
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.authorization import Authorization
from tracker.models.patient import Coverage, Patient, PatientCheck
from tracker.models.therapy import Fill, Regimen
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from tracker.services import checking, facts
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, Refused

NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
ANA = Actor("Ana")


@pytest.fixture
def who(session, cast):
    patient = make.covered_patient(session, cast.renal)
    session.commit()
    return patient


def plan_of(session, who):
    return session.scalars(select(Coverage.plan_id).where(Coverage.patient_id == who.id)).one()


def add_pa(session, who, **more):
    values = {
        "patient_id": who.id,
        "plan_id": plan_of(session, who),
        "kind": AuthorizationKind.PRIOR_AUTHORIZATION,
        "status": AuthorizationStatus.APPROVED,
        "number": "A1",
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2027, 12, 31),
        **more,
    }
    return facts.add(session, Authorization, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)


def add_fill(session, who, **more):
    values = {"patient_id": who.id, "on_date": date(2026, 5, 6), "days_supply": 30, **more}
    return facts.add(session, Fill, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)


def test_saved_means_checked(session, who):
    add_fill(session, who, units={"J7502": 60})

    kept = session.get(PatientCheck, who.id)
    assert kept.next_fill_on == date(2026, 7, 5)
    assert kept.earliest_denial_on == date(2026, 7, 5)
    codes = set(session.scalars(select(Alert.code).where(Alert.state == AlertState.OPEN)))
    assert "PA_MISSING" in codes


def test_a_cure_closes_its_alert_with_the_reason(session, who):
    add_fill(session, who)
    add_pa(session, who)

    alert = session.scalars(select(Alert).where(Alert.code == "PA_MISSING")).one()
    assert alert.state is AlertState.CLOSED
    assert alert.closed_reason == "Its cause ended: authorization added by Ana."
    assert checking.last_outcome(session).closed == 1


def test_a_returning_cause_opens_the_same_alert_again(session, who):
    add_fill(session, who)
    pa = add_pa(session, who)

    facts.remove(session, pa, version=pa.version, actor=ANA, now=NOW)

    alert = session.scalars(select(Alert).where(Alert.code == "PA_MISSING")).one()
    assert (alert.state, alert.times_opened) == (AlertState.OPEN, 2)


def test_checking_again_changes_nothing(session, who):
    add_fill(session, who)
    before = session.scalars(select(Alert.key).order_by(Alert.key)).all()

    checking.recheck_many(session, clinic_id=who.clinic_id, patient_ids=[who.id], now=NOW, actor=ANA)

    assert session.scalars(select(Alert.key).order_by(Alert.key)).all() == before
    assert checking.last_outcome(session) == checking.Outcome(0, 0)


def test_a_patient_who_leaves_care_has_no_open_alert_until_the_return(session, who):
    add_fill(session, who)
    facts.change(session, who, {"active": False}, version=who.version, actor=ANA, now=NOW)
    states = set(session.scalars(select(Alert.state)))

    facts.change(session, who, {"active": True}, version=who.version, actor=ANA, now=NOW)

    assert states == {AlertState.CLOSED}
    assert AlertState.OPEN in set(session.scalars(select(Alert.state)))


def test_a_date_that_goes_back_makes_everyone_due(session, cast, who):
    add_fill(session, who)
    day_before = date(2026, 6, 7)

    due = checking.due_patients(who.clinic_id, day_before, NOW)

    assert session.scalars(due).all() == [who.id]


def test_a_stale_edit_is_a_conflict(session, who):
    fill = add_fill(session, who)
    facts.change(session, fill, {"days_supply": 28}, version=1, actor=ANA, now=NOW)

    with pytest.raises(Conflict):
        facts.change(session, fill, {"days_supply": 90}, version=1, actor=ANA, now=NOW)


def test_the_audit_trail_keeps_old_and_new(session, who):
    fill = add_fill(session, who, units={"J7502": 60})
    facts.change(session, fill, {"units": {"J7502": 30, "J7515": 60}}, version=1, actor=ANA, now=NOW)

    event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.CHANGED)).one()
    assert event.old == {"units": {"J7502": 60}}
    assert event.new == {"units": {"J7502": 30, "J7515": 60}}
    assert event.patient_id == who.id


def test_an_unchanged_form_writes_nothing(session, who):
    fill = add_fill(session, who)

    facts.change(session, fill, {"days_supply": 30}, version=1, actor=ANA, now=NOW)

    assert fill.version == 1


def test_overlapping_regimens_are_refused_at_the_field_and_nothing_is_kept(session, who):
    values = {
        "patient_id": who.id,
        "drug": "cyclosporine",
        "formulation": "modified",
        "strengths_mg": ["100"],
        "dose_mg": 200,
        "doses_per_day": 2,
        "days_supply": 30,
        "starts_on": date(2026, 5, 1),
    }

    with pytest.raises(Refused, match="[Oo]verlap"):
        facts.add(session, Regimen, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)
    session.rollback()

    assert len(session.scalars(select(Regimen)).all()) == 1


def test_last_day_before_first_is_refused_by_the_database(session, who):
    with pytest.raises(Refused, match="before the first day") as refused:
        add_pa(session, who, ends_on=date(2025, 1, 1))

    assert refused.value.field == "ends_on"


def test_a_second_patient_with_the_same_mrn_is_refused(session, who):
    values = {"mrn": who.mrn, "family": "Osei", "given": "Theresa"}

    with pytest.raises(Refused, match="MRN is already on file") as refused:
        facts.add(session, Patient, values, clinic_id=who.clinic_id, actor=ANA, now=NOW)

    assert refused.value.field == "mrn"


def test_a_fact_cannot_hang_on_another_clinics_patient(session, cast, who):
    with pytest.raises(Refused):
        facts.add(
            session,
            Fill,
            {"patient_id": who.id, "on_date": date(2026, 5, 6), "days_supply": 30},
            clinic_id=cast.skin.id,
            actor=ANA,
            now=NOW,
        )


def test_a_changed_plan_marks_its_patients_due(session, who):
    add_fill(session, who)
    plan = session.get(facts.Plan, plan_of(session, who))

    facts.change(session, plan, {"name": "Gold Plus"}, version=plan.version, actor=ANA, now=NOW)

    session.expire_all()
    assert session.get(PatientCheck, who.id).due is True
