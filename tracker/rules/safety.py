"""Safety facts: they flag, they never advise (rulebook 9)."""

from collections.abc import Iterator
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from tracker.rules import parameters
from tracker.rules.answer import Fact, Finding, TableFill
from tracker.rules.book import Supplied, course_end, course_start, regimen_from, regimen_on
from tracker.rules.dates import plus, plus_months
from tracker.rules.desk import Desk
from tracker.rules.facts import Regimen
from tracker.rules.projection import Projection
from tracker.rules.terms import terms_of
from tracker.rules.today import Today
from tracker.rules.units import mg_per_day, remainder_mg
from tracker.rules.words import AboutKind, AlertCode, Drug, Formulation, Indication, Severity

CREATININE: Final = "creatinine"
_LABELLED: Final = frozenset({Indication.PSORIASIS, Indication.RHEUMATOID_ARTHRITIS})


def safety_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    in_force = regimen_on(desk.book.regimens, today.day)
    dosed = regimen_from(desk.book.regimens, today.day)
    if dosed is not None:
        if in_force is None:
            today.reached(dosed.starts_on)
        if dosed.ends_on is not None:
            today.passed(dosed.ends_on)
        if terms_of(desk).usual(dosed).units is None:
            yield _indivisible(dosed)
        yield from _dose(desk, today, dosed)
    if in_force is not None:
        yield from _duration(desk, today, in_force)
        yield from _lab(desk, today, in_force)
    yield from formulation_switch(desk, today, table.fills)


def _of_regimen(
    code: AlertCode, regimen: Regimen, facts: dict[str, Fact], key_on: date, harm_on: date | None = None
) -> Finding:
    severity = Severity.HIGH if code is AlertCode.DOSE_OVER_LABEL_MAX else Severity.WARNING
    return Finding(code, severity, regimen.id, AboutKind.REGIMEN, key_on, harm_on, facts)


def _indivisible(regimen: Regimen) -> Finding:
    """A dose that the strengths cannot make; never rounded."""
    facts: dict[str, Fact] = {"remainder_mg": remainder_mg(regimen)}
    return _of_regimen(AlertCode.DOSE_NOT_CAPSULE_DIVISIBLE, regimen, facts, regimen.starts_on)


def _labelled(desk: Desk, regimen: Regimen) -> bool:
    return regimen.drug is Drug.CYCLOSPORINE and desk.book.patient.indication in _LABELLED


def _dose(desk: Desk, today: Today, regimen: Regimen) -> Iterator[Finding]:
    """Above 4.0 mg per kg and day in rheumatoid arthritis or psoriasis; 4.0 passes."""
    if not _labelled(desk, regimen):
        return
    weights = [each for each in desk.book.patient.weights if today.reached(each.on)]
    if not weights:
        return
    # Of two on one day the one listed last is the newer entry.
    kg = max(enumerate(weights), key=lambda pair: (pair[1].on, pair[0]))[1].kg
    most = parameters.DOSE_MAX_MG_PER_KG.value
    per_day = mg_per_day(regimen)
    if per_day > most * kg:
        facts: dict[str, Fact] = {
            "mg_per_kg": (per_day / kg).quantize(Decimal("0.01"), ROUND_HALF_UP),
            "max_mg": most * kg,
        }
        yield _of_regimen(AlertCode.DOSE_OVER_LABEL_MAX, regimen, facts, regimen.starts_on)


def _duration(desk: Desk, today: Today, regimen: Regimen) -> Iterator[Finding]:
    """Psoriasis: one year of continuous use, and 30 days before it unless the course ends before."""
    if regimen.drug is not Drug.CYCLOSPORINE or desk.book.patient.indication is not Indication.PSORIASIS:
        return
    start = course_start(desk.book.regimens, regimen)
    limit = plus_months(start, 12 * parameters.DURATION_YEARS.value)
    facts: dict[str, Fact] = {"limit_date": limit}
    if today.reached(limit):
        yield _of_regimen(AlertCode.THERAPY_DURATION_LIMIT, regimen, facts, limit, limit)
        return
    end = course_end(desk.book.regimens, regimen)
    if end is not None and end < limit:
        return
    if today.within(limit, desk.book.policy.duration_lead_days):
        yield _of_regimen(AlertCode.THERAPY_DURATION_LIMIT_NEAR, regimen, facts, limit, limit)


def _lab(desk: Desk, today: Today, regimen: Regimen) -> Iterator[Finding]:
    """Creatinine every 14 days for the first 3 months, then monthly; overdue the day after."""
    if not _labelled(desk, regimen):
        return
    start = course_start(desk.book.regimens, regimen)
    base = max(
        (
            each.on
            for each in desk.book.patient.labs
            if each.kind == CREATININE and each.on >= start and today.reached(each.on)
        ),
        default=start,
    )
    if base < plus_months(start, parameters.LAB_FIRST_MONTHS.value):
        due_on = plus(base, parameters.LAB_FIRST_DAYS.value)
    else:
        due_on = plus_months(base, parameters.LAB_LATER_MONTHS.value)
    if today.passed(due_on):
        facts: dict[str, Fact] = {"due_on": due_on, "days_late": (today.day - due_on).days}
        yield _of_regimen(AlertCode.LAB_OVERDUE, regimen, facts, due_on)


def formulation_switch(desk: Desk, today: Today, fills: tuple[TableFill, ...]) -> Iterator[Finding]:
    """The last fill, or a planned one within the horizon, is of the other formulation than its regimen's
    or than the fill before it with one on file.
    """
    last = desk.book.last_supplied
    if last is not None and last.fill.formulation is not None and last.regimen is not None:
        other = _other(last.fill.formulation, last.regimen, _before(desk, last))
        if other is not None:
            yield _switch(last.fill.id, AboutKind.FILL, last.fill.on, last.fill.formulation, other, None)
    if not desk.book.patient.planned_fills:
        return
    regimens = {each.id: each for each in desk.book.regimens}
    before = (last.regimen.drug, _on_file(desk)) if last is not None and last.regimen is not None else None
    for fill in fills:
        regimen = regimens[fill.regimen]
        if fill.planned and fill.formulation is not None:
            if not today.within(fill.on, desk.book.policy.alert_horizon_days):
                return
            same_drug = before is not None and before[0] is regimen.drug
            other = _other(fill.formulation, regimen, before[1] if before and same_drug else None)
            if other is not None:
                about = fill.on.isoformat()
                yield _switch(about, AboutKind.PLANNED_FILL, fill.on, fill.formulation, other, fill)
        if fill.formulation is not None:
            before = regimen.drug, fill.formulation


def _on_file(desk: Desk) -> Formulation | None:
    """Formulation of the last real fill with one on file, of the last fill's drug."""
    return _before(desk, None)


def _before(desk: Desk, fill: Supplied | None) -> Formulation | None:
    last = desk.book.last_supplied
    drug = last.regimen.drug if last is not None and last.regimen is not None else None
    for each in reversed(desk.book.supplied):
        same_drug = each.regimen is not None and each.regimen.drug is drug
        if each is not fill and same_drug and each.fill.formulation is not None:
            return each.fill.formulation
    return None


def _other(formulation: Formulation, regimen: Regimen, before: Formulation | None) -> Formulation | None:
    if regimen.formulation is not None and regimen.formulation is not formulation:
        return regimen.formulation
    return before if before is not None and before is not formulation else None


def _switch(
    about: str,
    kind: AboutKind,
    on: date,
    formulation: Formulation,
    other: Formulation,
    fill: TableFill | None,
) -> Finding:
    facts: dict[str, Fact] = {"formulation": formulation, "other": other}
    return Finding(AlertCode.FORMULATION_SWITCH, Severity.CRITICAL, about, kind, on, on, facts, fill)
