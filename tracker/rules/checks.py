"""The six checks of one fill, in order (rulebook 5): facts in, pass, fail or unknown with its facts out."""

from collections.abc import Mapping

from tracker.rules import parameters
from tracker.rules.answer import CheckResult, Facts
from tracker.rules.authorization import Permit
from tracker.rules.authorization_check import check_authorization
from tracker.rules.coverage import last_ended
from tracker.rules.desk import own_codes
from tracker.rules.draft import Draft
from tracker.rules.facts import QuantityLimit, Rule
from tracker.rules.quantity import Dispensed, against, days_supply_facts
from tracker.rules.steps_check import check_steps
from tracker.rules.words import AboutKind, AlertCode, AuthorizationKind, Check, Result

_SHOWN_FIRST = {Result.FAIL: 0, Result.UNKNOWN: 1, Result.PASS: 2}
_NO_LIMIT = CheckResult(Check.QUANTITY_LIMIT, Result.PASS, None, {})


def run_checks(draft: Draft) -> tuple[tuple[CheckResult, ...], Permit | None]:
    """All six checks, or coverage alone; with the authorization that is charged."""
    coverage = check_coverage(draft)
    if draft.payer.paying is None or coverage.code is AlertCode.NOT_COVERED:
        return (coverage,), None
    if coverage.code is AlertCode.BENEFIT_ROUTE_MISMATCH and _covered(draft).result is Result.FAIL:
        return (coverage,), None
    authorization, charged = check_authorization(draft)
    checks = (
        coverage,
        authorization,
        check_quantity(draft),
        check_days_supply(draft),
        check_too_soon(draft),
        check_steps(draft, charged),
    )
    return checks, charged


def check_coverage(draft: Draft) -> CheckResult:
    """Some coverage is in force, its route is right, and the drug is covered (rulebook 5.1)."""
    payer = draft.payer
    if payer.first is None:
        ended = last_ended(draft.desk.book, draft.on)
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
    covered = _covered(draft)
    if payer.missing and covered.result is not Result.FAIL:
        return CheckResult(Check.COVERAGE, Result.UNKNOWN, None, {"missing": payer.missing})
    return covered


_COVERED = CheckResult(Check.COVERAGE, Result.PASS, None, {})
_COVERED_PERHAPS = CheckResult(Check.COVERAGE, Result.UNKNOWN, None, {})


def _covered(draft: Draft) -> CheckResult:
    """The drug is covered by its rule or by a formulary exception in force; Part B asks no rule."""
    if draft.under_part_b:
        return _COVERED
    answers = {code: (rule.covered if rule else None) for code, rule in draft.rules.items()}
    open_codes = [code for code, covered in answers.items() if not covered]
    if not open_codes:
        return _COVERED
    exceptions = draft.in_force(AuthorizationKind.FORMULARY_EXCEPTION)
    left = [code for code in open_codes if not any(each.covers(code) for each in exceptions)]
    if not left:
        return CheckResult(Check.COVERAGE, Result.PASS, None, {"reason": "exception"})
    if any(answers[code] is False for code in left):
        about = draft.member.coverage.id
        return CheckResult(Check.COVERAGE, Result.FAIL, AlertCode.NOT_COVERED, {}, about, AboutKind.COVERAGE)
    return _COVERED_PERHAPS


def by_rule(rules: Mapping[str, Rule | None]) -> list[tuple[Rule | None, frozenset[str]]]:
    """Rules in the order of their codes, each with the codes that it holds for."""
    found: list[tuple[Rule | None, set[str]]] = []
    for code, rule in rules.items():
        same = next((codes for other, codes in found if other is rule), None)
        if same is None:
            found.append((rule, {code}))
        else:
            same.add(code)
    return [(rule, frozenset(codes)) for rule, codes in found]


def check_quantity(draft: Draft) -> CheckResult:
    """Within the quantity limit, or within that of an override in force (rulebook 5.3)."""
    found = [_quantity_of_rule(draft, rule, codes) for rule, codes in by_rule(draft.rules)]
    result, facts = min(found, key=lambda each: _SHOWN_FIRST[each[0]], default=(Result.PASS, {}))
    if result is Result.PASS and not facts:
        return _NO_LIMIT
    code, about, kind = None, None, None
    if result is Result.FAIL:
        code, about, kind = AlertCode.QL_EXCEEDED, draft.member.coverage.id, AboutKind.COVERAGE
    return CheckResult(Check.QUANTITY_LIMIT, result, code, facts, about, kind)


def _quantity_of_rule(draft: Draft, rule: Rule | None, codes: frozenset[str]) -> tuple[Result, Facts]:
    limit = rule.quantity_limit if rule else None
    if limit is False or (rule is None and draft.under_part_b):
        return Result.PASS, {}
    overrides = [
        each
        for each in draft.in_force(AuthorizationKind.QUANTITY_LIMIT_OVERRIDE)
        if all(each.covers(code) for code in codes)
    ]
    limits: list[QuantityLimit | bool | None] = [each.pa.quantity_limit for each in overrides] or [limit]
    held = codes | _held(draft, rule)
    found = [_against(draft, each, held, overridden=bool(overrides)) for each in limits]
    # Of several overrides the one that lets most pass counts.
    return max(found, key=lambda each: _SHOWN_FIRST[each[0]])


def _held(draft: Draft, rule: Rule | None) -> frozenset[str]:
    """The drug's own codes that a rule holds for: earlier fills may have used more of them than this one."""
    rules = draft.desk.rules(draft.payer.paying, draft.regimen, own_codes(draft.regimen), draft.on)
    return frozenset(code for code, other in rules.items() if other is rule)


def _against(
    draft: Draft, limit: QuantityLimit | bool | None, held: frozenset[str], *, overridden: bool
) -> tuple[Result, Facts]:
    if isinstance(limit, QuantityLimit):
        fill = Dispensed(draft.on, draft.days, draft.regimen, draft.units)
        return against(limit, fill, draft.earlier, held)
    return (Result.PASS if overridden else Result.UNKNOWN), {}


def check_days_supply(draft: Draft) -> CheckResult:
    """Days supply within the lowest limit of the rules and of Medicare Part B (rulebook 5.4)."""
    limits = [rule.max_days_supply for rule in draft.rules.values() if rule]
    part_b = parameters.on(parameters.PART_B_DAYS_SUPPLY, draft.on).value if draft.under_part_b else None
    passes, facts = days_supply_facts(limits, part_b, draft.days)
    if passes:
        return CheckResult(Check.DAYS_SUPPLY, Result.PASS, None, facts)
    about = draft.member.coverage.id
    return CheckResult(
        Check.DAYS_SUPPLY, Result.FAIL, AlertCode.DAYS_SUPPLY_EXCEEDED, facts, about, AboutKind.COVERAGE
    )


def check_too_soon(draft: Draft) -> CheckResult:
    """Not before the payer's first day; an override lets it pass, not for Part B (rulebook 5.5)."""
    earliest, code = draft.window.earliest, draft.window.code
    part_b = code is AlertCode.DELIVERY_TOO_EARLY
    facts: Facts = {"deliver_not_before": earliest} if part_b else {"earliest": earliest, "override": None}
    if earliest is None or draft.on >= earliest:
        return CheckResult(Check.TOO_SOON, Result.PASS, None, facts)
    about, kind = draft.on.isoformat(), AboutKind.PLANNED_FILL
    if draft.override is not None and not part_b:
        facts = {"earliest": earliest, "override": draft.override.kind}
        return CheckResult(Check.TOO_SOON, Result.PASS, code, facts, about, kind)
    return CheckResult(Check.TOO_SOON, Result.FAIL, code, facts, about, kind)
