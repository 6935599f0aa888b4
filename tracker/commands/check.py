"""`tracker check FILE`: decide a case file on the command line, for people or as JSON."""

import json
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import BinaryIO

import click

from tracker.commands import bridges
from tracker.rules.answer import Alert, Answer, TableFill
from tracker.rules.bridge import bridge_plan
from tracker.rules.casefile import BadCase, answer_document, read_case
from tracker.rules.casefile_json import LIMIT_BYTES, one_line
from tracker.rules.check import check as decide
from tracker.rules.facts import Case
from tracker.rules.wording import count, spoken, units_text
from tracker.rules.words import Result

_REFUSED = 2


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--json", "as_json", is_flag=True, help="Print the answer document (pa-answer/1).")
@click.option(
    "--jsonl", is_flag=True, help="FILE has one case per line; print one answer per line, in order."
)
def check(file: str, as_json: bool, jsonl: bool) -> None:
    """Check one patient's case file and print what the tracker decides.

    FILE is a pa-case/1 document; - reads standard input. Nothing is saved.
    A refused file prints one line on standard error and exits with status 2.

    \b
    Example:
      tracker check --json patient.json
    """
    sys.exit(_check_lines(file) if jsonl else _check_file(file, as_json=as_json))


def _check_file(file: str, *, as_json: bool) -> int:
    try:
        with _opened(file) as stream:
            # One byte more than allowed is enough to be refused for it.
            case = read_case(stream.read(LIMIT_BYTES + 1))
    except (BadCase, OSError) as error:
        click.echo(_refusal(file, error), err=True)
        return _REFUSED
    answer = decide(case, case.as_of)
    click.echo(json.dumps(answer_document(answer)) if as_json else "\n".join(_told(case, answer)))
    return 0


def _check_lines(file: str) -> int:
    status = 0
    try:
        with _opened(file) as stream:
            for line in _lines(stream):
                if not line.strip():
                    continue
                answer, refused = _answer_line(line)
                status = _REFUSED if refused else status
                click.echo(answer)
    except OSError as error:
        click.echo(_refusal(file, error), err=True)
        return _REFUSED
    return status


def _answer_line(line: bytes) -> tuple[str, bool]:
    try:
        case = read_case(line)
    except BadCase as error:
        return json.dumps({"error": str(error)}), True
    return json.dumps(answer_document(decide(case, case.as_of))), False


def _lines(stream: BinaryIO) -> Iterator[bytes]:
    """Lines, each cut a little past the limit, so that a huge one is refused and not held."""
    while line := stream.readline(LIMIT_BYTES + 2):
        rest = line
        while not rest.endswith(b"\n") and (rest := stream.readline(LIMIT_BYTES)):
            pass
        yield line


def _opened(file: str) -> BinaryIO:
    return sys.stdin.buffer if file == "-" else Path(file).open("rb")


def _refusal(file: str, error: BadCase | OSError) -> str:
    if isinstance(error, BadCase):
        return str(error)
    return f"{one_line(file)}: {error.strerror or 'cannot be read'}"


def _told(case: Case, answer: Answer) -> Iterator[str]:
    """The answer for people: dates, table, alerts with their proof."""
    yield f"Check of {spoken(answer.as_of)}" + (f", MRN {case.patient.mrn}" if case.patient.mrn else "")
    yield f"  Next fill          {_day(answer.next_fill)}"
    yield f"  Runs out on        {_day(answer.run_out)}"
    yield f"  Earliest denial    {_denial(answer)}"
    yield f"  Start renewal by   {_day(answer.start_renewal_by)}"
    yield f"  Next look on       {_day(answer.valid_until)}"
    yield ""
    yield f"Fills of the next 12 months: {len(answer.fills)}"
    for fill in answer.fills:
        yield from _fill(fill)
    yield ""
    yield f"Alerts: {len(answer.alerts)}"
    for alert in answer.alerts:
        yield from _alert(alert)
    yield from bridges.told(bridge_plan(case, answer.as_of))


def _day(day: date | None) -> str:
    return "none" if day is None else spoken(day)


def _denial(answer: Answer) -> str:
    denial = answer.earliest_denial
    if denial is None:
        return "none in the next 12 months"
    codes = ", ".join(code.label for code in denial.codes)
    last = f"; last covered fill {spoken(denial.last_covered_fill)}" if denial.last_covered_fill else ""
    return f"{spoken(denial.on)}: {codes}{last}"


def _fill(fill: TableFill) -> Iterator[str]:
    failed = [each for each in fill.checks if each.result is Result.FAIL]
    unknown = [each for each in fill.checks if each.result is Result.UNKNOWN]
    if failed:
        result = "refused: " + ", ".join(each.code.label for each in failed if each.code)
    elif unknown:
        result = "verify: " + ", ".join(each.check.label for each in unknown)
    else:
        result = "covered" + (f" by {fill.authorization}" if fill.authorization else "")
    kind = "planned" if fill.planned else "projected"
    plan = fill.plan or "no plan"
    supply = count(fill.days_supply, "day")
    yield f"  {spoken(fill.on)}  {kind:9}  {supply:>8}  {units_text(fill.units)}  {plan}  {result}"


def _alert(alert: Alert) -> Iterator[str]:
    proof = alert.proof
    yield ""
    yield f"  {alert.severity.label}: {alert.message}"
    for clears in proof.clears:
        yield f"    Clears when: {clears}"
    source = f" ({proof.source}" + (
        f", verified {proof.source_verified_on}" if proof.source_verified_on else ""
    )
    yield f"    Rule: {proof.rule}" + (f"{source})" if proof.source else " (source not on file)")
    for line in proof.sums:
        note = f"  {line.note}" if line.note else ""
        yield f"      {line.op:1} {line.label:28} {line.value:>26}{note}"
    for fact in proof.facts_used:
        yield f"    Fact: {fact.label}: {fact.value}"
