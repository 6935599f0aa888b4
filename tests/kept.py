"""A patient whose answer is kept: the case of the design (gap between two PAs, new plan without a PA)."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import make
from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.authorization import AuthorizationLine
from tracker.models.clinic import Clinic
from tracker.models.patient import Patient, PatientCheck, Transplant
from tracker.models.therapy import FillUnit
from tracker.models.user import User
from tracker.rules.words import AuthorizationStatus, LineOfBusiness, Severity

DAY = date(2026, 6, 8)
CHECKED = datetime(2026, 6, 8, 11, 0, tzinfo=UTC)
CHECKS = "coverage", "authorization", "quantity_limit", "days_supply", "too_soon", "step_therapy"
UNITS = {"J7502": 60, "J7515": 120}
MESSAGE = "Fill on Sun 2026-06-14 will be refused: no PA from 2026-06-11 to 2026-06-24"
CLEARS = "A fill through Wed 2026-06-10 would be covered and is not too soon."
PROOF = {
    "rule": "A fill needs an authorization of the paying plan in force on its date.",
    "source": "Acme 2026 formulary p. 41",
    "source_verified_on": "2026-01-05",
    "sums": [
        {"op": "", "label": "Last fill", "value": "Fri 2026-05-15", "note": "paid"},
        {"op": "+", "label": "days supply", "value": "30 days", "note": ""},
        {"op": "=", "label": "Runs out on", "value": "Sun 2026-06-14", "note": "first day without drug"},
        {"op": "", "label": "PA A-48213 ends", "value": "Wed 2026-06-10", "note": "valid through that day"},
        {"op": "", "label": "PA A-55907 starts", "value": "Thu 2026-06-25", "note": ""},
        {
            "op": "=",
            "label": "Gap",
            "value": "2026-06-11 to 2026-06-24",
            "note": "14 days, both ends included",
        },
    ],
    "facts_used": [
        {"label": "Last fill", "value": "2026-05-15, 30 days", "kind": "fill", "id": None},
        {"label": "Plan", "value": "Acme Health Gold", "kind": "plan", "id": None},
    ],
    "clears": ["An early fill from Mon 2026-06-08 to Wed 2026-06-10.", "A-55907 starts by Sun 2026-06-14."],
}


def stand_on(session: make.Db, clinic: Clinic, day: date = DAY) -> None:
    """Put a clinic on a day of the tests."""
    clinic.is_demo, clinic.demo_today = True, day
    session.flush()


def checks(result: str = "pass", code: str | None = None, **facts: Any) -> list[dict[str, Any]]:
    """Six checks that pass, but for the authorization's (or all, if they are unknown)."""
    rows = []
    for name in CHECKS:
        hit = name == "authorization" or (result == "unknown" and name != "too_soon")
        rows.append(
            {
                "check": name,
                "result": result if hit else "pass",
                "code": code if hit else None,
                "facts": facts if hit else {},
            }
        )
    return rows


def fill(on: date, *, result: str = "pass", **more: Any) -> dict[str, Any]:
    """One row of an answer's fills."""
    code, facts = more.pop("code", None), more.pop("facts", {})
    row = {
        "on": on.isoformat(),
        "days_supply": 30,
        "plan": None,
        "coverage": None,
        "units": UNITS,
        "authorization": None,
        "ok": result != "fail",
        "checks": checks(result, code, **facts),
        "planned": False,
        "regimen": None,
        "formulation": "modified",
        "runs_out_on": (on + timedelta(days=30)).isoformat(),
        "override": None,
    }
    return row | more


def marks(fills: list[dict[str, Any]]) -> str:
    """The same fills as the short marks that are kept beside them."""
    unknown = [any(each["result"] == "unknown" for each in row["checks"]) for row in fills]
    signs = [
        "-" if not row["ok"] else "?" if open_ else "+" for row, open_ in zip(fills, unknown, strict=True)
    ]
    return "".join(row["on"].replace("-", "") + sign for row, sign in zip(fills, signs, strict=True))


def check(session: make.Db, patient: Patient, fills: list[dict[str, Any]], **more: Any) -> PatientCheck:
    """Keep an answer of these fills."""
    first = date.fromisoformat(fills[0]["on"]) if fills else None
    denial = next((date.fromisoformat(row["on"]) for row in fills if not row["ok"]), None)
    values = {
        "due": False,
        "as_of": DAY,
        "checked_at": CHECKED,
        "check_on": DAY + timedelta(days=1),
        "run_out_on": first,
        "next_fill_on": first,
        "earliest_denial_on": denial,
        "future_fill_count": len(fills),
        "fill_marks": marks(fills),
        "answer": {"format": "pa-answer/1", "as_of": DAY.isoformat(), "fills": fills, "alerts": []},
        **more,
    }
    return make.save(session, PatientCheck(patient_id=patient.id, clinic_id=patient.clinic_id, **values))


def alert(session: make.Db, patient: Patient, **more: Any) -> Alert:
    """An open critical alert about a gap, with its opening in the history."""
    severity = Severity(more.pop("severity", Severity.CRITICAL))
    values = {
        "key": "PA_GAP:authorization:1",
        "code": "PA_GAP",
        "about_kind": "authorization",
        "harm_on": date(2026, 6, 14),
        "message": MESSAGE,
        "clears_when": CLEARS,
        "facts": {"gap_start": "2026-06-11", "gap_end": "2026-06-24", "gap_days": 14},
        "proof": PROOF,
        "state": AlertState.OPEN,
        "opened_at": CHECKED,
        "patient_owner_id": patient.owner_id,
        **more,
    }
    ids = {"clinic_id": patient.clinic_id, "patient_id": patient.id}
    rank = list(Severity).index(severity)
    row = make.save(session, Alert(**ids, severity=severity, severity_rank=rank, **values))
    event(session, row, AlertEventKind.OPENED, row.opened_at)
    return row


def event(
    session: make.Db, alert: Alert, kind: AlertEventKind, at: datetime, actor: User | None = None
) -> AlertEvent:
    """One line of an alert's history: the scan's, or a person's."""
    return make.save(
        session,
        AlertEvent(
            clinic_id=alert.clinic_id,
            patient_id=alert.patient_id,
            alert_id=alert.id,
            kind=kind,
            at=at,
            actor=actor.name if actor else "Scan",
            actor_id=actor.id if actor else None,
            severity=alert.severity,
            text=alert.message,
        ),
    )


def alvarez(session: make.Db, clinic: Clinic, **more: Any) -> Patient:
    """Rosa Alvarez of the design, whole: two plans, two PAs and a request, three fills, twelve to come."""
    who = make.patient(session, clinic, **more)
    tag = who.mrn
    acme = make.plan(session, clinic, payer=f"Acme Health {tag}" if tag != "100234" else "Acme Health")
    beacon = make.plan(
        session,
        clinic,
        payer=f"Beacon {tag}" if tag != "100234" else "Beacon Choice",
        name="HMO",
        line_of_business=LineOfBusiness.MEDICARE_ADVANTAGE,
    )
    one = make.coverage(session, who, acme, starts_on=date(2026, 1, 1), ends_on=date(2026, 12, 31))
    two = make.coverage(session, who, beacon, starts_on=date(2027, 1, 1), member_id="B77")
    make.regimen(session, who, dose_mg=150)
    old, new = _authorizations(session, who, acme)
    for on in (date(2026, 4, 15), date(2026, 5, 15)):
        row = make.fill(session, who, on=on, authorization_id=old.id)
        row.unit_rows.append(FillUnit(clinic_id=clinic.id, code="J7515", units=120))
    ids = {"clinic_id": clinic.id, "patient_id": who.id}
    make.save(session, Transplant(**ids, organ="kidney", on_date=date(2023, 10, 12)))
    check(
        session,
        who,
        _fills(acme.id, one.id, new.id, beacon.id, two.id),
        start_renewal_by=date(2026, 6, 4),
        last_covered_fill_on=date(2026, 5, 15),
    )
    alert(session, who, about_id=new.id)
    return who


def _authorizations(session: make.Db, who: Patient, plan: Any) -> tuple[Any, Any]:
    old = make.authorization(
        session, who, plan, number="A-48213", starts_on=date(2025, 6, 11), ends_on=date(2026, 6, 10)
    )
    new = make.authorization(
        session,
        who,
        plan,
        number="A-55907",
        status=AuthorizationStatus.PARTIALLY_APPROVED,
        starts_on=date(2026, 6, 25),
        ends_on=date(2026, 12, 31),
        requested_on=date(2026, 6, 1),
        requested_starts_on=date(2026, 6, 11),
        requested_ends_on=date(2027, 6, 10),
        decided_on=date(2026, 6, 5),
        renews_id=old.id,
    )
    new.lines = [
        AuthorizationLine(
            clinic_id=who.clinic_id, code="J7502", units=360, requested=True, requested_units=720
        )
    ]
    make.authorization(
        session,
        who,
        plan,
        number=None,
        status=AuthorizationStatus.SUBMITTED,
        starts_on=None,
        ends_on=None,
        requested_on=date(2026, 6, 5),
        requested_starts_on=date(2026, 6, 11),
        requested_ends_on=date(2026, 6, 24),
    )
    session.flush()
    return old, new


def _fills(acme: str, one: str, pa: str, beacon: str, two: str) -> list[dict[str, Any]]:
    gap = {"gap_start": "2026-06-11", "gap_end": "2026-06-24"}
    now = {"plan": acme, "coverage": one}
    later = {"plan": beacon, "coverage": two}
    rows = [fill(date(2026, 6, 14), result="fail", code="PA_GAP", facts=gap, **now)]
    on = date(2026, 7, 14)
    while on < date(2027, 6, 8):
        if on <= date(2026, 12, 31):
            rows.append(fill(on, authorization=pa, planned=on == date(2026, 8, 13), **now))
        elif on < date(2027, 4, 1):
            rows.append(fill(on, result="fail", code="PA_MISSING", **later))
        else:
            rows.append(fill(on, result="unknown", **later))
        on += timedelta(days=30)
    return rows
