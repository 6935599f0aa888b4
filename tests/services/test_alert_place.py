"""What a check writes into its alerts for the lists: plan, drug, run-out and who is in charge."""

from datetime import date

import pytest
from sqlalchemy import select

import kept
import make
from tracker.models.alert import Alert
from tracker.models.patient import Coverage, PatientCheck
from tracker.rules.what_to_do import FIRST_ACT, first_act
from tracker.rules.words import AlertCode
from tracker.services import checking
from tracker.services.actor import SCAN


@pytest.fixture
def checked(session, cast):
    """A patient without an authorization, checked on 2026-06-08."""
    kept.stand_on(session, cast.renal)
    who = make.covered_patient(session, cast.renal, owner_id=cast.ben.id)
    checking.recheck(session, patient_id=who.id, clinic_id=cast.renal.id, now=kept.CHECKED, actor=SCAN)
    return who


def test_an_alert_names_the_plan_the_drug_the_run_out_and_the_owner(session, cast, checked):
    plan_id = session.scalars(select(Coverage.plan_id)).one()
    check = session.scalars(select(PatientCheck)).one()

    alert = session.scalars(select(Alert).where(Alert.code == "PA_MISSING")).one()

    assert (alert.plan_id, alert.drug) == (plan_id, "cyclosporine")
    assert alert.run_out_on == check.run_out_on == date(2026, 7, 5)
    assert alert.patient_owner_id == cast.ben.id
    assert alert.due_on == alert.harm_on
    assert alert.words == alert.message.casefold()


def test_every_finding_has_its_first_act_in_words():
    assert set(FIRST_ACT) == set(AlertCode)
    assert all(act[0].isupper() and not act.endswith(".") for act in FIRST_ACT.values())
    assert first_act("OLD_CODE") == "Look into OLD_CODE"
