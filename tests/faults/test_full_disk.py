"""No room for the database: what was acknowledged stays, pages are read, the refusal says why and passes."""

import sqlite3
from contextlib import closing

import pytest
from sqlalchemy import event

import make
from tracker.db import db
from tracker.factory import create_app
from tracker.models.patient import PatientCheck

pytestmark = pytest.mark.faults
ROOM_PAGES = 12  # of 4 KiB, for all that is still to come


@pytest.fixture
def full(tmp_path, settings):
    """An app on a file that may hardly grow, until `room` is told to make room."""
    given = settings.model_copy(update={"database_url": f"sqlite:///{tmp_path / 'tracker.db'}"})
    app = create_app(given)
    app.config.update(TESTING=True, WTF_CSRF_ENABLED=False, PROPAGATE_EXCEPTIONS=False)
    with app.app_context():
        db.create_all()
        cast = make.cast(db.session)
        rosa = make.covered_patient(db.session, cast.renal, owner_id=cast.ana.id)
        if db.session.get(PatientCheck, rosa.id) is None:
            make.save(db.session, PatientCheck(patient_id=rosa.id, clinic_id=cast.renal.id))
        db.session.commit()
        rosa_id = rosa.id
        db.session.remove()
        engine = db.engine
    yield app, Disk(engine), rosa_id
    engine.dispose()


class Disk:
    """As much room for the file as it is told: SQLite answers as it does for a disk without any left."""

    def __init__(self, engine):
        self.engine, self.pages = engine, 1_000_000
        event.listen(engine, "connect", self._limit)
        with engine.connect() as connection:
            self.limit_to(connection.exec_driver_sql("PRAGMA page_count").scalar_one() + ROOM_PAGES)

    def _limit(self, connection, _record):
        connection.execute(f"PRAGMA max_page_count = {self.pages}")

    def limit_to(self, pages):
        self.pages = pages
        self.engine.dispose()

    def make_room(self):
        self.limit_to(1_000_000)


def add(client, number):
    return client.post("/patients/new", data={"family": "Osei", "given": "T" * 190, "mrn": f"full {number}"})


def mrns(folder):
    with closing(sqlite3.connect(folder / "tracker.db")) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return {row[0] for row in database.execute("SELECT mrn FROM patient WHERE mrn LIKE 'full %'")}


def test_a_full_disk_refuses_in_words_loses_nothing_and_is_over_when_there_is_room(full, tmp_path):
    app, disk, rosa_id = full
    client = app.test_client()
    client.post("/sign-in", data={"email": "ana@clinic.example", "password": make.PASSWORD})
    acknowledged, refused = set(), None
    for number in range(200):
        answer = add(client, number)
        if answer.status_code != 303:
            refused = answer
            break
        acknowledged.add(f"full {number}")

    assert acknowledged
    assert refused is not None
    assert refused.status_code == 507
    assert "disk of the tracker is full" in refused.text
    assert "Nothing was saved" in refused.text
    assert mrns(tmp_path) == acknowledged
    for address in ("/", "/mail/", f"/patients/{rosa_id}"):
        assert client.get(address, follow_redirects=True).status_code == 200, address

    disk.make_room()

    assert add(client, 999).status_code == 303
    assert mrns(tmp_path) == acknowledged | {"full 999"}
