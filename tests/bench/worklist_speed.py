"""How fast the worklist pages and filters among 50,000 open alerts: whole requests, on SQLite.

Each line is the median of a few requests, the page drawn and all. Times are of the processor, so other work
on the machine hardly changes them; what a page reads is in memory after the first request.
"""

import argparse
import json
import sys
import tempfile
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from statistics import median
from time import process_time
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import insert, select

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import kept  # noqa: E402
import make  # noqa: E402
from tracker.db import db  # noqa: E402
from tracker.factory import create_app  # noqa: E402
from tracker.models.alert import Alert, AlertState  # noqa: E402
from tracker.models.ids import new_id  # noqa: E402
from tracker.models.patient import Patient, PatientCheck  # noqa: E402
from tracker.models.payer import Payer, Plan  # noqa: E402
from tracker.models.user import User  # noqa: E402
from tracker.rules.words import AlertCode, Drug, LineOfBusiness, Severity  # noqa: E402
from tracker.settings import Mode, Settings  # noqa: E402

LIMIT_MS = 150
ROUNDS = 5
PEOPLE, PAYERS, PLANS_EACH = 12, 8, 3
SEVERITY_WEIGHTS = (5, 15, 40, 40)
PROOF = {**kept.PROOF, "sums": kept.PROOF["sums"] * 2}  # type: ignore[operator] # a list in a mixed dict


class Clinic:
    """Invented patients with two alerts and a half each, the same ones every time."""

    def __init__(self, clinic_id: str, people: list[str], alerts: int) -> None:
        self.random = Random(50_000)
        self.clinic_id, self.people, self.alerts = clinic_id, people, alerts
        self.payers = [new_id() for _ in range(PAYERS)]
        self.plans = [new_id() for _ in range(PAYERS * PLANS_EACH)]
        self.patients = [(new_id(), self.random.choice([*people, None])) for _ in range(alerts * 2 // 5)]
        self.run_outs = {who: self.day(1 / 40) for who, _ in self.patients}

    def day(self, rate: float) -> date:
        return kept.DAY + timedelta(days=int(self.random.expovariate(rate)) - 3)

    def places(self) -> Iterator[tuple[type[Any], list[dict[str, Any]]]]:
        mine = {"clinic_id": self.clinic_id, "version": 1, "entered_at": kept.CHECKED, "entered_by": "bench"}
        yield Payer, [mine | {"id": each, "name": f"Payer {n}"} for n, each in enumerate(self.payers)]
        yield (
            Plan,
            [
                mine
                | {"id": each, "payer_id": self.payers[n % PAYERS], "name": f"Plan {n}"}
                | {"line_of_business": LineOfBusiness.COMMERCIAL}
                for n, each in enumerate(self.plans)
            ],
        )
        yield (
            Patient,
            [
                mine
                | {
                    "id": who,
                    "mrn": f"{n}",
                    "family": f"Family{n}",
                    "given": "Given",
                    "name_key": f"family{n}",
                }
                | {"owner_id": owner, "active": True, "name_key": f"family{n}"}
                | {"birth_date": date(1960, 1, 1)}
                for n, (who, owner) in enumerate(self.patients)
            ],
        )
        yield (
            PatientCheck,
            [
                {
                    "patient_id": who,
                    "clinic_id": self.clinic_id,
                    "run_out_on": self.run_outs[who],
                    "due": False,
                }
                | {"as_of": kept.DAY, "failures": 0, "future_fill_count": 12}
                for who, _ in self.patients
            ],
        )

    def alert(self, number: int) -> dict[str, Any]:
        pick = self.random.choice
        who, owner = pick(self.patients)
        rank = self.random.choices(range(4), SEVERITY_WEIGHTS)[0]
        harm_on = self.day(1 / 30) if self.random.random() < 0.85 else None
        message = f"Fill on {harm_on} will be refused: PA B-{number} ended on Sun 2026-06-07."
        return {
            "id": new_id(),
            "clinic_id": self.clinic_id,
            "patient_id": who,
            "key": f"k{number}",
            "code": pick(list(AlertCode.__members__)),
            "severity": list(Severity)[rank],
            "severity_rank": rank,
            "about_kind": "authorization",
            "about_id": None,
            "harm_on": harm_on,
            "message": message,
            "words": message.casefold(),
            "clears_when": kept.CLEARS,
            "facts": {"gap_days": 14},
            "proof": PROOF,
            "state": AlertState.OPEN,
            "opened_at": kept.CHECKED,
            "times_opened": 1,
            "owner_id": pick(self.people) if self.random.random() < 0.1 else None,
            "patient_owner_id": owner,
            "plan_id": pick(self.plans),
            "drug": pick([Drug.CYCLOSPORINE, Drug.CYCLOSPORINE, Drug.TACROLIMUS]).value,
            "run_out_on": self.run_outs[who],
            "due_on": harm_on,
        }


def fill(alerts: int) -> Clinic:
    """A clinic on 2026-06-08 with so many open alerts. Its name and people are invented."""
    clinic = make.clinic(db.session)
    kept.stand_on(db.session, clinic)
    people = [make.user(db.session, clinic, name=f"Person{n}").id for n in range(PEOPLE)]
    full = Clinic(clinic.id, people, alerts)
    for model, rows in full.places():
        db.session.execute(insert(model), rows)
    for start in range(0, alerts, 5_000):
        rows = [full.alert(n) for n in range(start, min(start + 5_000, alerts))]
        db.session.execute(insert(Alert), rows)
    db.session.commit()
    return full


def requests_of(full: Clinic, after: str) -> dict[str, str]:
    """What is asked, by what a coordinator would call it."""
    return {
        "first page": "/alerts",
        "a page far down": f"/alerts?after={after}",
        "mine": "/alerts?owner=me",
        "unowned": "/alerts?owner=none",
        "critical and high": "/alerts?severity=critical&severity=high",
        "one payer": f"/alerts?payer={full.payers[0]}",
        "one drug": "/alerts?drug=tacrolimus",
        "one cause": "/alerts?cause=PA_EXPIRING",
        "within 14 days": "/alerts?due=14",
        "by drug left": "/alerts?sort=left",
        "by severity": "/alerts?sort=severity",
        "words, few found": "/alerts?text=B-4999",
        "words, all found": "/alerts?text=refused",
        "everything at once": f"/alerts?owner=me&payer={full.payers[0]}&due=30&severity=high&text=ended",
        "nothing found": "/alerts?text=nowhere",
    }


def measure(client: FlaskClient, address: str) -> tuple[float, float]:
    """Median and longest of the rounds, in milliseconds."""
    took = []
    for _ in range(ROUNDS):
        started = process_time()
        answer = client.get(address)
        took.append((process_time() - started) * 1000)
        assert answer.status_code == 200, address
    return median(took), max(took)


def main() -> int:
    parser = argparse.ArgumentParser(description="Measure how fast the worklist answers.")
    parser.add_argument("--alerts", type=int, default=50_000)
    alerts = max(100, parser.parse_args().alerts)
    with tempfile.TemporaryDirectory(prefix="tracker-bench-") as folder:
        settings = Settings(mode=Mode.TEST, instance=Path(folder), secret_key="x" * 32)
        app = create_app(settings)
        app.config["WTF_CSRF_ENABLED"] = False
        with app.app_context():
            db.create_all()
            full = fill(alerts)
            ids = db.session.scalars(select(Alert.id).order_by(Alert.harm_on.desc()).limit(1)).all()
            email = db.session.scalars(select(User.email).limit(1)).one()
            db.session.remove()
        client = app.test_client()
        client.post("/sign-in", data={"email": email, "password": make.PASSWORD})
        return report(client, requests_of(full, ids[0]), alerts, Path(folder))


def report(client: FlaskClient, asked: dict[str, str], alerts: int, folder: Path) -> int:
    size = sum(path.stat().st_size for path in folder.rglob("*.db*")) / 1e6
    print(f"worklist of {alerts:,} open alerts, database of {size:,.0f} MB, {datetime.now(UTC):%Y-%m-%d}")
    slow = 0
    for name, address in asked.items():
        middle, longest = measure(client, address)
        slow += middle > LIMIT_MS
        print(f"  {name:20} {middle:6.0f} ms, longest {longest:6.0f} ms")
    print(json.dumps({"limit_ms": LIMIT_MS, "over_it": slow}))
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
