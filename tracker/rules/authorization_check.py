"""The authorization check of one fill (rulebook 5.2) and the name of its failure."""

from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Final

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Fact
from tracker.rules.authorization import IN_PROGRESS, Ledger, Permit, pick
from tracker.rules.book import Book, Member, regimen_on
from tracker.rules.coverage import member_since
from tracker.rules.dates import days_between, plus
from tracker.rules.draft import Draft, SoFar, paid_within_year
from tracker.rules.facts import Regimen
from tracker.rules.request_date import note_as_of_request, request_on
from tracker.rules.terms import Around, Terms
from tracker.rules.today import Today
from tracker.rules.units import Units
from tracker.rules.words import (
    AboutKind,
    AlertCode,
    AuthorizationKind,
    AuthorizationStatus,
    Check,
    LineOfBusiness,
    Result,
)

_PA: Final = AuthorizationKind.PRIOR_AUTHORIZATION
_PASS: Final = CheckResult(Check.AUTHORIZATION, Result.PASS, None, {})
_UNKNOWN: Final = CheckResult(Check.AUTHORIZATION, Result.UNKNOWN, None, {})
# What a new Medicare Advantage plan may not refuse for in the first 90 days (rulebook 7.8).
_CONTINUED: Final = frozenset({AlertCode.PA_MISSING, AlertCode.PA_WRONG_PAYER, AlertCode.REFILL_AT_RISK})


def check_authorization(draft: Draft, sofar: SoFar) -> tuple[CheckResult, Permit | None]:
    """If a rule asks for PA, one of the paying plan must be in force with every code and units left.

    With the authorization that is charged.
    """
    terms = draft.terms
    if terms.part_b or not (terms.asked or terms.unsure):
        return _PASS, None
    if terms.dispensing.units is None:
        return _of_unknown_units(draft, sofar), None
    found = pick(terms.granted, sofar.ledger, terms.needed)
    if found is not None:
        return (_UNKNOWN if terms.unsure else _PASS), found
    if not terms.asked:
        return _UNKNOWN, None
    if not terms.unsure:
        return _refused(draft, sofar, terms.needed, unsure=False), None
    sure = terms.units_of(tuple(terms.asked))
    found = pick(terms.granted, sofar.ledger, sure)
    if found is not None:
        return _UNKNOWN, found
    return _refused(draft, sofar, sure, unsure=True), None


def _of_unknown_units(draft: Draft, sofar: SoFar) -> CheckResult:
    """With an authorization in force the check is unknown: nobody knows the units."""
    if not draft.terms.asked or draft.terms.granted:
        return _UNKNOWN
    return _refused(draft, sofar, {}, unsure=bool(draft.terms.unsure))


def _refused(draft: Draft, sofar: SoFar, needed: Units, *, unsure: bool) -> CheckResult:
    """A failed check, unless the patient need not ask: already on the drug, or in the continuity window."""
    terms = draft.terms
    if terms.new_starts_only and _already_on_drug(terms, sofar.today):
        if unsure:
            return _UNKNOWN
        return CheckResult(Check.AUTHORIZATION, Result.PASS, None, {"reason": "already_on_drug"})
    named = name_refusal(draft, sofar, needed)
    if named.code in _CONTINUED:
        limit = continuity_until(terms)
        if limit is not None and draft.on <= limit:
            return CheckResult(
                Check.AUTHORIZATION,
                Result.PASS,
                AlertCode.CONTINUITY_WINDOW_ACTIVE,
                {"limit_date": limit},
                terms.member.coverage.id,
                AboutKind.COVERAGE,
            )
    return named


def _already_on_drug(terms: Terms, today: Today) -> bool:
    asked_on = request_on(terms, None) or note_as_of_request(terms, today, ())
    return paid_within_year(terms, asked_on)


def continuity_until(terms: Terms) -> date | None:
    """Last day of a new Medicare Advantage plan's continuity; None if the course began under it."""
    return continued_until(terms.desk.book, terms.member, terms.dispensing.regimen)


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


def name_refusal(draft: Draft, sofar: SoFar, needed: Units) -> CheckResult:
    """The first that applies of: units, code or product, ended, later or asked, other plan, none."""
    terms = draft.terms
    if terms.granted:
        return _too_few_units(terms, sofar.ledger, needed) or _lacks_code(terms.granted, needed)
    around = _around(terms)
    return (
        _other_product(around.unfit)
        or _by_time(draft, sofar, around)
        or _other_plan(terms)
        or CheckResult(
            Check.AUTHORIZATION,
            Result.FAIL,
            AlertCode.PA_MISSING,
            {},
            terms.member.coverage.id,
            AboutKind.COVERAGE,
        )
    )


def _too_few_units(terms: Terms, ledger: Ledger, needed: Units) -> CheckResult | None:
    """Of several the one that lasts longest. A code it lacks is not short of units: that is named next."""
    listed = [(each, {code: n for code, n in needed.items() if each.covers(code)}) for each in terms.granted]
    found = [(each, mine) for each, mine in listed if not ledger.enough(each, mine)]
    if not found:
        return None
    lasting = [(_scarcest(terms, ledger, each, mine), each) for each, mine in found]
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


def _scarcest(terms: Terms, ledger: Ledger, permit: Permit, needed: Units) -> tuple[int, str, int]:
    """Days supply that the units left last, the code that runs out first, and its units."""
    lefts = [(ledger.left(permit, code), code, count) for code, count in needed.items()]
    limited = [(Fraction(left, count), code, left) for left, code, count in lefts if left is not None]
    share, code, left = min(limited, key=lambda each: each[0])
    return int(share * terms.dispensing.days), code, left


def _lacks_code(granted: Sequence[Permit], needed: Units) -> CheckResult:
    """None of them is short of units, so each lacks a code."""
    lacking = ((permit, code) for permit in granted for code in needed if not permit.covers(code))
    permit, code = next(lacking)
    facts: dict[str, Fact] = {"code_missing": code, "units_needed": needed[code]}
    return _fail(AlertCode.PA_MISSING_FOR_CODE, permit, facts)


def _other_product(unfit: Permit | None) -> CheckResult | None:
    return _fail(AlertCode.PA_PRODUCT_MISMATCH, unfit, {"ends_on": unfit.pa.ends_on}) if unfit else None


def _around(terms: Terms) -> Around:
    """The plan's authorizations and requests, looked up once for all fills on these terms."""
    found = terms.around
    if found is None:
        permits, formulation = terms.permits(_PA), terms.dispensing.formulation
        granted = [each for each in permits if each.granted and each.fits(formulation)]
        ended = [each for each in granted if each.ends < terms.day]
        later = [each for each in granted if each.pa.starts_on and each.pa.starts_on > terms.day]
        last = max(ended, key=lambda each: each.ends, default=None)
        denied = [each for each in permits if each.pa.status is AuthorizationStatus.DENIED]
        found = terms.around = Around(
            unfit=next(iter(terms.valid(_PA)), None),
            ended=last,
            renewal=next((each for each in reversed(denied) if last and each.pa.renews == last.pa.id), None),
            later=min(later, key=lambda each: each.pa.starts_on or date.min, default=None),
            asked=next((each for each in reversed(permits) if each.pa.status in IN_PROGRESS), None),
            denied=denied[-1] if denied else None,
        )
    return found


def _by_time(draft: Draft, sofar: SoFar, around: Around) -> CheckResult | None:
    """Ended before the fill, else only a later one, else a request."""
    ended, later, asked, denied = around.ended, around.later, around.asked, around.denied
    if ended is not None:
        return _ended(draft, sofar, ended, around)
    if later is not None and later.pa.starts_on is not None:
        starts = later.pa.starts_on
        facts: dict[str, Fact] = {
            "effective_on": starts,
            "days_until": days_between(sofar.today.day, starts),
        }
        return _fail(AlertCode.PA_NOT_YET_EFFECTIVE, later, facts)
    if asked is not None:
        facts = {"due_on": draft.on, "days_until": days_between(sofar.today.day, draft.on)}
        return _fail(AlertCode.REFILL_AT_RISK, asked, facts)
    if denied is None:
        return None
    renewed = draft.terms.desk.book.authorizations.get(denied.pa.renews or "")
    return _fail(AlertCode.PA_DENIED, denied, {"ends_on": renewed.ends_on if renewed else None})


def _ended(draft: Draft, sofar: SoFar, ended: Permit, around: Around) -> CheckResult:
    """PA_DENIED (its renewal was), PA_EXPIRED, PA_GAP or PA_EXPIRES_BEFORE_REFILL, about the last to end."""
    end, today = ended.ends, sofar.today
    renewal_denied, later, asked = around.renewal, around.later, around.asked
    if renewal_denied and asked is None and later is None:
        return _fail(AlertCode.PA_DENIED, renewal_denied, {"ends_on": end})
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
        "early_fill_window": _early_fill_window(sofar, end),
        "renewal": renewal,
    }
    return _fail(AlertCode.PA_EXPIRES_BEFORE_REFILL, ended, facts)


def _early_fill_window(sofar: SoFar, end: date) -> tuple[date, date] | None:
    """First day from today, after the last fill, that is not too soon .. the authorization's end."""
    first = sofar.first_possible()
    return (first, end) if first <= end else None


def _other_plan(terms: Terms) -> CheckResult | None:
    """An authorization of another plan, valid on that date."""
    plan, filled = terms.member.plan.id, terms.dispensing
    found = [
        each
        for each in terms.desk.permits
        if each.pa.kind is _PA
        and each.pa.plan != plan
        and each.granted
        and each.on(terms.day)
        and each.fits(filled.formulation)
        and each.is_about(filled.own)
    ]
    if not found:
        return None
    first = min(found, key=lambda each: each.ends)
    return _fail(AlertCode.PA_WRONG_PAYER, first, {"ends_on": first.pa.ends_on})
