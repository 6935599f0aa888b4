"""Backups made while everyone writes are whole; a restore loses no alert and mails nobody unasked."""

import pytest
from ledger import Books, Mail, violations
from rounds import backed_up, fresh
from sqlalchemy import text
from stage import DAY, opened, settings_for

from clockwork import NOON, SetClock
from tracker import factory
from tracker.commands.backup import restore
from tracker.commands.mail import mail
from tracker.db import db
from tracker.jobs.mailer import send_due
from tracker.jobs.scanner import scan_all
from tracker.models.clinic import Clinic
from tracker.services import backups, scan
from tracker.settings import Settings

pytestmark = pytest.mark.faults
COPIES = 10


def test_a_copy_made_while_others_write_is_whole_and_holds_all_that_was_acknowledged(built, tmp_path):
    result = backed_up(fresh(tmp_path / "busy", built), copies=COPIES)

    assert result.wrong == []
    assert result.figures["written"] > COPIES, "nobody wrote meanwhile"


@pytest.fixture
def told(clean, tmp_path):
    """A clinic scanned and told, with the day's backup."""
    folder = fresh(tmp_path / "told", clean[0])
    return folder, settings_for(folder)


def alerts(settings: Settings) -> list[tuple]:
    app = factory.create_app(settings)
    with app.app_context():
        query = 'SELECT patient_id, "key", state, severity, times_opened FROM alert ORDER BY 1, 2'
        found = [tuple(row) for row in db.session.execute(text(query))]
        db.session.remove()
        db.engine.dispose()
    return found


def test_backup_wipe_restore_and_a_full_scan_give_the_same_alerts_and_no_mail(told):
    folder, settings = told
    before = alerts(settings)
    newest = backups.listed(settings.backups)[0].path
    for path in folder.glob("tracker.db*"):
        path.unlink()

    app = factory.create_app(settings)
    done = app.test_cli_runner().invoke(restore, [str(newest), "--yes"])
    assert done.exit_code == 0, done.output
    clock = SetClock(NOON)
    clock.forward(hours=1)
    with opened(settings, clock) as office:
        with office.open_session() as session:
            scan.ask_for_all(session, clinic_id=session.query(Clinic.id).scalar())
            session.execute(text("UPDATE outbox_message SET state = 'retry', sent_at = NULL"))
            session.commit()
        assert scan_all(office.open_session, clock, stopping=lambda: False)
        held = send_due(office)

        assert alerts(settings) == before != []
        assert (held.sent, list(settings.mail_folder.glob("*"))) == (0, [])
        released = app.test_cli_runner().invoke(mail, ["release", "--send"])
        assert released.exit_code == 0, released.output
        assert send_due(office).sent > 0
    mails = tuple(
        Mail(f"<{path.stem}@pa-tracker.invalid>", to(settings, path.stem), False)
        for path in settings.mail_folder.glob("*.eml")
    )
    assert violations(Books(folder / "tracker.db", mails, today=DAY)) == []


def to(settings: Settings, row_id: str) -> str:
    app = factory.create_app(settings)
    with app.app_context():
        query = (
            "SELECT u.email FROM app_user u JOIN outbox_message m ON m.recipient_id = u.id WHERE m.id = :id"
        )
        found = db.session.execute(text(query), {"id": row_id}).scalar_one()
        db.session.remove()
        db.engine.dispose()
    return str(found)
