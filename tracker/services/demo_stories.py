"""What happens to the patients of the demo clinic: each story is one trouble, told around today."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from sqlalchemy import select

from tracker.models.authorization import Authorization, AuthorizationLine, Denial, Trial
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.models.patient import Coverage, Lab, Patient, Transplant, Weight
from tracker.models.payer import Plan
from tracker.models.therapy import Fill, RefillContact, Regimen
from tracker.rules.words import (
    AuthorizationKind,
    AuthorizationStatus,
    ClaimStatus,
    DenialLevel,
    Formulation,
    Indication,
    MedicareBasis,
    TrialOutcome,
)
from tracker.services import demo_log

ENTERED_BY = "Demo data"


@dataclass(frozen=True, slots=True)
class Told:
    """What a story is told with: the patient, the plans by name, the day, and the last fill."""

    session: Db
    patient: Patient
    plans: dict[str, Plan]
    today: date
    last_fill: Fill


def _covered_by(told: Told, payer: str, *, to: date | None = None, **more: object) -> Coverage:
    coverage = Coverage(
        id=new_id(),
        clinic_id=told.patient.clinic_id,
        patient_id=told.patient.id,
        plan_id=told.plans[payer].id,
        member_id=f"W{told.patient.mrn}77",
        starts_on=told.today - timedelta(days=500),
        ends_on=to,
        entered_by=ENTERED_BY,
        **more,
    )
    told.session.add(coverage)
    return coverage


def _authorized(told: Told, payer: str, starts: int, ends: int, **more: object) -> Authorization:
    """An authorization from `starts` to `ends` days from today; `units` limits J7502."""
    units = more.pop("units", None)
    values = {"status": AuthorizationStatus.APPROVED, "kind": AuthorizationKind.PRIOR_AUTHORIZATION, **more}
    row = Authorization(
        id=new_id(),
        clinic_id=told.patient.clinic_id,
        patient_id=told.patient.id,
        plan_id=told.plans[payer].id,
        number=f"{payer[0]}-{told.patient.mrn}{'R' if starts > 0 else ''}",
        starts_on=told.today + timedelta(days=starts),
        ends_on=told.today + timedelta(days=ends),
        entered_by=ENTERED_BY,
        **values,
    )
    if isinstance(units, int):
        row.lines = [AuthorizationLine(clinic_id=row.clinic_id, code="J7502", units=units)]
    told.session.add(row)
    return row


def _asked(
    told: Told, payer: str, days_ago: int, status: AuthorizationStatus, **more: object
) -> Authorization:
    on = told.today - timedelta(days=days_ago)
    row = Authorization(
        id=new_id(),
        clinic_id=told.patient.clinic_id,
        patient_id=told.patient.id,
        plan_id=told.plans[payer].id,
        kind=AuthorizationKind.PRIOR_AUTHORIZATION,
        status=status,
        requested_on=on,
        received_at=datetime.combine(on, time(15), UTC),
        entered_by=ENTERED_BY,
        **more,
    )
    told.session.add(row)
    return row


def quiet(told: Told) -> None:
    """A plan that pays and an authorization that lasts well past the next year."""
    payer = ("Acme Health", "Beacon", "Northstar")[int(told.patient.mrn) % 3]
    _covered_by(told, payer)
    _authorized(told, payer, -120, 420)


def _expired(told: Told) -> None:
    _covered_by(told, "Beacon")
    _authorized(told, "Beacon", -366, -1)


def _expires_before_refill(told: Told) -> None:
    _covered_by(told, "Acme Health")
    _authorized(told, "Acme Health", -360, 2)


def _gap(told: Told) -> None:
    """The renewal was approved in part: later, shorter and with fewer units than asked."""
    _covered_by(told, "Acme Health")
    old = _authorized(told, "Acme Health", -363, 2, letter_on=told.today - timedelta(days=370))
    told.session.flush()
    new = _authorized(
        told,
        "Acme Health",
        17,
        210,
        status=AuthorizationStatus.PARTIALLY_APPROVED,
        formulation=Formulation.MODIFIED,
        prescriber="Dr Shah",
        requested_on=told.today - timedelta(days=7),
        requested_starts_on=told.today + timedelta(days=3),
        requested_ends_on=told.today + timedelta(days=367),
        decided_on=told.today - timedelta(days=3),
        renews_id=old.id,
    )
    asked = {"requested": True, "requested_units": 1440}
    new.lines = [AuthorizationLine(clinic_id=new.clinic_id, code="J7502", units=800, **asked)]


def _coverage_ends(told: Told) -> None:
    _covered_by(told, "Northstar", to=told.today + timedelta(days=2))
    _authorized(told, "Northstar", -100, 300)


def _units_run_out(told: Told) -> None:
    _covered_by(told, "Northstar")
    _authorized(told, "Northstar", -190, 175, units=6 * 120)


def _over_the_limit(told: Told) -> None:
    """240 capsules of 100 mg asked a month, 180 allowed."""
    _covered_by(told, "Acme Health")
    _authorized(told, "Acme Health", -60, 305)
    regimen = told.session.scalars(select(Regimen).where(Regimen.patient_id == told.patient.id)).one()
    regimen.dose_mg, regimen.doses_per_day = Decimal(400), 2


def _waiting(told: Told) -> None:
    _covered_by(told, "Beacon")
    row = _asked(told, "Beacon", 5, AuthorizationStatus.SUBMITTED)
    demo_log.waiting(told.session, row, demo_log.morning(told.today))


def _papers_asked(told: Told) -> None:
    _covered_by(told, "Beacon")
    row = _asked(
        told,
        "Beacon",
        6,
        AuthorizationStatus.PENDED,
        decided_on=told.today - timedelta(days=2),
        reply_by=told.today + timedelta(days=1),
        reason="Chart note and level missing",
    )
    demo_log.papers_asked(told.session, row, demo_log.morning(told.today))


def _refused_claim(told: Told) -> None:
    """The last fill's claim came back with 197; the authorization was back-dated since."""
    _covered_by(told, "Acme Health")
    _authorized(told, "Acme Health", -60, 300, decided_on=told.today - timedelta(days=1))
    told.last_fill.claim_status, told.last_fill.claim_carc = ClaimStatus.DENIED, "197"
    told.session.add(
        Denial(
            id=new_id(),
            clinic_id=told.patient.clinic_id,
            patient_id=told.patient.id,
            fill_id=told.last_fill.id,
            level=DenialLevel.INTERNAL,
            received_on=told.today - timedelta(days=170),
            notice_on=told.today - timedelta(days=172),
            carc="197",
            entered_by=ENTERED_BY,
        )
    )


def _part_b(told: Told) -> None:
    """Original Medicare: no authorization is asked; the refill call is still to be made."""
    _covered_by(told, "Medicare", medicare_basis=MedicareBasis.AGE)


def _part_b_called(told: Told) -> None:
    _covered_by(told, "Medicare", medicare_basis=MedicareBasis.AGE)
    told.session.add(
        RefillContact(
            id=new_id(),
            clinic_id=told.patient.clinic_id,
            patient_id=told.patient.id,
            on_date=told.today - timedelta(days=1),
            affirmed=True,
            entered_by=ENTERED_BY,
        )
    )


def _plan_changes(told: Told) -> None:
    _covered_by(told, "Acme Health", to=told.today + timedelta(days=20))
    _authorized(told, "Acme Health", -200, 160)
    after = _covered_by(told, "Beacon")
    after.starts_on = told.today + timedelta(days=21)


def _steps_missing(told: Told) -> None:
    """Psoriasis under a plan that wants methotrexate first, four days short."""
    told.patient.indication = Indication.PSORIASIS
    on = {
        "clinic_id": told.patient.clinic_id,
        "patient_id": told.patient.id,
        "entered_by": ENTERED_BY,
    }
    for row in told.session.scalars(select(Transplant).where(Transplant.patient_id == told.patient.id)):
        told.session.delete(row)
    _covered_by(told, "Unity")
    _authorized(told, "Unity", -100, 265)
    start = told.today - timedelta(days=200)
    told.session.add_all(
        [
            Trial(
                id=new_id(),
                drug="methotrexate",
                starts_on=start,
                ends_on=start + timedelta(days=85),
                dose="15 mg a week",
                outcome=TrialOutcome.INADEQUATE_RESPONSE,
                documented_on=start + timedelta(days=86),
                **on,
            ),
            Trial(
                id=new_id(),
                drug="betamethasone",
                starts_on=start - timedelta(days=60),
                ends_on=start - timedelta(days=10),
                outcome=TrialOutcome.INADEQUATE_RESPONSE,
                documented_on=start - timedelta(days=8),
                **on,
            ),
            Weight(id=new_id(), on_date=told.today - timedelta(days=30), kg=Decimal(62), **on),
            Lab(id=new_id(), kind="creatinine", on_date=told.today - timedelta(days=40), **on),
        ]
    )


def _nothing_known(told: Told) -> None:
    _covered_by(told, "Prairie")


def _never_asked(told: Told) -> None:
    _covered_by(told, "Northstar")


def _expiring(told: Told) -> None:
    _covered_by(told, "Acme Health")
    _authorized(told, "Acme Health", -340, 33)


STORIES: dict[int, Callable[[Told], None]] = {
    1: _expired,
    3: _gap,
    5: _expires_before_refill,
    8: _coverage_ends,
    11: _units_run_out,
    14: _over_the_limit,
    17: _waiting,
    20: _papers_asked,
    23: _refused_claim,
    26: _part_b,
    28: _part_b_called,
    29: _part_b,
    32: _plan_changes,
    35: _steps_missing,
    38: _nothing_known,
    41: _never_asked,
    44: _expiring,
    47: _expiring,
    50: _nothing_known,
}
