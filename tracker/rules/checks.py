"""The six checks of one fill, in order (rulebook 5): facts in, pass, fail or unknown with its facts out."""

from collections.abc import Sequence
from datetime import date
from typing import Final, TypeAlias

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Facts
from tracker.rules.authorization import Permit
from tracker.rules.authorization_check import check_authorization
from tracker.rules.coverage import last_ended
from tracker.rules.dates import plus
from tracker.rules.draft import Draft, SoFar
from tracker.rules.facts import QuantityLimit, Rule
from tracker.rules.quantity import Dispensed, against, days_supply_facts
from tracker.rules.steps_check import check_steps, steps_without_trials
from tracker.rules.terms import Alike, Dispensing, Limit, Limits, Terms
from tracker.rules.words import AboutKind, AlertCode, AuthorizationKind, Check, LimitMethod, Result

Made: TypeAlias = Sequence[tuple[date, Dispensing]]
Judged: TypeAlias = tuple[Result, Facts]

_SHOWN_FIRST: Final = {Result.FAIL: 0, Result.UNKNOWN: 1, Result.PASS: 2}
_NO_LIMIT: Final = CheckResult(Check.QUANTITY_LIMIT, Result.PASS, None, {})


def run_checks(draft: Draft, sofar: SoFar) -> tuple[tuple[CheckResult, ...], Permit | None]:
    """All six checks, or coverage alone; with the authorization that is charged."""
    terms = draft.terms
    alike = terms.shared.alike
    if alike is None:
        alike = terms.shared.alike = _alike(terms)
    if alike.alone:
        return (alike.coverage,), None
    authorization, charged = check_authorization(draft, sofar)
    checks = (
        alike.coverage,
        authorization,
        alike.quantity or check_quantity(terms, alike.limits, draft.on, sofar.made),
        alike.days_supply or check_days_supply(terms),
        check_too_soon(draft),
        alike.steps or check_steps(terms, sofar, charged),
    )
    return checks, charged


def _alike(terms: Terms) -> Alike:
    """The checks that need to be made but once on the same terms."""
    coverage = check_coverage(terms)
    if terms.payer.paying is None or coverage.code is AlertCode.NOT_COVERED:
        return Alike(coverage, alone=True)
    if coverage.code is AlertCode.BENEFIT_ROUTE_MISMATCH and _covered(terms).result is Result.FAIL:
        return Alike(coverage, alone=True)
    limits = _limits(terms)
    return Alike(
        coverage,
        alone=False,
        limits=limits,
        quantity=None if _counts_back(limits) else check_quantity(terms, limits, terms.day, ()),
        days_supply=check_days_supply(terms),
        steps=steps_without_trials(terms),
    )


def check_coverage(terms: Terms) -> CheckResult:
    """Some coverage is in force, its route is right, and the drug is covered (rulebook 5.1)."""
    payer = terms.payer
    if payer.first is None:
        ended = last_ended(terms.desk.book, terms.day)
        return CheckResult(
            Check.COVERAGE,
            Result.FAIL,
            AlertCode.NO_COVERAGE,
            {"coverage_end": ended.ends_on if ended else None},
            ended.coverage.id if ended else None,
            AboutKind.COVERAGE,
        )
    if payer.correct_route is not None:
        return CheckResult(
            Check.COVERAGE,
            Result.FAIL,
            AlertCode.BENEFIT_ROUTE_MISMATCH,
            {"correct_route": payer.correct_route},
            payer.first.coverage.id,
            AboutKind.COVERAGE,
        )
    covered = _covered(terms)
    if payer.missing and covered.result is not Result.FAIL:
        return CheckResult(Check.COVERAGE, Result.UNKNOWN, None, {"missing": payer.missing})
    return covered


_COVERED: Final = CheckResult(Check.COVERAGE, Result.PASS, None, {})
_COVERED_PERHAPS: Final = CheckResult(Check.COVERAGE, Result.UNKNOWN, None, {})


def _covered(terms: Terms) -> CheckResult:
    """The drug is covered by its rule or by a formulary exception in force; Part B asks no rule."""
    if terms.part_b:
        return _COVERED
    answers = {code: (rule.covered if rule else None) for code, rule in terms.rules.items()}
    open_codes = [code for code, covered in answers.items() if not covered]
    if not open_codes:
        return _COVERED
    exceptions = terms.in_force(AuthorizationKind.FORMULARY_EXCEPTION)
    left = [code for code in open_codes if not any(each.covers(code) for each in exceptions)]
    if not left:
        return CheckResult(Check.COVERAGE, Result.PASS, None, {"reason": "exception"})
    if any(answers[code] is False for code in left):
        about = terms.member.coverage.id
        return CheckResult(Check.COVERAGE, Result.FAIL, AlertCode.NOT_COVERED, {}, about, AboutKind.COVERAGE)
    return _COVERED_PERHAPS


def check_quantity(terms: Terms, limits: Limits, on: date, made: Made) -> CheckResult:
    """Within the quantity limit, or within that of an override in force (rulebook 5.3)."""
    shown: Judged | None = None
    for each, held in limits:
        found = _within(terms, on, made, each, held)
        if shown is None or _SHOWN_FIRST[found[0]] < _SHOWN_FIRST[shown[0]]:
            shown = found
    result, facts = shown or (Result.PASS, {})
    if result is Result.PASS and not facts:
        return _NO_LIMIT
    code, about, kind = None, None, None
    if result is Result.FAIL:
        code, about, kind = AlertCode.QL_EXCEEDED, terms.member.coverage.id, AboutKind.COVERAGE
    return CheckResult(Check.QUANTITY_LIMIT, result, code, facts, about, kind)


def _limits(terms: Terms) -> Limits:
    """The limits of each rule, with the codes that it holds for.

    Overrides in force replace the rule's; one without a limit of its own lets any quantity pass.
    """
    found: list[tuple[list[Limit], frozenset[str]]] = []
    for rule, codes in terms.by_rule:
        limit: Limit = rule.quantity_limit if rule else None
        if limit is False or (rule is None and terms.part_b):
            found.append(([False], frozenset(codes)))
            continue
        overrides: list[Limit] = [
            each.pa.quantity_limit or False
            for each in terms.in_force(AuthorizationKind.QUANTITY_LIMIT_OVERRIDE)
            if all(each.covers(code) for code in codes)
        ]
        found.append((overrides or [limit], _held(terms, rule).union(codes)))
    return found


def _held(terms: Terms, rule: Rule | None) -> frozenset[str]:
    """The drug's own codes that a rule holds for: earlier fills may have used more of them than this one."""
    own = terms.dispensing.own
    rules = terms.desk.rules(terms.payer.paying, own, own, terms.day)
    return frozenset(code for code, other in rules.items() if other is rule)


def _counts_back(limits: Limits) -> bool:
    """Does a rolling limit look at the fills before this one?"""
    return any(
        isinstance(limit, QuantityLimit) and limit.method is LimitMethod.ROLLING
        for each, _ in limits
        for limit in each
    )


def _within(terms: Terms, on: date, made: Made, limits: Sequence[Limit], held: frozenset[str]) -> Judged:
    """Of several overrides the one that lets most pass counts."""
    best = _against(terms, on, made, limits[0], held)
    for limit in limits[1:]:
        found = _against(terms, on, made, limit, held)
        if _SHOWN_FIRST[found[0]] > _SHOWN_FIRST[best[0]]:
            best = found
    return best


def _against(terms: Terms, on: date, made: Made, limit: Limit, held: frozenset[str]) -> Judged:
    if not isinstance(limit, QuantityLimit):
        return (Result.PASS if limit is False else Result.UNKNOWN), {}
    now = terms.dispensing
    fill = Dispensed(on, now.days, now.regimen, now.units)
    if limit.method is not LimitMethod.ROLLING:
        return against(limit, fill, (), held)
    start = plus(on, 1 - limit.per_days)
    earlier = terms.desk.dispensed_from(start)
    earlier += [Dispensed(day, each.days, each.regimen, each.units) for day, each in made if day >= start]
    return against(limit, fill, earlier, held)


def check_days_supply(terms: Terms) -> CheckResult:
    """Days supply within the lowest limit of the rules and of Medicare Part B (rulebook 5.4)."""
    limits = [rule.max_days_supply for rule in terms.rules.values() if rule]
    part_b = parameters.on(parameters.PART_B_DAYS_SUPPLY, terms.day).value if terms.part_b else None
    passes, facts = days_supply_facts(limits, part_b, terms.dispensing.days)
    if passes:
        return CheckResult(Check.DAYS_SUPPLY, Result.PASS, None, facts)
    about = terms.member.coverage.id
    return CheckResult(
        Check.DAYS_SUPPLY, Result.FAIL, AlertCode.DAYS_SUPPLY_EXCEEDED, facts, about, AboutKind.COVERAGE
    )


def check_too_soon(draft: Draft) -> CheckResult:
    """Not before the payer's first day; an override lets it pass, not for Part B (rulebook 5.5)."""
    on, earliest, part_b = draft.on, draft.earliest, draft.terms.part_b
    facts: Facts = {"deliver_not_before": earliest} if part_b else {"earliest": earliest, "override": None}
    if earliest is None or on >= earliest:
        return CheckResult(Check.TOO_SOON, Result.PASS, None, facts)
    code = AlertCode.DELIVERY_TOO_EARLY if part_b else AlertCode.REFILL_TOO_SOON
    about, kind = on.isoformat(), AboutKind.PLANNED_FILL
    override = draft.planned.override if draft.planned else None
    if override is not None and not part_b:
        facts = {"earliest": earliest, "override": override.kind}
        return CheckResult(Check.TOO_SOON, Result.PASS, code, facts, about, kind)
    return CheckResult(Check.TOO_SOON, Result.FAIL, code, facts, about, kind)
