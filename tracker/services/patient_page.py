"""One patient, whole: the kept answer, the open alerts with their proof, and every fact on file."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from tracker.models.alert import Alert
from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.patient import Patient, PatientCheck
from tracker.models.payer import Plan
from tracker.models.therapy import Fill
from tracker.models.user import User
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, ClaimStatus, Severity
from tracker.services import kept_answer, proof
from tracker.services.errors import NotFound
from tracker.services.kept_answer import FillResult, KeptFill
from tracker.services.patient_facts import FactPanel, Names, panels, takes, units
from tracker.services.patients import Who
from tracker.services.worklist import AlertLine, open_alerts, read_lines

PERMITTING = frozenset(
    {AuthorizationStatus.APPROVED, AuthorizationStatus.PARTIALLY_APPROVED, AuthorizationStatus.NOT_REQUIRED}
)
IN_PROGRESS = frozenset(
    {AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED, AuthorizationStatus.APPEALED}
)
CLAIMS: Mapping[ClaimStatus | None, FillResult] = {
    ClaimStatus.PAID: FillResult.PAID,
    ClaimStatus.DENIED: FillResult.DENIED,
    ClaimStatus.PENDING: FillResult.PENDING,
    None: FillResult.FILLED,
}


@dataclass(frozen=True, slots=True)
class CheckState:
    """What the last check left. `as_of` None: no check was made yet."""

    as_of: date | None
    checked_at: datetime | None
    error: str | None
    due: bool
    run_out_on: date | None
    next_fill_on: date | None
    earliest_denial_on: date | None
    start_renewal_by: date | None

    @property
    def current(self) -> bool:
        return self.as_of is not None and not self.due and self.error is None


@dataclass(frozen=True, slots=True)
class FillRow:
    """A row of the 12-month table. `anchor` names it on the page, `alert_id` opens its proof, if any.

    `kept` None: it is on file already. `units` None: not known.
    """

    on: date
    result: FillResult
    planned: bool
    why: str
    plan: str
    authorization: str | None
    units: Mapping[str, int] | None
    days_supply: int
    runs_out_on: date
    override: str | None
    kept: KeptFill | None
    alert_id: str | None
    anchor: str

    @property
    def amounts(self) -> str:
        """`60 + 120`: the units without their codes."""
        return " + ".join(str(n) for _, n in sorted(self.units.items())) if self.units else "not on file"

    @property
    def amounts_named(self) -> str:
        """`60 J7502 + 120 J7515`."""
        return units(self.units)


@dataclass(frozen=True, slots=True)
class Bar:
    """A coverage or an authorization (its patient's and its own id) as the timeline needs it."""

    name: str
    starts_on: date | None
    ends_on: date | None
    note: str = ""
    rank: int = 1
    asked_from: date | None = None
    asked_to: date | None = None
    in_progress: bool = False
    authorization: tuple[str, str] | None = None


@dataclass(frozen=True, slots=True)
class AlertCard:
    line: AlertLine
    proof: proof.ProofView


@dataclass(frozen=True, slots=True)
class PatientView:
    """`valid` authorizations permit fills; `pa_ends_on` is the end of the one in force on `on`."""

    who: Who
    on: date
    version: int
    active: bool
    owner: str | None
    indication: str | None
    transplant: tuple[str, date | None] | None
    takes: str | None
    check: CheckState
    alerts: Sequence[AlertCard]
    fills: Sequence[FillRow]
    coverages: Sequence[Bar]
    authorizations: Sequence[Bar]
    pa_ends_on: date | None
    pa_name: str | None
    pa_next_on: date | None
    denial_why: str
    panels: Sequence[FactPanel]

    @property
    def codes(self) -> Sequence[str]:
        """The billing codes of every fill if they are the same for all, else none."""
        kinds = {tuple(sorted(row.units)) for row in self.table if row.units}
        return kinds.pop() if len(kinds) == 1 else ()

    @property
    def table(self) -> Sequence[FillRow]:
        """What the 12-month table lists: the last two months and the fills to come."""
        return [row for row in self.fills if row.on >= first_day(self.on)]

    @property
    def to_come(self) -> Sequence[FillRow]:
        return [row for row in self.fills if row.kept is not None]


def patient_page(session: Db, *, clinic_id: str, patient_id: str, on: date) -> PatientView:
    """Everything about one patient. NotFound if the clinic has no such patient."""
    patient = _patient(session, clinic_id, patient_id)
    check = session.execute(
        select(PatientCheck).where(PatientCheck.clinic_id == clinic_id, PatientCheck.patient_id == patient_id)
    ).scalar_one_or_none()
    rows = _facts(session, clinic_id, patient_id)
    plans = _plans(session, clinic_id)
    names = _names(rows, plans)
    lines = read_lines(session, open_alerts(clinic_id).where(Alert.patient_id == patient_id))
    kept = kept_answer.fills(check.answer if check else None)
    fills = [*_past(rows["fill"], names, on), *(_to_come(fill, names, lines) for fill in kept)]
    in_force = _in_force(rows["authorization"], on)
    return PatientView(
        who=Who(patient.id, patient.family, patient.given, patient.birth_date, patient.mrn),
        on=on,
        version=patient.version,
        active=patient.active,
        owner=_owner(session, patient),
        indication=patient.indication.label if patient.indication else None,
        transplant=_transplant(rows["transplant"]),
        takes=_takes(rows["regimen"], on),
        check=_state(check),
        alerts=_cards(session, clinic_id, lines, rows),
        fills=fills,
        coverages=[_coverage_bar(row, plans) for row in sorted(rows["coverage"], key=lambda r: r.starts_on)],
        authorizations=_authorization_bars(rows["authorization"], plans),
        pa_ends_on=in_force.ends_on if in_force else None,
        pa_name=_pa_name(in_force),
        pa_next_on=_next_start(rows["authorization"], on),
        denial_why=next((row.why for row in fills if row.result is FillResult.REFUSED), ""),
        panels=panels(rows, names),
    )


def _patient(session: Db, clinic_id: str, patient_id: str) -> Patient:
    query = select(Patient).where(Patient.clinic_id == clinic_id, Patient.id == patient_id)
    patient = session.execute(query).scalar_one_or_none()
    if patient is None:
        raise NotFound("There is no such patient here.")
    return patient


def _facts(session: Db, clinic_id: str, patient_id: str) -> dict[str, Sequence[Any]]:
    """Every fact by its kind, newest first: one query a kind, two where lines hang on it."""
    return {
        kind: session.execute(
            select(table)
            .where(table.clinic_id == clinic_id, table.patient_id == patient_id)
            .order_by(*_newest_first(table))
            .options(*_lines_of(table))
        )
        .scalars()
        .all()
        for kind, table in proof.FACT_TABLES.items()
    }


def _newest_first(table: type[Any]) -> list[Any]:
    names = ("on_date", "starts_on", "notice_on")
    return [getattr(table, name).desc() for name in names if hasattr(table, name)] + [table.id.desc()]


def _lines_of(table: type[Any]) -> list[Any]:
    if table is Authorization:
        return [selectinload(Authorization.lines)]
    return [selectinload(Fill.unit_rows)] if table is Fill else []


def _plans(session: Db, clinic_id: str) -> dict[str, Plan]:
    query = select(Plan).where(Plan.clinic_id == clinic_id).options(selectinload(Plan.payer))
    return {plan.id: plan for plan in session.execute(query).scalars()}


def _names(rows: Mapping[str, Sequence[Any]], plans: Mapping[str, Plan]) -> Names:
    return Names(
        plans={plan_id: _plan_name(plan) for plan_id, plan in plans.items()},
        authorizations={row.id: row.number or "without number" for row in rows["authorization"]},
        fills={row.id: row.on_date for row in rows["fill"]},
    )


def _plan_name(plan: Plan) -> str:
    return f"{plan.payer.name} {plan.name}".strip()


def _owner(session: Db, patient: Patient) -> str | None:
    query = select(User.name).where(User.clinic_id == patient.clinic_id, User.id == patient.owner_id)
    return session.execute(query).scalar_one_or_none() if patient.owner_id else None


def _transplant(rows: Sequence[Any]) -> tuple[str, date | None] | None:
    return next(((row.organ.label if row.organ else "organ not on file", row.on_date) for row in rows), None)


def _takes(rows: Sequence[Any], on: date) -> str | None:
    """The regimen in force, else the next one."""
    open_ones = [row for row in rows if row.ends_on is None or row.ends_on >= on]
    first = min(open_ones, key=lambda row: row.starts_on, default=None)
    return takes(first) if first else None


def _state(check: PatientCheck | None) -> CheckState:
    if check is None:
        return CheckState(None, None, None, True, None, None, None, None)
    return CheckState(
        as_of=check.as_of,
        checked_at=check.checked_at,
        error=check.error,
        due=check.due,
        run_out_on=check.run_out_on,
        next_fill_on=check.next_fill_on,
        earliest_denial_on=check.earliest_denial_on,
        start_renewal_by=check.start_renewal_by,
    )


def _cards(
    session: Db, clinic_id: str, lines: Sequence[AlertLine], rows: Mapping[str, Sequence[Any]]
) -> list[AlertCard]:
    entered = proof.entered_in(row for of_kind in rows.values() for row in of_kind)
    shown = [line.id for line in lines]
    query = select(Alert.id, Alert.proof).where(Alert.clinic_id == clinic_id, Alert.id.in_(shown))
    proofs = {row.id: row.proof for row in session.execute(query)}
    return [AlertCard(line, proof.view(proofs[line.id], entered)) for line in lines]


# ------------------------------------------------------------------------------- the 12-month table


def first_day(on: date) -> date:
    """The first of the month two months back: where table and timeline begin."""
    month = (on.replace(day=1) - timedelta(days=1)).replace(day=1)
    return (month - timedelta(days=1)).replace(day=1)


def _past(rows: Sequence[Any], names: Names, on: date) -> list[FillRow]:
    """Fills on file, in date order, whose drug reaches into the last two months."""
    shown = []
    run_out = date.min
    for row in sorted(rows, key=lambda r: (r.on_date, r.sequence)):
        if not row.reversed:
            run_out = max(run_out, row.on_date) + timedelta(days=row.days_supply)
        if row.on_date >= first_day(on) or (not row.reversed and run_out > first_day(on)):
            shown.append(_filled(row, names, max(run_out, row.on_date)))
    return shown


def _filled(row: Any, names: Names, run_out: date) -> FillRow:
    number = names.authorizations.get(row.authorization_id or "")
    codes = ", ".join(filter(None, (row.claim_carc, *row.claim_rarc)))
    refused = f"Claim refused{f' ({codes})' if codes else ''}"
    return FillRow(
        on=row.on_date,
        result=FillResult.REVERSED if row.reversed else CLAIMS[row.claim_status],
        planned=False,
        why=refused if row.claim_status is ClaimStatus.DENIED else "",
        plan="",
        authorization=number,
        units={each.code: each.units for each in row.unit_rows} or None,
        days_supply=row.days_supply,
        runs_out_on=run_out,
        override=None,
        kept=None,
        alert_id=None,
        anchor=f"fill-{row.on_date}-{row.sequence}",
    )


def _to_come(fill: KeptFill, names: Names, lines: Sequence[AlertLine]) -> FillRow:
    return FillRow(
        on=fill.on,
        result=fill.result,
        planned=fill.planned,
        why=kept_answer.cause(fill),
        plan=names.plans.get(fill.plan or "", ""),
        authorization=names.authorizations.get(fill.authorization or ""),
        units=fill.units,
        days_supply=fill.days_supply,
        runs_out_on=fill.runs_out_on,
        override=fill.override,
        kept=fill,
        alert_id=next((line.id for line in lines if line.code in fill.codes), None),
        anchor=f"fill-{fill.on}",
    )


# --------------------------------------------------------------------------- bars of the timeline


def _coverage_bar(row: Any, plans: Mapping[str, Plan]) -> Bar:
    plan = plans.get(row.plan_id)
    name = _plan_name(plan) if plan else "plan not on file"
    line = plan.line_of_business.label if plan else ""
    return Bar(name, row.starts_on, row.ends_on, note=line, rank=row.rank)


def _authorization_bars(rows: Sequence[Any], plans: Mapping[str, Plan]) -> list[Bar]:
    shown = [row for row in rows if row.status in PERMITTING | IN_PROGRESS]
    return [_authorization_bar(row, plans) for row in sorted(shown, key=lambda r: (_begins(r), r.id))]


def _begins(row: Any) -> date:
    return row.starts_on or row.requested_starts_on or row.requested_on or date.min


def _authorization_bar(row: Any, plans: Mapping[str, Plan]) -> Bar:
    usual = row.kind is AuthorizationKind.PRIOR_AUTHORIZATION
    open_one = row.status in IN_PROGRESS
    return Bar(
        name=row.number or plans[row.plan_id].payer.name,
        starts_on=_begins(row) if open_one and _begins(row) > date.min else row.starts_on,
        ends_on=row.requested_ends_on if open_one else row.ends_on,
        note="" if usual else row.kind.label,
        asked_from=row.requested_starts_on,
        asked_to=row.requested_ends_on,
        in_progress=open_one,
        authorization=(row.patient_id, row.id),
    )


def _prior(rows: Sequence[Any]) -> list[Any]:
    kind = AuthorizationKind.PRIOR_AUTHORIZATION
    return [row for row in rows if row.kind is kind and row.status in PERMITTING]


def _in_force(rows: Sequence[Any], on: date) -> Any:
    """The authorization in force that ends last, else the last to have ended."""
    begun = [row for row in _prior(rows) if (row.starts_on or date.min) <= on]
    return max(begun, key=lambda row: row.ends_on or date.max, default=None)


def _pa_name(row: Any) -> str | None:
    return (row.number or "without number") if row else None


def _next_start(rows: Sequence[Any], on: date) -> date | None:
    return min((row.starts_on for row in _prior(rows) if row.starts_on and row.starts_on > on), default=None)


def worst(view: PatientView) -> AlertCard | None:
    """The alert of the banner: one that does harm soon; an info needs none."""
    return next((card for card in view.alerts if card.line.severity is not Severity.INFO), None)
