"""The form of a clinic's ladder, and a patient's backup owner."""

import pytest
from sqlalchemy import select

import make
from tracker.models.audit import AuditEvent
from tracker.models.ladder import Ladder
from tracker.models.patient import Patient
from tracker.models.user import Role
from writing import fields, sent_from, sign_in

LADDER = {
    "clinician_name": "Dr Shah",
    "clinician_contact": "555-0142",
    "critical_hours": "2",
    "high_hours": "12",
    "warning_hours": "48",
}


@pytest.fixture
def lead(client, cast, session):
    cast.ana.role = Role.LEAD
    session.commit()
    return sign_in(client)


def ladder(session):
    session.expire_all()
    return session.execute(select(Ladder)).scalar_one()


def test_the_ladder_is_saved_shown_and_put_on_record(lead, session, cast):
    answer = sent_from(lead, "/clinic/ladder", **LADDER, backup_id=cast.ben.id)

    row = ladder(session)
    assert (answer.status_code, answer.location) == (303, "/clinic/ladder")
    assert (row.backup_id, row.lead_id, row.clinician_name) == (cast.ben.id, None, "Dr Shah")
    assert (row.critical_hours, row.high_hours, row.warning_hours) == (2, 12, 48)
    event = session.execute(select(AuditEvent).where(AuditEvent.table_name == "ladder")).scalar_one()
    assert (event.actor, event.new["critical_hours"]) == ("Ana", 2)
    assert fields(lead.get("/clinic/ladder"))["clinician_contact"] == ["555-0142"]


def test_what_was_named_can_be_taken_away_again(lead, session, cast):
    sent_from(lead, "/clinic/ladder", **LADDER, backup_id=cast.ben.id)
    sent_from(lead, "/clinic/ladder", backup_id="", clinician_name="", clinician_contact="")

    assert (ladder(session).backup_id, ladder(session).clinician_name) == (None, None)


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"critical_hours": "0"}, "1"),
        ({"clinician_name": ""}, "needs the clinician&#39;s name"),
        ({"backup_id": "somebody else"}, "Choose one of the list."),
    ],
)
def test_a_wrong_ladder_is_refused_and_what_was_typed_is_kept(lead, session, wrong, says):
    answer = sent_from(lead, "/clinic/ladder", **{**LADDER, **wrong})

    assert answer.status_code == 422
    assert says in answer.text
    assert fields(answer)["high_hours"] == ["12"]
    assert session.execute(select(Ladder)).first() is None


def test_whoever_was_slower_is_told(lead, session):
    sent_from(lead, "/clinic/ladder", **LADDER)
    sent_from(lead, "/clinic/ladder", critical_hours="3")

    answer = lead.post("/clinic/ladder", data={**LADDER, "version": "1"})

    assert (answer.status_code, ladder(session).critical_hours) == (409, 3)
    assert "changed the ladder" in answer.text


def test_a_person_of_another_clinic_is_not_offered_nor_taken(lead, session, cast):
    answer = sent_from(lead, "/clinic/ladder", **LADDER, lead_id=cast.cleo.id)

    assert (answer.status_code, cast.cleo.name in answer.text) == (422, False)


def test_a_coordinator_does_not_open_it(client, cast):
    assert sign_in(client).get("/clinic/ladder").status_code == 403


def test_a_patient_has_a_backup_owner(client, cast, session):
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    session.commit()
    ana, path = sign_in(client), f"/patients/{who.id}/change"

    same = sent_from(ana, path, backup_id=cast.ana.id)
    other = sent_from(ana, path, backup_id=cast.ben.id)

    session.expire_all()
    assert (same.status_code, other.status_code) == (422, 303)
    assert "somebody else than the owner" in same.text
    assert session.get_one(Patient, who.id).backup_id == cast.ben.id
    query = select(AuditEvent).where(AuditEvent.table_name == "patient", AuditEvent.row_key == who.id)
    assert session.execute(query).scalars().all()[-1].new == {"backup_id": cast.ben.id}
