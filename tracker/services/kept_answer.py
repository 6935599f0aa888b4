"""The kept answer of a check, read back from its document: what every page shows and none works out again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Any

from tracker.rules.words import AlertCode, Check, Result


class FillResult(StrEnum):
    """What a fill's row says. The first two are of fills to come, the others of fills on file."""

    COVERED = "covered"
    REFUSED = "refused"
    VERIFY = "verify"
    PAID = "paid"
    DENIED = "denied"
    PENDING = "pending"
    FILLED = "filled"
    REVERSED = "reversed"


REFUSALS = frozenset({FillResult.REFUSED, FillResult.DENIED})


@dataclass(frozen=True, slots=True)
class KeptCheck:
    check: Check
    result: Result
    code: AlertCode | None
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class KeptFill:
    """One fill to come. Plan, coverage, authorization and regimen are ids; units None: not known."""

    on: date
    days_supply: int
    plan: str | None
    coverage: str | None
    authorization: str | None
    regimen: str | None
    units: Mapping[str, int] | None
    ok: bool
    planned: bool
    runs_out_on: date
    override: str | None
    checks: tuple[KeptCheck, ...]

    @property
    def result(self) -> FillResult:
        if not self.ok:
            return FillResult.REFUSED
        if any(each.result is Result.UNKNOWN for each in self.checks):
            return FillResult.VERIFY
        return FillResult.COVERED

    @property
    def codes(self) -> tuple[AlertCode, ...]:
        """The findings of its failed checks, in the order of the checks."""
        return tuple(each.code for each in self.checks if each.result is Result.FAIL and each.code)


# The cause in a few words, from the facts of the failed check; without them the code's own label.
CAUSES: Mapping[AlertCode, str] = {
    AlertCode.PA_EXPIRED: "PA ended {expired_on}",
    AlertCode.PA_EXPIRES_BEFORE_REFILL: "PA ends {ends_on}, before this fill",
    AlertCode.PA_GAP: "No PA from {gap_start} to {gap_end}",
    AlertCode.PA_NOT_YET_EFFECTIVE: "PA starts only on {effective_on}",
    AlertCode.PA_UNITS_EXHAUSTED: "PA has no units {code} left, {needed} needed",
    AlertCode.PA_UNITS_INSUFFICIENT: "PA has {remaining} units {code} left, {needed} needed",
    AlertCode.PA_MISSING_FOR_CODE: "PA does not name {code_missing}",
    AlertCode.REFILL_AT_RISK: "PA is not decided yet",
    AlertCode.NO_COVERAGE: "No coverage after {coverage_end}",
    AlertCode.QL_EXCEEDED: "Over the limit: {requested} asked, {limit} allowed",
    AlertCode.DAYS_SUPPLY_EXCEEDED: "{requested} days asked, {limit} allowed",
    AlertCode.REFILL_TOO_SOON: "Too soon before {earliest}",
    AlertCode.DELIVERY_TOO_EARLY: "No delivery before {deliver_not_before}",
    AlertCode.STEP_THERAPY_UNMET: "Step {step} of the step therapy is not met",
    AlertCode.STEP_LOOKBACK_EXPIRED: "Trial ended {trial_end}; the payer looks back to {lookback_start}",
}


def fills(document: Mapping[str, Any] | None) -> list[KeptFill]:
    """The fills of an answer document, in its order; none if there is no answer yet."""
    return read_fills(document.get("fills", ()) if document else ())


def read_fills(rows: Sequence[Mapping[str, Any]]) -> list[KeptFill]:
    return [_fill(row) for row in rows]


def cause(fill: KeptFill) -> str:
    """Why a fill is refused, or what must be verified; empty for a covered one."""
    failed = [each for each in fill.checks if each.result is Result.FAIL]
    if failed:
        return "; ".join(_cause(each) for each in failed)
    unknown = [each.check.label.lower() for each in fill.checks if each.result is Result.UNKNOWN]
    if len(unknown) > 2:
        return f"Verify with the payer: {len(unknown)} of {len(fill.checks)} checks"
    return f"Verify with the payer: {', '.join(unknown)}" if unknown else ""


def _cause(check: KeptCheck) -> str:
    if check.code is None:
        return f"{check.check.label} fails"
    sentence = CAUSES.get(check.code)
    known = {name: value for name, value in check.facts.items() if value is not None}
    try:
        return sentence.format_map(known) if sentence else check.code.label
    except KeyError:
        return check.code.label


def _fill(row: Mapping[str, Any]) -> KeptFill:
    override, on = row.get("override"), date.fromisoformat(row["on"])
    runs_out = row.get("runs_out_on")
    return KeptFill(
        on=on,
        days_supply=row["days_supply"],
        plan=row.get("plan"),
        coverage=row.get("coverage"),
        authorization=row.get("authorization"),
        regimen=row.get("regimen"),
        units=row.get("units"),
        ok=row["ok"],
        planned=row.get("planned", False),
        runs_out_on=date.fromisoformat(runs_out) if runs_out else on + timedelta(days=row["days_supply"]),
        override=override["kind"].replace("_", " ") if override else None,
        checks=tuple(_check(each) for each in row["checks"]),
    )


def _check(row: Mapping[str, Any]) -> KeptCheck:
    code = row.get("code")
    return KeptCheck(
        check=Check(row["check"]),
        result=Result(row["result"]),
        code=AlertCode(code) if code else None,
        facts=row.get("facts") or {},
    )
