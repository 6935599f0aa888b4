"""A clinic to be tried on: patients who are all due, each with a coordinator of her own, in a SQLite file."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path

import make
from clockwork import RENDER, SetClock
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs.mailer import Office
from tracker.migrating import migrate_database
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.patient import PatientCheck
from tracker.models.user import User
from tracker.settings import Mode, Settings

DAY = date(2026, 6, 8)  # the day of `clockwork.NOON`
# No authorization, one that has ended, one that ends before the drug does, one that holds.
ENDS = (None, date(2026, 6, 5), date(2026, 6, 30), date(2026, 12, 31))


def settings_for(folder: Path, port: int = 0, **more: object) -> Settings:
    """Mails to the server at a port of this machine; 0: into files."""
    server = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_security": "none"} if port else {}
    given = {
        "mode": Mode.TEST,
        "instance": folder,
        "database_url": f"sqlite:///{folder / 'tracker.db'}",
        "secret_key": "a secret of the tests, long enough to be one",
        "backup_folder": folder / "backups",
        **server,
        **more,
    }
    return Settings.model_validate(given)


def build(
    folder: Path, patients: int, *, zones: Sequence[str] = ("America/Chicago",), password: str = "x"
) -> None:
    """Make the file `tracker.db` in a folder: a clinic in each zone, every patient due."""
    folder.mkdir(parents=True, exist_ok=True)
    app = create_app(settings_for(folder))
    migrate_database(app)
    with app.app_context():
        for place, zone in enumerate(zones):
            clinic = make.clinic(db.session, name=f"Clinic {zone}", time_zone=zone)
            for number in range(patients):
                _patient(db.session, clinic, place * patients + number, password)
        db.session.commit()
        db.session.remove()
        db.engine.dispose()


@contextmanager
def opened(settings: Settings, clock: SetClock) -> Iterator[Office]:
    """What the clockwork needs, on a file of a test's own."""
    app = create_app(settings)

    @contextmanager
    def open_session() -> Iterator[Db]:
        with app.app_context():
            yield db.session

    yield Office(open_session, settings, RENDER, clock)
    with app.app_context():
        db.engine.dispose()


def _patient(session: Db, clinic: Clinic, number: int, password: str) -> None:
    owner = User(
        clinic_id=clinic.id, email=f"u{number}@clinic.example", name=f"U{number}", password_hash=password
    )
    make.save(session, owner)
    who = make.patient(session, clinic, mrn=str(10000 + number), owner_id=owner.id)
    plan = make.plan(session, clinic, name=f"Gold {number}", payer=f"Acme {number}")
    make.rule(session, plan)
    make.coverage(session, who, plan)
    make.regimen(session, who)
    make.fill(session, who, on=date(2026, 6, 5))
    ends_on = ENDS[number % len(ENDS)]
    if ends_on is not None:
        make.authorization(session, who, plan, number=f"A{number}", ends_on=ends_on)
    if session.get(PatientCheck, who.id) is None:
        make.save(session, PatientCheck(patient_id=who.id, clinic_id=clinic.id))
