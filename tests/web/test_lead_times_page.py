"""The clinic's lead times: seen before saved, checked after, for leads alone."""

from datetime import timedelta

import pytest
from reading import sign_in
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditEvent
from tracker.models.clinic import Clinic
from tracker.models.patient import PatientCheck
from tracker.services import checking, lead_times
from tracker.services.actor import Actor

PAGE = "/clinic/lead-times"


@pytest.fixture
def rosa(session, cast):
    """Her PA ends in 20 days, a week before her next fill: with 10 days of lead that is no alert yet."""
    kept.stand_on(session, cast.renal)
    cast.renal.renewal_lead_days = cast.renal.alert_horizon_days = 10
    who = make.covered_patient(session, cast.renal, owner_id=cast.ana.id)
    plan = session.scalars(select(make.Plan)).one()
    make.authorization(session, who, plan, ends_on=kept.DAY + timedelta(days=20))
    checking.recheck(
        session, patient_id=who.id, clinic_id=cast.renal.id, now=kept.CHECKED, actor=Actor("Ana")
    )
    session.commit()
    return who


@pytest.fixture
def dana(client, rosa):
    return sign_in(client, "dana")


def values(session, cast, **change):
    clinic = session.get(Clinic, cast.renal.id)
    now = {name: str(getattr(clinic, name)) for name in lead_times.NAMES}
    return {**now, "version": str(clinic.version), **{name: str(value) for name, value in change.items()}}


def on_file(session, cast):
    session.expire_all()
    return session.get(Clinic, cast.renal.id).renewal_lead_days


def test_what_a_change_does_is_shown_and_nothing_is_saved(dana, session, cast):
    text = dana.post(PAGE, data=values(session, cast, renewal_lead_days=30)).text

    assert "What this changes" in text
    assert "opens: PA ends before the refill" in text
    assert "Alvarez" in text
    assert on_file(session, cast) == 10


def test_once_seen_it_is_saved_on_record_and_everyone_is_checked_again(dana, session, cast, rosa):
    answer = dana.post(
        PAGE, data=values(session, cast, renewal_lead_days=30, seen="y"), follow_redirects=True
    )
    event = session.scalars(select(AuditEvent).where(AuditEvent.table_name == "clinic")).one()

    assert "1 patient is marked for a new check." in answer.text
    assert on_file(session, cast) == 30
    assert session.get(PatientCheck, rosa.id).due
    assert (event.old, event.new) == ({"renewal_lead_days": 10}, {"renewal_lead_days": 30})


def test_a_change_that_touches_nobody_is_saved_at_once(dana, session, cast):
    dana.post(PAGE, data=values(session, cast, renewal_lead_days=11))

    assert on_file(session, cast) == 11


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"renewal_lead_days": 400}, "Give a whole number from 0 to 365."),
        ({"refill_threshold_percent": 0}, "Give a whole number from 1 to 100."),
        ({"shipping_days": ""}, "Give the days, 0 to 365."),
        ({"shipping_days": "two"}, "Give a whole number."),
        ({}, "Nothing is changed."),
    ],
)
def test_what_cannot_be_is_said_and_what_was_typed_stays(dana, session, cast, change, says):
    answer = dana.post(PAGE, data=values(session, cast, **change))

    assert answer.status_code == 422
    assert says in answer.text
    assert all(f'value="{value}"' in answer.text for value in change.values())


def test_what_a_colleague_changed_meanwhile_is_not_overwritten(dana, session, cast):
    mine = values(session, cast, renewal_lead_days=60, seen="y")
    session.get(Clinic, cast.renal.id).renewal_lead_days = 50
    session.commit()
    answer = dana.post(PAGE, data=mine)

    assert answer.status_code == 409
    assert on_file(session, cast) == 50


def test_only_leads_may_look(client, rosa):
    assert sign_in(client, "ana").get(PAGE).status_code == 403


def test_another_clinic_keeps_its_own(dana, session, cast):
    dana.post(PAGE, data=values(session, cast, renewal_lead_days=30, seen="y"))
    session.expire_all()

    assert session.get(Clinic, cast.skin.id).renewal_lead_days == 45
