"""What was asked beside what was approved, term by term: the difference, and the day on which it bites."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.rules.words import AlertCode, AuthorizationStatus, Check, Result
from tracker.services.kept_answer import KeptFill

CLOSED = frozenset(
    {AuthorizationStatus.DENIED, AuthorizationStatus.CANCELLED, AuthorizationStatus.LAPSED_ON_PURPOSE}
)
OUT_OF_UNITS = frozenset({AlertCode.PA_UNITS_EXHAUSTED, AlertCode.PA_UNITS_INSUFFICIENT})


@dataclass(frozen=True, slots=True)
class Term:
    """`kind`: ok (as asked or wider), part (less, harmless so far), bad (a fill is hit), or none of them."""

    name: str
    asked: str
    approved: str
    kind: str
    difference: str


def terms(row: Authorization, to_come: Sequence[KeptFill], *, granted: bool) -> list[Term]:
    """Every term that was asked for or approved; without a decision nothing is compared yet."""
    return [
        *_from(row, to_come, granted),
        *_to(row, to_come, granted),
        *(_units(row, line, to_come, granted) for line in row.lines),
    ]


def _undecided(row: Authorization) -> str:
    """What stands in place of an approval."""
    return row.status.label if row.status in CLOSED else "not decided"


def _said(day: date | None) -> str:
    return f"{day:%a} {day}" if day else "not on file"


def _from(row: Authorization, to_come: Sequence[KeptFill], granted: bool) -> Iterator[Term]:
    asked, given = row.requested_starts_on, row.starts_on
    approved = (_said(given) if given else "no first day") if granted else _undecided(row)
    if not granted or asked is None:
        yield Term("From", _said(asked), approved, "", "")
    elif given is not None and given > asked:
        hit = next((each for each in to_come if asked <= each.on < given and _refused(row, each)), None)
        later = f"{_days((given - asked).days)} later"
        yield Term("From", _said(asked), approved, *_bites(later, hit))
    else:
        yield Term("From", _said(asked), approved, "ok", "as asked" if given == asked else "wider than asked")


def _to(row: Authorization, to_come: Sequence[KeptFill], granted: bool) -> Iterator[Term]:
    asked, given = row.requested_ends_on, row.ends_on
    approved = (_said(given) if given else "no last day") if granted else _undecided(row)
    if not granted or asked is None:
        yield Term("Through", _said(asked), approved, "", "")
    elif given is not None and given < asked:
        hit = next((each for each in to_come if given < each.on <= asked and _refused(row, each)), None)
        shorter = f"{_days((asked - given).days)} shorter"
        yield Term("Through", _said(asked), approved, *_bites(shorter, hit))
    else:
        same = "as asked" if given == asked else "wider than asked"
        yield Term("Through", _said(asked), approved, "ok", same)


def _units(row: Authorization, line: AuthorizationLine, to_come: Sequence[KeptFill], granted: bool) -> Term:
    name = f"{line.code} units"
    asked = _amount(line.requested_units, line.code, to_come) if line.requested else "not asked"
    if not granted:
        return Term(name, asked, _undecided(row), "", "")
    if not line.approved:
        hit = next((each for each in to_come if _lacks(row, each, line.code)), None)
        return Term(name, asked, "not approved", *_bites("code left out", hit))
    approved = _amount(line.units, line.code, to_come)
    if not line.requested:
        return Term(name, asked, approved, "", "")
    if line.units is None or (line.requested_units is not None and line.units >= line.requested_units):
        same = line.units == line.requested_units
        return Term(name, asked, approved, "ok", "as asked" if same else "wider than asked")
    fewer = f"{line.requested_units - line.units:,} fewer" if line.requested_units else "limited"
    hit = next((each for each in to_come if _runs_out(each, row, line.code)), None)
    if hit is None:
        end = "before PA ends" if row.ends_on else "within 12 months"
        return Term(name, asked, approved, "part", f"{fewer}, does not bite {end}")
    return Term(name, asked, approved, *_bites(fewer, hit))


def _bites(difference: str, hit: KeptFill | None) -> tuple[str, str]:
    if hit is None:
        return "part", difference
    return "bad", f"{difference}: fill on {hit.on:%a} {hit.on} refused"


def _refused(row: Authorization, fill: KeptFill) -> bool:
    """For want of an authorization of this plan; what another plan refuses is not this one's doing."""
    return fill.plan == row.plan_id and any(
        each.check is Check.AUTHORIZATION and each.result is Result.FAIL for each in fill.checks
    )


def _lacks(row: Authorization, fill: KeptFill, code: str) -> bool:
    return fill.plan == row.plan_id and any(
        each.code is AlertCode.PA_MISSING_FOR_CODE and each.facts.get("code_missing") == code
        for each in fill.checks
    )


def _runs_out(fill: KeptFill, row: Authorization, code: str) -> bool:
    inside = (row.starts_on or fill.on) <= fill.on <= (row.ends_on or fill.on)
    return inside and any(
        each.code in OUT_OF_UNITS and each.facts.get("code") == code for each in fill.checks
    )


def _amount(units: int | None, code: str, to_come: Sequence[KeptFill]) -> str:
    """`720 (12 fills)`, by what the next fill takes."""
    if units is None:
        return "no limit"
    one = next((each.units[code] for each in to_come if each.units and each.units.get(code)), None)
    count = units // one if one else 0
    fills = f" ({count} {'fill' if count == 1 else 'fills'})" if count else ""
    return f"{units:,}{fills}"


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"
