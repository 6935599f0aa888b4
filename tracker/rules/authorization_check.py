"""The authorization check of one fill (rulebook 5.2) and the name of its failure."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Fact
from tracker.rules.authorization import IN_PROGRESS, Permit, pick
from tracker.rules.book import Book, Member, regimen_on
from tracker.rules.coverage import member_since
from tracker.rules.dates import days_between, plus
from tracker.rules.desk import own_codes
from tracker.rules.draft import Draft, paid_within_year
from tracker.rules.facts import Regimen
from tracker.rules.request_date import note_as_of_request, request_on
from tracker.rules.words import (
    AboutKind,
    AlertCode,
    AuthorizationKind,
    AuthorizationStatus,
    Check,
    LineOfBusiness,
    Result,
)

_PA = AuthorizationKind.PRIOR_AUTHORIZATION
_PASS = CheckResult(Check.AUTHORIZATION, Result.PASS, None, {})
_UNKNOWN = CheckResult(Check.AUTHORIZATION, Result.UNKNOWN, None, {})
# What a new Medicare Advantage plan may not refuse for in the first 90 days (rulebook 7.8).
_CONTINUED = frozenset({AlertCode.PA_MISSING, AlertCode.PA_WRONG_PAYER, AlertCode.REFILL_AT_RISK})


def check_authorization(draft: Draft) -> tuple[CheckResult, Permit | None]:
    """If a rule asks for PA, one of the paying plan must be in force with every code and units left.

    With the authorization that is charged.
    """
    if draft.under_part_b:
        return _PASS, None
    asked = [code for code in draft.codes if _asks(draft, code) is True]
    unsure = [code for code in draft.codes if _asks(draft, code) is None]
    if not asked and not unsure:
        return _PASS, None
    if draft.units is None:
        return _of_unknown_units(draft, bool(asked)), None
    needed = {code: draft.units[code] for code in (*asked, *unsure)}
    found = pick(draft.in_force(_PA), draft.ledger, needed)
    if found is not None:
        return (_UNKNOWN if unsure else _PASS), found
    if not asked:
        return _UNKNOWN, None
    sure = {code: draft.units[code] for code in asked}
    found = pick(draft.in_force(_PA), draft.ledger, sure)
    if found is not None:
        return _UNKNOWN, found
    return _refused(draft, sure, unsure=bool(unsure)), None


def _asks(draft: Draft, code: str) -> bool | None:
    rule = draft.rules[code]
    return rule.prior_authorization if rule else None


def _of_unknown_units(draft: Draft, asked: bool) -> CheckResult:
    """With an authorization in force the check is unknown: nobody knows the units."""
    if not asked or draft.in_force(_PA):
        return _UNKNOWN
    return _refused(draft, {}, unsure=False)


def _refused(draft: Draft, needed: Mapping[str, int], *, unsure: bool) -> CheckResult:
    """A failed check, unless the patient need not ask: already on the drug, or in the continuity window."""
    if _new_starts_only(draft) and _already_on_drug(draft):
        if unsure:
            return _UNKNOWN
        return CheckResult(Check.AUTHORIZATION, Result.PASS, None, {"reason": "already_on_drug"})
    named = name_refusal(draft, needed)
    if named.code in _CONTINUED:
        limit = continuity_until(draft)
        if limit is not None and draft.on <= limit:
            return CheckResult(
                Check.AUTHORIZATION,
                Result.PASS,
                AlertCode.CONTINUITY_WINDOW_ACTIVE,
                {"limit_date": limit},
                draft.member.coverage.id,
                AboutKind.COVERAGE,
            )
    return named


def _new_starts_only(draft: Draft) -> bool:
    rules = [rule for rule in draft.rules.values() if rule and rule.prior_authorization]
    return all(rule.prior_authorization_new_starts_only for rule in rules)


def _already_on_drug(draft: Draft) -> bool:
    asked_on = request_on(draft, None) or note_as_of_request(draft, ())
    return paid_within_year(draft, asked_on)


def continuity_until(draft: Draft) -> date | None:
    """Last day of a new Medicare Advantage plan's continuity; None if the course began under it."""
    return continued_until(draft.desk.book, draft.member, draft.regimen)


def continued_until(book: Book, member: Member, regimen: Regimen) -> date | None:
    """The same for any coverage: a regimen of the drug was in force on the day before it."""
    if member.plan.line_of_business is not LineOfBusiness.MEDICARE_ADVANTAGE:
        return None
    start = member_since(book, member)
    before = regimen_on(book.regimens, plus(start, -1))
    if before is None or before.drug is not regimen.drug:
        return None
    return plus(start, parameters.CONTINUITY_DAYS.value - 1)


def _fail(code: AlertCode, permit: Permit, facts: Mapping[str, Fact]) -> CheckResult:
    about = permit.pa.id
    return CheckResult(Check.AUTHORIZATION, Result.FAIL, code, facts, about, AboutKind.AUTHORIZATION)


def name_refusal(draft: Draft, needed: Mapping[str, int]) -> CheckResult:
    """The first that applies of: units, code or product, ended, later or asked, other plan, none."""
    permits = draft.permits(_PA)
    valid, fitting = draft.valid(_PA), draft.in_force(_PA)
    return (
        _too_few_units(draft, fitting, needed)
        or _lacks_code(fitting, needed)
        or _other_product(valid)
        or _by_time(draft, permits)
        or _other_plan(draft)
        or CheckResult(
            Check.AUTHORIZATION,
            Result.FAIL,
            AlertCode.PA_MISSING,
            {},
            draft.member.coverage.id,
            AboutKind.COVERAGE,
        )
    )


def _too_few_units(draft: Draft, valid: Sequence[Permit], needed: Mapping[str, int]) -> CheckResult | None:
    """Of several the one that lasts longest. A code it lacks is not short of units: that is named next."""
    listed = [(each, {code: n for code, n in needed.items() if each.covers(code)}) for each in valid]
    found = [(each, mine) for each, mine in listed if not draft.ledger.enough(each, mine)]
    if not found:
        return None
    lasting = [(_scarcest(draft, each, mine), each) for each, mine in found]
    (days, code, left), permit = max(lasting, key=lambda pair: pair[0][0])
    facts: dict[str, Fact] = {
        "code": code,
        "remaining": left,
        "needed": needed[code],
        "short": needed[code] - left,
        "days_supply_left": days,
    }
    kind = AlertCode.PA_UNITS_INSUFFICIENT if left else AlertCode.PA_UNITS_EXHAUSTED
    return _fail(kind, permit, facts)


def _scarcest(draft: Draft, permit: Permit, needed: Mapping[str, int]) -> tuple[int, str, int]:
    """Days supply that the units left last, the code that runs out first, and its units."""
    lefts = [(draft.ledger.left(permit, code), code, count) for code, count in needed.items()]
    limited = [(Fraction(left, count), code, left) for left, code, count in lefts if left is not None]
    share, code, left = min(limited, key=lambda each: each[0])
    return int(share * draft.days), code, left


def _lacks_code(valid: Sequence[Permit], needed: Mapping[str, int]) -> CheckResult | None:
    lacking = ((permit, code) for permit in valid for code in needed if not permit.covers(code))
    permit, code = next(lacking, (None, ""))
    if permit is None:
        return None
    facts: dict[str, Fact] = {"code_missing": code, "units_needed": needed[code]}
    return _fail(AlertCode.PA_MISSING_FOR_CODE, permit, facts)


def _other_product(valid: Sequence[Permit]) -> CheckResult | None:
    return _fail(AlertCode.PA_PRODUCT_MISMATCH, valid[0], {"ends_on": valid[0].pa.ends_on}) if valid else None


def _by_time(draft: Draft, permits: Sequence[Permit]) -> CheckResult | None:
    """Ended before the fill, else only a later one, else a request."""
    fitting = [each for each in permits if each.fits(draft.formulation)]
    granted = [each for each in fitting if each.granted]
    ended = max((each for each in granted if each.ends < draft.on), key=lambda each: each.ends, default=None)
    later = min(
        (each for each in granted if each.pa.starts_on and each.pa.starts_on > draft.on),
        key=lambda each: each.pa.starts_on or date.min,
        default=None,
    )
    asked = _last(permits, IN_PROGRESS)
    if ended is not None:
        return _ended(draft, ended, later, asked, permits)
    if later is not None and later.pa.starts_on is not None:
        starts = later.pa.starts_on
        facts: dict[str, Fact] = {
            "effective_on": starts,
            "days_until": days_between(draft.today.day, starts),
        }
        return _fail(AlertCode.PA_NOT_YET_EFFECTIVE, later, facts)
    if asked is not None:
        facts = {"due_on": draft.on, "days_until": days_between(draft.today.day, draft.on)}
        return _fail(AlertCode.REFILL_AT_RISK, asked, facts)
    denied = _last(permits, frozenset({AuthorizationStatus.DENIED}))
    if denied is None:
        return None
    renewed = draft.desk.book.authorizations.get(denied.pa.renews or "")
    return _fail(AlertCode.PA_DENIED, denied, {"ends_on": renewed.ends_on if renewed else None})


def _last(permits: Sequence[Permit], statuses: frozenset[AuthorizationStatus]) -> Permit | None:
    return next((each for each in reversed(permits) if each.pa.status in statuses), None)


def _ended(
    draft: Draft, ended: Permit, later: Permit | None, asked: Permit | None, permits: Sequence[Permit]
) -> CheckResult:
    """PA_DENIED (its renewal was), PA_EXPIRED, PA_GAP or PA_EXPIRES_BEFORE_REFILL, about the last to end."""
    end, today = ended.ends, draft.today
    denied = [
        each
        for each in permits
        if each.pa.status is AuthorizationStatus.DENIED and each.pa.renews == ended.pa.id
    ]
    if denied and asked is None and later is None:
        return _fail(AlertCode.PA_DENIED, denied[-1], {"ends_on": end})
    renewal = asked.pa.id if asked else None
    effective_on = later.pa.starts_on if later else None
    if today.passed(end):
        facts: dict[str, Fact] = {
            "expired_on": end,
            "days_past": days_between(end, today.day),
            "effective_on": effective_on,
            "renewal": renewal,
        }
        return _fail(AlertCode.PA_EXPIRED, ended, facts)
    if effective_on is not None:
        facts = {
            "gap_start": plus(end, 1),
            "gap_end": plus(effective_on, -1),
            "gap_days": days_between(end, effective_on) - 1,
            "renewal": renewal,
        }
        return _fail(AlertCode.PA_GAP, ended, facts)
    facts = {
        "ends_on": end,
        "days_left": days_between(today.day, end),
        "gap_days": days_between(end, draft.on),
        "early_fill_window": _early_fill_window(draft, end),
        "renewal": renewal,
    }
    return _fail(AlertCode.PA_EXPIRES_BEFORE_REFILL, ended, facts)


def _early_fill_window(draft: Draft, end: date) -> tuple[date, date] | None:
    """First day from today, after the last fill, that is not too soon .. the authorization's end."""
    first = draft.first_possible()
    return (first, end) if first <= end else None


def _other_plan(draft: Draft) -> CheckResult | None:
    """An authorization of another plan, valid on that date."""
    found = [
        each
        for each in draft.desk.permits
        if each.pa.kind is _PA
        and each.pa.plan != draft.member.plan.id
        and each.granted
        and each.on(draft.on)
        and each.fits(draft.formulation)
        and each.is_about(own_codes(draft.regimen))
    ]
    if not found:
        return None
    first = min(found, key=lambda each: each.ends)
    return _fail(AlertCode.PA_WRONG_PAYER, first, {"ends_on": first.pa.ends_on})
