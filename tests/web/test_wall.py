"""The second wall between clinics: on PostgreSQL a query that forgets its clinic finds no stranger."""

import crawling
import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import ProgrammingError

import kept
import make
from tracker.commands import doctor_database
from tracker.commands.looking import Level
from tracker.db import NO_CLINIC, db, forget_clinic, see_clinic
from tracker.models.base import Base
from tracker.models.emergency import EmergencyAccess
from tracker.models.patient import Patient
from tracker.models.payer import Payer
from tracker.models.user import Role
from tracker.models.wall import WALLED

pytestmark = pytest.mark.postgres
OUTSIDE = {"audit_event", "emergency_access", "outbox_line"}


@pytest.fixture
def database_url(postgres):
    return postgres.plain(postgres.emptied())


@pytest.fixture
def both(session, cast):
    """Rosa of the renal clinic, Nina of the other."""
    rosa = kept.alvarez(session, cast.renal)
    nina = make.covered_patient(session, cast.skin, family="Brennan", given="Nina", mrn="771")
    session.commit()
    return rosa.id, nina.id


@pytest.fixture
def clinic_seen():
    yield see_clinic
    forget_clinic()


def families():
    return sorted(db.session.scalars(select(Patient.family)))


def test_one_clinic_is_in_sight_and_at_once(cast, both, clinic_seen):
    assert families() == ["Alvarez", "Brennan"]  # work that is nobody's request

    clinic_seen(cast.renal.id)
    assert families() == ["Alvarez"]  # of the transaction under way
    db.session.commit()
    assert families() == ["Alvarez"]  # and of the next ones
    clinic_seen(NO_CLINIC)
    assert families() == []
    forget_clinic()
    db.session.commit()
    assert families() == ["Alvarez", "Brennan"]


def test_nothing_is_changed_or_written_behind_the_wall(cast, both, clinic_seen):
    skin = cast.skin.id
    clinic_seen(cast.renal.id)

    assert db.session.execute(text("UPDATE patient SET given = 'X'")).rowcount == 1
    with pytest.raises(ProgrammingError, match="row-level security"):
        make.patient(db.session, db.session.get_one(type(cast.skin), skin), mrn="9")
    db.session.rollback()


def test_a_page_that_forgets_its_clinic_shows_no_stranger(app, cast, both, monkeypatch):
    seen = []

    def careless(**_arguments):
        seen.append(families())
        return "done"

    monkeypatch.setitem(app.view_functions, "patients.index", careless)
    for name in ("ana", "cleo"):
        assert crawling.browser(app, name).get("/patients").text == "done"
        db.session.remove()

    assert seen == [["Alvarez"], ["Brennan"]]


def test_whoever_is_not_signed_in_finds_nobody(app, client, cast, both, monkeypatch):
    seen = []
    monkeypatch.setitem(app.view_functions, "sign_in.enter", lambda: str(seen.append(families())))

    client.get("/sign-in")

    assert seen == [[]]


def test_a_feed_and_the_counts_for_machines_go_on(app, cast, both):
    ana = crawling.browser(app, "ana")
    page = ana.post("/calendar/feed").text
    path = page.split("/calendar/feed/")[1].split(".ics")[0]
    db.session.remove()

    assert "BEGIN:VEVENT" in app.test_client().get(f"/calendar/feed/{path}.ics").text
    db.session.remove()
    assert "tracker_patients 2.0" in app.test_client().get("/metrics").text


def test_an_emergency_looks_over_the_wall(app, session, cast, both):
    cast.skin.emergency_on = True
    cast.ana.role = Role.LEAD
    session.commit()
    nina = {"clinic": cast.skin.id, "mrn": "771", "birth_date": "1971-04-02", "reason": "Seizure, no answer"}

    answer = crawling.browser(app, "ana").post("/emergency", data=nina)
    db.session.remove()

    assert answer.status_code == 303, answer.text
    assert len(session.scalars(select(EmergencyAccess)).all()) == 1


def test_the_doctor_says_whether_the_role_is_held_back(app, postgres, cast):
    assert list(doctor_database.role()) == []

    db.session.execute(text("SET ROLE NONE"))  # who signed in: the server's superuser

    (found,) = doctor_database.role()
    assert found.level is Level.LOOK


def test_every_table_about_patients_is_behind_it():
    about = {name for name, table in Base.metadata.tables.items() if "patient_id" in table.columns}
    below = {
        table.name
        for table in Base.metadata.tables.values()
        for key in table.foreign_keys
        if key.column.table.name in {*about, "patient"} - OUTSIDE
    }

    walled = {each.__tablename__ for each in WALLED}
    assert (about | below) - OUTSIDE <= walled
    assert Payer.__tablename__ not in walled
