"""Claims: resubmission, appeal deadlines, modifiers and codes of fills (rulebook 7.7, 8)."""

from collections.abc import Iterator
from datetime import date
from typing import Final

from tracker.rules import parameters
from tracker.rules.answer import Fact, Finding, TableFill
from tracker.rules.authorization import Permit
from tracker.rules.book import Supplied
from tracker.rules.coverage import PART_B, PART_D
from tracker.rules.dates import business_day_from, plus, plus_months
from tracker.rules.desk import Desk
from tracker.rules.facts import Denial, Plan
from tracker.rules.finding import days_to
from tracker.rules.projection import Projection
from tracker.rules.today import Today
from tracker.rules.units import Units, own_codes
from tracker.rules.words import (
    AboutKind,
    AlertCode,
    AuthorizationStatus,
    ClaimStatus,
    DenialLevel,
    Form,
    LineOfBusiness,
    Severity,
)

KX: Final = "KX"
# KX says that the criteria are met, these that they are not (HCPCS Level II modifiers).
_AGAINST_KX: Final = ("GA", "GY", "GZ")
# Drug discarded from a single-dose container, or none discarded: never on an oral drug.
_DISCARDED: Final = ("JW", "JZ")


def claim_findings(desk: Desk, today: Today, table: Projection) -> Iterator[Finding]:
    yield from desk.kept("claims", _of_real_fills)
    yield from _planned_mismatches(desk, table.fills)
    for denial in desk.book.patient.denials:
        yield from _appeal(desk, today, denial)


def _of_real_fills(desk: Desk) -> tuple[Finding, ...]:
    """What is said of real fills; no day changes it."""
    found: list[Finding] = []
    transplant = desk.book.patient.transplant
    supported = transplant is not None and transplant.on is not None and transplant.part_a_at_transplant
    for each in desk.book.supplied:
        if is_denied(each):
            found += _resubmit(desk, each)
        if each.fill.modifiers:
            found += _modifiers(each, kx_supported=bool(supported))
        foreign = _foreign(each.own, each.fill.units or {}) if each.regimen else None
        if foreign is not None:
            facts: dict[str, Fact] = {"code": foreign, "right_code": each.own[0]}
            found.append(_of_fill(AlertCode.CODE_MISMATCH, each, facts))
    return tuple(found)


def _of_fill(code: AlertCode, each: Supplied, facts: dict[str, Fact]) -> Finding:
    return Finding(code, Severity.HIGH, each.fill.id, AboutKind.FILL, each.fill.on, None, facts)


def is_denied(each: Supplied) -> bool:
    return each.claim is ClaimStatus.DENIED


def _resubmit(desk: Desk, each: Supplied) -> Iterator[Finding]:
    """A retroactive approval covers a denied fill's date, plan, codes and formulation."""
    payer = desk.payer(each.fill.on).paying
    if payer is None:
        return
    for permit in desk.permits:
        if permit.pa.plan == payer.plan.id and _covers_late(permit, each):
            yield _of_fill(AlertCode.CLAIM_RESUBMIT, each, {"authorization": permit.pa.id})
            return


def _covers_late(permit: Permit, each: Supplied) -> bool:
    decided_on = permit.pa.decided_on
    codes = [code for code, count in (each.units or {}).items() if count]
    if not codes:
        codes = list(each.own)
    return (
        decided_on is not None
        and decided_on > each.fill.on
        and permit.granted
        and permit.on(each.fill.on)
        and permit.fits(each.formulation)
        and all(permit.covers(code) for code in codes)
    )


def _modifiers(each: Supplied, *, kx_supported: bool) -> list[Finding]:
    found: list[Finding] = []
    modifiers = each.fill.modifiers
    if KX in modifiers:
        if not kx_supported:
            found.append(_of_fill(AlertCode.KX_NOT_SUPPORTED, each, {"modifiers": (KX,)}))
        against = [modifier for modifier in modifiers if modifier in _AGAINST_KX]
        if against:
            found.append(_of_fill(AlertCode.MODIFIER_CONFLICT, each, {"modifiers": (KX, *against)}))
    discarded = [modifier for modifier in modifiers if modifier in _DISCARDED]
    if discarded and each.regimen is not None and each.regimen.form is not Form.INJECTION:
        found.append(_of_fill(AlertCode.MODIFIER_NOT_APPLICABLE, each, {"modifiers": tuple(discarded)}))
    return found


def _foreign(own: tuple[str, ...], units: Units) -> str | None:
    """The first code of a fill that is none of its drug's."""
    for code in units:
        if code not in own and units[code]:
            return code
    return None


def _planned_mismatches(desk: Desk, fills: tuple[TableFill, ...]) -> Iterator[Finding]:
    if not desk.book.patient.planned_fills:
        return
    regimens = {each.id: each for each in desk.book.regimens}
    for fill in fills:
        if fill.planned and fill.units:
            own = own_codes(regimens[fill.regimen])
            foreign = _foreign(own, fill.units)
            if foreign is not None:
                facts: dict[str, Fact] = {"code": foreign, "right_code": own[0]}
                about = fill.on.isoformat()
                yield Finding(
                    AlertCode.CODE_MISMATCH,
                    Severity.HIGH,
                    about,
                    AboutKind.PLANNED_FILL,
                    fill.on,
                    None,
                    facts,
                    fill,
                )


def is_open(desk: Desk, denial: Denial) -> bool:
    """A denial is open while its fill's claim (not reversed) or its authorization is denied."""
    fill = desk.book.fill(denial.fill)
    claim = fill.claim if fill is not None and not fill.reversed else None
    if claim is not None and claim.status is ClaimStatus.DENIED:
        return True
    if denial.authorization is None:
        return False
    return desk.book.authorizations[denial.authorization].status is AuthorizationStatus.DENIED


def _plan_of(desk: Desk, denial: Denial) -> Plan | None:
    """The plan of the first coverage in force on the fill's date, or the authorization's."""
    fill = desk.book.fill(denial.fill)
    if fill is not None:
        first = desk.payer(fill.on).first
        if first is not None:
            return first.plan
    if denial.authorization is None:
        return None
    return desk.book.plans[desk.book.authorizations[denial.authorization].plan]


def appeal_due_on(desk: Desk, denial: Denial) -> date | None:
    """The last day to appeal: the notice's, else by line of business and level (rulebook 8)."""
    if denial.appeal_by is not None:
        return denial.appeal_by
    plan = _plan_of(desk, denial)
    notice_on = denial.notice_on or denial.received_on
    received_on = denial.received_on or denial.notice_on
    if plan is None or notice_on is None or received_on is None:
        return None
    line, external = plan.line_of_business, denial.level is DenialLevel.EXTERNAL
    if line is LineOfBusiness.COMMERCIAL and external:
        return business_day_from(plus_months(received_on, parameters.APPEAL_EXTERNAL_MONTHS.value))
    if line is LineOfBusiness.COMMERCIAL:
        return plus(received_on, parameters.APPEAL_INTERNAL_DAYS.value)
    if external:
        return None
    if line is PART_B:
        return plus(notice_on, parameters.APPEAL_PART_B_DAYS.value)
    if line in (PART_D, LineOfBusiness.MEDICARE_ADVANTAGE):
        return plus(notice_on, parameters.APPEAL_PART_D_DAYS.value)
    return None


def _appeal(desk: Desk, today: Today, denial: Denial) -> Iterator[Finding]:
    """warning; high when <= 14 days; critical when <= 3, and after it."""
    due_on = appeal_due_on(desk, denial) if is_open(desk, denial) else None
    if due_on is None:
        return
    severity = Severity.WARNING
    if today.within(due_on, 3):
        severity = Severity.CRITICAL
    elif today.within(due_on, 14):
        severity = Severity.HIGH
    facts: dict[str, Fact] = {"due_on": due_on, "level": denial.level, **days_to(today.day, due_on)}
    yield Finding(AlertCode.APPEAL_DEADLINE, severity, denial.id, AboutKind.DENIAL, due_on, due_on, facts)
