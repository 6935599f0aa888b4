"""The whole answer to every edge case: `answers.txt` holds days, fills, findings and facts, to be read.

After a change of the rules, read what changed and write the file anew:

    python tests/rules/test_rule_answers.py > tests/rules/answers.txt
"""

from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from casemaker import document
from rare_cases import RARE
from test_rule_edges import EDGES, NEXT_FILLS

from tracker.rules.answer import Alert, Answer, Fact, Facts, TableFill
from tracker.rules.casefile import case_from
from tracker.rules.check import check

FILE = Path(__file__).parent / "answers.txt"
CASES: dict[str, dict[str, Any]] = {
    **{name: edge[0] for name, edge in EDGES.items()},
    **{name: one[0] for name, one in NEXT_FILLS.items()},
    **RARE,
}


def said(value: Fact) -> str:
    if isinstance(value, tuple):
        return f"({', '.join(map(said, value))})"
    return said_all(value) if isinstance(value, dict) else str(value)


def said_all(facts: Facts) -> str:
    return ", ".join(f"{name} {said(value)}" for name, value in facts.items())


def days_line(answer: Answer) -> str:
    """The dates at the head of an answer."""
    first = answer.earliest_denial
    denial = f"{first.on} for {said(first.codes)} after {first.last_covered_fill}" if first else "none"
    return (
        f"drug until {answer.run_out}, next fill {answer.next_fill}, renew from {answer.start_renewal_by}, "
        f"first refusal {denial}; holds until {answer.valid_until}"
    )


def check_lines(fill: TableFill, told: set[str]) -> Iterator[str]:
    """What a fill's checks say other than a plain pass; the facts of one finding are told once."""
    for each in fill.checks:
        blamed = " ".join(filter(None, (each.code, each.about_kind, each.about)))
        line = f"{each.check} {each.result} {blamed}".strip()
        if each.facts and line not in told:
            told.add(line)
            yield f"{line}: {said_all(each.facts)}"
        elif each.result != "pass":
            yield line


def fill_line(fill: TableFill, told: set[str]) -> str:
    """A fill but for its day: what it is, who pays, and what its checks say."""
    units = said_all(fill.units) if fill.units is not None else "units unknown"
    return " | ".join(
        [
            f"{'planned' if fill.planned else 'fill'} of {fill.days_supply} days for {fill.regimen}",
            f"{fill.plan} {fill.coverage} {fill.authorization}, {fill.formulation}, {units}",
            "paid" if fill.ok else "refused",
            *check_lines(fill, told),
        ]
    )


def fill_lines(answer: Answer) -> Iterator[str]:
    """Fills one after another of which the same is said stand on one line."""
    told: set[str] = set()
    lined = [(fill, fill_line(fill, told)) for fill in answer.fills]
    for line, group in groupby(lined, lambda pair: pair[1]):
        fills = [fill for fill, _ in group]
        days = f"{fills[0].on}" if len(fills) == 1 else f"{fills[0].on} to {fills[-1].on}, {len(fills)} times"
        yield f"{days}, lasting until {fills[-1].runs_out_on}: {line}"


def alert_line(alert: Alert) -> str:
    facts = f": {said_all(alert.facts)}" if alert.facts else ""
    return f"{alert.severity} {alert.key} ({alert.about_kind}), harm {alert.harm_on}{facts}"


def answer_lines(facts: dict[str, Any]) -> Iterator[str]:
    case = case_from(document(**facts))
    answer = check(case, case.as_of)
    yield days_line(answer)
    yield from fill_lines(answer)
    yield from map(alert_line, answer.alerts)


def examples() -> Iterator[str]:
    """The answer to the case in which nothing is wrong, then what the others answer otherwise."""
    usual = list(answer_lines({}))
    yield "\n".join(["the usual case", *usual]) + "\n"
    for name, facts in CASES.items():
        yield "\n".join([name, *(line for line in answer_lines(facts) if line not in usual)]) + "\n"


def test_what_is_answered_is_what_was_read() -> None:
    assert "\n".join(examples()) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(examples()), end="")
