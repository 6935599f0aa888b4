"""Clinics to look at: new, of sixty, of five thousand, with trying names, and one that no scan looks at."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from flask import Flask, request
from sqlalchemy import select
from waitress.server import create_server

from crowd import crowd
from tracker import clock
from tracker.db import db
from tracker.factory import create_app
from tracker.migrating import migrate_database
from tracker.models.alert import Alert
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient
from tracker.models.payer import Payer, Plan
from tracker.models.user import Role, User
from tracker.readiness import make_ready
from tracker.services import checking, heartbeat, users
from tracker.services.actor import Actor
from tracker.services.names import name_key
from tracker.settings import DEMO_EMAIL, DEMO_PASSWORD, Mode, Settings

VIEWER = "vera@demo.example"
CROWD = 5_000
NAMES = (
    ("Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh", "Maximiliana Alexandrina Konstantinopolitana"),
    ("الحسيني", "فاطمة الزهراء"),
    ("בן־דוד", "אברהם"),
    ("🌻 Sunflower", "Zoë 👩‍👩‍👧‍👦"),
    ("Nguyễn Phước Bảo Ân Đệ Nhất", "Thị Minh Khai"),
    ("O", "A"),
)
PAYER = "Consolidated Interstate Mutual Health Assurance and Pharmacy Benefit Cooperative of the Upper Plains"
PLAN = "Preferred Comprehensive Choice Plus Platinum HMO Point-of-Service (Group 004417-B) 2026"
PERSON = "Bartholomew Abercrombie-Throckmorton von und zu Hohenstaufen"


def fresh() -> None:
    """A clinic on its first day: one lead, nothing else."""
    clinic = Clinic(name="Renal clinic", is_demo=True, second_factor_required=False)
    db.session.add(clinic)
    db.session.flush()
    users.add_user(
        db.session,
        clinic_id=clinic.id,
        email=DEMO_EMAIL,
        name="Ana Ruiz",
        password=DEMO_PASSWORD,
        role=Role.ADMINISTRATOR,
        is_demo=True,
    )


def sixty() -> None:
    """The demo clinic; Ana may see every page, Vera may only look."""
    ana = db.session.scalars(select(User).where(User.email == DEMO_EMAIL)).one()
    ana.role = Role.ADMINISTRATOR
    users.add_user(
        db.session,
        clinic_id=ana.clinic_id,
        email=VIEWER,
        name="Vera Holm",
        password=DEMO_PASSWORD,
        role=Role.VIEWER,
        is_demo=True,
    )


def names() -> None:
    """The demo clinic; who is in trouble, who pays and who works has a name that tries the page."""
    sixty()
    worst = select(Alert.patient_id).order_by(Alert.severity_rank, Alert.harm_on)
    for number, patient_id in enumerate(dict.fromkeys(db.session.scalars(worst))):
        patient = db.session.get_one(Patient, patient_id)
        patient.family, patient.given = NAMES[number % len(NAMES)]
        patient.name_key = name_key(patient.family, patient.given)
    db.session.scalars(select(Payer).where(Payer.name == "Acme Health")).one().name = PAYER
    for plan in db.session.scalars(select(Plan)):
        plan.name = PLAN if plan.name in ("Gold", "Part D") else plan.name
    db.session.scalars(select(User).where(User.name == "Ben Cole")).one().name = PERSON
    clinic = db.session.scalars(select(Clinic)).one()
    everyone = db.session.scalars(select(Patient.id)).all()
    checking.recheck_many(
        db.session, clinic_id=clinic.id, patient_ids=list(everyone), now=clock.now(), actor=Actor("Scan")
    )


STATES: dict[str, Callable[[], None]] = {
    "fresh": fresh,
    "sixty": sixty,
    "names": names,
    "crowd": sixty,
    "stale": sixty,
}


def fail_on_demand() -> None:
    """The faults that no click brings about: too busy to check a password, and one nobody foresaw."""
    if request.args.get("fail") == "busy":
        raise users.Busy
    if request.args.get("fail") == "unforeseen":
        raise ZeroDivisionError


def made(state: str, folder: Path) -> Flask:
    """The product with one of the clinics, on SQLite in a folder."""
    settings = Settings(
        mode=Mode.DEMO,
        instance=folder,
        secret_key="a secret of the pictures, long enough to be one",
        scan_seconds=3600,
    )
    app = create_app(settings)
    app.before_request_funcs.setdefault(None, []).insert(0, fail_on_demand)
    if state == "fresh":
        migrate_database(app)
    elif state == "crowd":
        crowd(settings, CROWD)
    else:
        make_ready(app)
    with app.app_context():
        STATES[state]()
        seen = clock.now() - timedelta(hours=29 if state == "stale" else 0)
        heartbeat.beat(db.session, heartbeat.SCAN, seen)
        db.session.commit()
        db.session.remove()
    return app


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[str]:
    """The address under which it answers meanwhile."""
    server = create_server(app, host="127.0.0.1", port=port, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        server.close()
        thread.join(5)
