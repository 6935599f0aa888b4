"""Every sentence the rules say, as on paper: `sentences.txt` holds one example of each, to be read by people.

After a change of words, read what changed and write the file anew:

    python tests/rules/test_rule_sentences.py > tests/rules/sentences.txt
"""

import re
from collections.abc import Iterator
from pathlib import Path

from casemaker import Document, Maker, document
from rare_cases import RARE
from test_rule_edges import EDGES, MESSAGES
from way_cases import WAYS

from tracker.rules.answer import Alert
from tracker.rules.casefile import case_from
from tracker.rules.check import check

FILE = Path(__file__).parent / "sentences.txt"
CASES = 300
DETAIL = re.compile(r"\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun) |\d[\d,.-]*|\b[a-z]\d\b|\bPA(?: N-\d)?\b|\bPayer \w+")


def lines_of(alert: Alert) -> list[str]:
    """An alert and its proof, a line each; the first word says which."""
    proof = alert.proof
    facts = (f"fact   {each.label}: {each.value} ({each.kind} {each.id})" for each in proof.facts_used)
    sums = (f"sum    {each.op:1} {each.label}: {each.value} ({each.note})" for each in proof.sums)
    return [
        f"says   {alert.message}",
        *(f"clears {each}" for each in proof.clears),
        *facts,
        *sums,
        f"rule   {proof.rule} ({proof.source or 'no source: what is blank'})",
    ]


def documents() -> Iterator[tuple[str, Document]]:
    """Random cases, then those of the edges, for what the random ones come to seldom."""
    yield from ((str(seed), Maker(seed).document()) for seed in range(CASES))
    yield from ((f"\u201c{name}\u201d", document(**edge[0])) for name, edge in EDGES.items())
    yield from ((f"\u201c{name}\u201d", document(**facts)) for name, facts in (RARE | WAYS).items())
    yield from ((f"of message {place}", document(**each[0])) for place, each in enumerate(MESSAGES))


def examples() -> Iterator[str]:
    """Alerts of which each says something that none before it said."""
    said: set[str] = set()
    for name, facts in documents():
        case = case_from(facts)
        for alert in check(case, case.as_of).alerts:
            lines = lines_of(alert)
            shapes = {DETAIL.sub("#", line) for line in lines}
            if shapes - said:
                said |= shapes
                yield "\n".join([f"{alert.code.value}, {alert.severity.value}, case {name}", *lines]) + "\n"


def test_what_is_said_is_what_was_read() -> None:
    assert "\n".join(examples()) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("\n".join(examples()), end="")
