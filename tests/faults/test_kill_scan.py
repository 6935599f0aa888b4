"""Kill the program while it scans and mails: nothing is lost, nothing is doubled."""

import asyncio
import email
import shutil
import sqlite3
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

import make
from clockwork import Box, mail_server
from tracker.db import db
from tracker.factory import create_app
from tracker.models.patient import PatientCheck
from tracker.models.user import User

sys.path.insert(0, str(Path(__file__).parent))
from killed_scan import settings_for  # noqa: E402 - beside this file

pytestmark = pytest.mark.faults
HERE = Path(__file__).resolve().parent
PATIENTS = 50
KILLS = 25


@pytest.fixture
def folder(tmp_path):
    """A database in which every patient is due and has a coordinator of her own."""
    start = tmp_path / "start"
    start.mkdir()
    app = create_app(settings_for(start, 25))
    with app.app_context():
        db.create_all()
        clinic = make.clinic(db.session)
        for number in range(PATIENTS):
            owner = User(clinic_id=clinic.id, email=f"u{number}@clinic.example", name="U", password_hash="x")
            make.save(db.session, owner)
            who = make.covered_patient(db.session, clinic, mrn=str(10000 + number), owner_id=owner.id)
            if db.session.get(PatientCheck, who.id) is None:
                make.save(db.session, PatientCheck(patient_id=who.id, clinic_id=clinic.id))
        db.session.commit()
        db.session.remove()
        db.engine.dispose()
    return start


def live(folder: Path, port: int, *, kills: int) -> int:
    """Run lives until the last has nothing left to do; how many were cut off."""
    command = [sys.executable, str(HERE / "killed_scan.py"), str(folder), str(port), str(kills), "7502"]
    done = subprocess.run(
        command,
        env={"PYTHONPATH": f"{HERE.parent}:{HERE.parent.parent}", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def rows(folder: Path, query: str) -> list[tuple]:
    connection = sqlite3.connect(folder / "tracker.db")
    try:
        return sorted(connection.execute(query).fetchall())
    finally:
        connection.close()


class SlowBox(Box):
    """Keeps a mail, and takes its time to say so: the moment at which a kill leaves all in doubt."""

    async def handle_DATA(self, server, session, envelope):
        answer = await super().handle_DATA(server, session, envelope)
        await asyncio.sleep(0.02)
        return answer


def ids(box: Box) -> Counter:
    return Counter(email.message_from_bytes(content)["Message-ID"] for content in box.mails)


def repeats(box: Box) -> int:
    """Mails that say they may have come before."""
    return sum("[repeat]" in email.message_from_bytes(content)["Subject"] for content in box.mails)


ALERTS = "SELECT patient_id, key, state, severity, times_opened FROM alert"
EVENTS = "SELECT a.patient_id, a.key, e.kind FROM alert_event e JOIN alert a ON a.id = e.alert_id"
TOLD = (
    "SELECT a.patient_id, a.key, l.recipient_id, l.occasion FROM outbox_line l "
    "JOIN alert a ON a.id = l.alert_id"
)


def test_a_scan_killed_again_and_again_ends_as_one_that_was_not(folder, tmp_path):
    killed, clean = tmp_path / "killed", tmp_path / "clean"
    shutil.copytree(folder, killed)
    shutil.copytree(folder, clean)
    box, clean_box = SlowBox(), Box()

    with mail_server(clean_box) as port:
        live(clean, port, kills=0)
    with mail_server(box) as port:
        cut = live(killed, port, kills=KILLS)

    assert cut >= KILLS // 2, "the lives were too long to be cut off"
    assert rows(killed, "PRAGMA integrity_check") == [("ok",)]
    for query in (ALERTS, EVENTS, TOLD):
        assert rows(killed, query) == rows(clean, query) != []
    assert rows(killed, "SELECT DISTINCT state FROM outbox_message") == [("sent",)]
    assert set(ids(box)) == {row[0] for row in rows(killed, "SELECT message_id FROM outbox_message")}
    extra = sum(ids(box).values()) - len(ids(box))
    assert extra <= repeats(box) <= cut
    assert (repeats(clean_box), len(clean_box.mails)) == (0, len(ids(box)))
    assert len(rows(killed, "SELECT 1 FROM patient_check WHERE due OR error IS NOT NULL")) == 0
