"""The reference's answer to a case file: the document of rulebook 11, texts left out."""

from datetime import date, datetime
from enum import Enum
from math import ceil
from typing import Any

from reference.alerts import Findings
from reference.checks import Row, rows
from reference.days import plus
from reference.fill_alerts import add_coverage_days, add_fill_findings
from reference.other_alerts import (
    add_claims,
    add_denials,
    add_refill_contact,
    add_requests,
    add_supply,
    clock_hours,
    first_refused,
)
from reference.safety import add_safety
from reference.supply import run_out
from reference.table import projected, table
from reference.world import World
from tracker.rules.facts import Case

FAR = 4000
DAYS_TRIED = 365


def answer(case: Case, as_of: date) -> dict[str, Any]:
    """The whole answer; `valid_until` by answering every one of the next 365 days."""
    found = answer_of_day(case, as_of)
    found["valid_until"] = None
    kept = what_counts(found)
    for count in range(1, DAYS_TRIED + 1):
        day = plus(as_of, count)
        if what_counts(answer_of_day(case, day)) != kept:
            found["valid_until"] = day.isoformat()
            break
    return found


def what_counts(found: dict[str, Any]) -> Any:
    """An answer without as_of, valid_until and facts."""
    fills = []
    for fill in found["fills"]:
        checks = [(each["check"], each["result"], each["code"]) for each in fill["checks"]]
        rest = [fill[key] for key in ("on", "days_supply", "plan", "units", "authorization", "ok")]
        fills.append((rest, checks))
    alerts = [
        (each["code"], each["severity"], str(each["about"]), str(each["harm_on"])) for each in found["alerts"]
    ]
    dates = [found[key] for key in ("run_out", "next_fill", "start_renewal_by", "earliest_denial")]
    return fills, sorted(alerts), dates


def answer_of_day(case: Case, as_of: date) -> dict[str, Any]:
    world = World(case, as_of)
    found = rows(world, table(world))
    findings = Findings(world)
    add_coverage_days(world, found, findings)
    add_fill_findings(world, found, findings)
    add_requests(world, found, findings)
    add_supply(world, found, findings)
    add_refill_contact(world, found, findings)
    add_denials(world, findings)
    add_claims(world, found, findings)
    add_safety(world, found, findings)
    return plain(
        {
            "format": "pa-answer/1",
            "as_of": as_of,
            "run_out": run_out(world, world.real),
            "next_fill": found[0].fill.on if found else far_ahead(world),
            "start_renewal_by": start_renewal_by(world, found),
            "earliest_denial": earliest_denial(world, found),
            "fills": [fill_of(row) for row in found],
            "alerts": findings.found,
        }
    )


def far_ahead(world: World):
    """The next fill where none falls within the 12 months."""
    following = projected(world, world.real, FAR)
    return following.on if following is not None else None


def fill_of(row: Row) -> dict[str, Any]:
    keys = ("check", "result", "code", "facts")
    return {
        "on": row.fill.on,
        "days_supply": row.fill.days_supply,
        "plan": row.payer.paying.plan if row.payer.paying is not None else None,
        "units": row.fill.units,
        "authorization": row.authorization,
        "ok": not row.failed,
        "checks": [{key: each[key] for key in keys} for each in row.checks],
    }


def start_renewal_by(world: World, found: list[Row]) -> date | None:
    harm = first_refused(found)
    if harm is None:
        return None
    row = next(each for each in found if each.fill.on == harm)
    assert row.payer.paying is not None
    hours = clock_hours(world, row.payer.paying.plan, False)
    assert hours is not None
    policy = world.policy
    return plus(harm, -policy.shipping_days - ceil(hours / 24) - policy.preparation_days)


def earliest_denial(world: World, found: list[Row]) -> dict[str, Any] | None:
    last = None
    for fill in world.real:
        if not fill.denied:
            last = fill.on
    for row in found:
        if row.failed:
            codes = [each["code"] for each in row.failed]
            return {"on": row.fill.on, "codes": codes, "last_covered_fill": last}
        last = row.fill.on
    return None


def plain(value: Any) -> Any:
    """As JSON has it."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value
