"""Whole answers as lines to compare: `answers.py COUNT [FIRST [COMPILED]]` (see `make compiled`).

A line is a case's answer document with every word of its proofs, or what it is refused for. The cases are
those of the shared files, where they are there, and generated ones: of the rules' own generator, hostile
ones and varied clinic patients in turn.
"""

import json
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS), str(TESTS / "rules"), str(TESTS / "bench")]

from tracker import compiled, rules  # noqa: E402

if len(sys.argv) > 3:
    compiled.take(rules.__path__, Path(sys.argv[3]))

from casemaker import Document, Maker  # noqa: E402

from bench.patients import ClinicPatients  # noqa: E402
from reference.hostile import HostileCases  # noqa: E402
from test_shared_cases import FILES, read  # noqa: E402
from tracker.rules.bridge import bridge_plan  # noqa: E402
from tracker.rules.casefile import BadCase, answer_document, case_from  # noqa: E402
from tracker.rules.check import check  # noqa: E402
from tracker.rules.fill_ahead import fill_ahead  # noqa: E402

MAKERS = Maker, HostileCases, ClinicPatients


def line_of(document: Document) -> str:
    try:
        case = case_from(document)
    except BadCase as refusal:
        return f"refused: {refusal}"
    answer = check(case, case.as_of)
    said = answer_document(answer)
    ahead, bridges = fill_ahead(case, case.as_of), bridge_plan(case, case.as_of)
    return json.dumps([said, repr(answer.fills), repr(ahead), repr(bridges)])


def main() -> None:
    count = int(sys.argv[1])
    first = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    for path in FILES:
        print(line_of(read(path)["case"]))
    for seed in range(first, first + count):
        print(line_of(MAKERS[seed % len(MAKERS)](seed).document()))


if __name__ == "__main__":
    main()
