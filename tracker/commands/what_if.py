"""`tracker what-if`: the same decision on changed facts, both answers side by side. Nothing is saved."""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import click

from tracker.commands import bridges
from tracker.rules.answer import Alert, TableFill
from tracker.rules.bridge import bridge_plan
from tracker.rules.casefile import BadCase, answer_document, case_from
from tracker.rules.casefile_json import LIMIT_BYTES, document_of, one_line
from tracker.rules.check import check
from tracker.rules.facts import Case
from tracker.rules.what_if import AlertChange, Comparison, FillPair, compare
from tracker.rules.wording import count, spoken
from tracker.rules.words import Mark, Result

_REFUSED = 2
_STEP = re.compile(r"([A-Za-z_][A-Za-z0-9_-]*)|\[(\d{1,4}|\+)\]")


@click.command("what-if")
@click.argument("now", metavar="NOW.json")
@click.argument("then", metavar="[CHANGED.json]", required=False)
@click.option(
    "--set", "changes", multiple=True, metavar="PATH=VALUE", help="Change one fact; may be repeated."
)
@click.option("--json", "as_json", is_flag=True, help="Print both answers and their differences as JSON.")
def what_if(now: str, then: str | None, changes: Sequence[str], as_json: bool) -> None:
    """Compare a case with the same case on changed facts.

    Give a second case file, or one or more --set. A path is as in a refusal: patient.regimens[0].dose_mg;
    [+] appends to a list; a value is JSON, or a text as it stands. Nothing is saved.

    Example: tracker what-if now.json changed.json

    \b
      tracker what-if now.json --set patient.regimens[0].dose_mg=150
      tracker what-if now.json --set 'patient.planned_fills[+]={"on": "2026-06-30", "days_supply": 30}'
    """
    if bool(then) == bool(changes):
        raise click.UsageError("Give a second case file, or --set, one of them.")
    try:
        first = _document(now)
        second = _document(then) if then else _changed(_document(now), changes)
        before, after = case_from(first), case_from(second)
    except (BadCase, OSError) as error:
        click.echo(_refusal(error), err=True)
        sys.exit(_REFUSED)
    click.echo(json.dumps(_as_document(before, after)) if as_json else "\n".join(_told(before, after)))


def _document(file: str) -> Any:
    with Path(file).open("rb") as stream:
        return document_of(stream.read(LIMIT_BYTES + 1))


def _refusal(error: BadCase | OSError) -> str:
    if isinstance(error, BadCase):
        return str(error)
    return f"{one_line(str(error.filename))}: {error.strerror or 'cannot be read'}"


def _changed(document: Any, changes: Sequence[str]) -> Any:
    for change in changes:
        path, equals, value = change.partition("=")
        if not equals:
            raise BadCase(change, "write PATH=VALUE")
        _put(document, path.strip(), _value(value))
    return document


def _value(text: str) -> Any:
    """JSON where it is JSON, else the text itself: a date needs no quotes."""
    try:
        return document_of(text)
    except BadCase:
        return text


def _put(document: Any, path: str, value: Any) -> None:
    """Set what a path leads to; every step but the last must be there."""
    found = list(_STEP.finditer(path))
    if not found or re.sub(r"\.", "", _STEP.sub("", path)):
        raise BadCase(path, "is no path, as in patient.regimens[0].dose_mg")
    steps = [match[1] or (None if match[2] == "+" else int(match[2])) for match in found]
    here = document
    for number, step in enumerate(steps):
        last = number == len(steps) - 1
        if isinstance(step, str) and isinstance(here, dict):
            if last:
                here[step] = value
            elif step not in here and steps[number + 1] is None:
                here[step] = []
            here = here.get(step)
        elif isinstance(here, list) and step is None and last:
            here.append(value)
        elif isinstance(here, list) and isinstance(step, int) and step < len(here):
            if last:
                here[step] = value
            here = here[step]
        else:
            raise BadCase(path, "leads to nothing in this case")


# -------------------------------------------------------------------------------------------- words


def _told(before: Case, after: Case) -> Iterator[str]:
    """Dates, alerts and fills, now and changed; then the ways over what is left."""
    found = compare(check(before, before.as_of), check(after, after.as_of))
    yield f"What if, on {spoken(before.as_of)}" + ("" if found.differs else ": nothing would differ")
    yield f"  {'':20} {'Now':<16} If changed"
    for figure in found.figures:
        mark = "  changed" if figure.changed else ""
        yield f"  {figure.label:20} {_day(figure.now):<16} {_day(figure.then):<14}{mark}".rstrip()
    yield ""
    yield f"Alerts that differ: {len(found.alerts)}; {found.alerts_kept} stay as they are"
    for alert in found.alerts:
        yield from _alert(alert)
    yield ""
    yield "Fills of the next 12 months"
    for pair in found.fills:
        yield _pair(pair)
    yield from bridges.told(bridge_plan(after, after.as_of))


def _day(day: date | None) -> str:
    return "none" if day is None else spoken(day)


def _alert(each: AlertChange) -> Iterator[str]:
    shown = each.then or each.now
    assert shown is not None
    severity = shown.severity.label
    if each.now and each.then and each.now.severity is not each.then.severity:
        severity = f"{each.now.severity.label}, then {severity}"
    yield f"  {each.mark.label:14} {severity}: {shown.message}"


def _pair(pair: FillPair) -> str:
    mark = "" if pair.mark is Mark.SAME else pair.mark.label
    return f"  {_fill(pair.now):<52} {_fill(pair.then):<52} {mark}".rstrip()


def _fill(fill: TableFill | None) -> str:
    if fill is None:
        return "no fill"
    failed = [each.code.label for each in fill.checks if each.result is Result.FAIL and each.code]
    unknown = any(each.result is Result.UNKNOWN for each in fill.checks)
    result = f"refused: {failed[0]}" if failed else "verify" if unknown else "covered"
    return f"{spoken(fill.on)} {count(fill.days_supply, 'day'):>7}, {result}"


# --------------------------------------------------------------------------------------------- JSON


def _as_document(before: Case, after: Case) -> dict[str, object]:
    now, then = check(before, before.as_of), check(after, after.as_of)
    found: Comparison = compare(now, then)
    return {
        "format": "pa-what-if/1",
        "now": answer_document(now),
        "changed": answer_document(then),
        "differs": found.differs,
        "figures": [
            {"label": each.label, "now": _iso(each.now), "changed": _iso(each.then)} for each in found.figures
        ],
        "alerts": [
            {"mark": each.mark.value, "now": _key(each.now), "changed": _key(each.then)}
            for each in found.alerts
        ],
        "fills": [
            {
                "mark": each.mark.value,
                "now": _iso(each.now.on if each.now else None),
                "changed": _iso(each.then.on if each.then else None),
            }
            for each in found.fills
        ],
    }


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _key(alert: Alert | None) -> str | None:
    return alert.key if alert else None
