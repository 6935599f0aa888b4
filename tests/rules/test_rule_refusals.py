"""Every refusal of a case file as on paper: `refusals.txt` holds them, to be read by people.

After a change of words, read what changed and write the file anew:

    python tests/rules/test_rule_refusals.py > tests/rules/refusals.txt
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from casemaker import coverage, fill, pa, plan, rule, step
from test_rule_casefile import GONE, REFUSED, at

from tracker.rules.casefile import BadCase, case_from

FILE = Path(__file__).parent / "refusals.txt"
RULE = "plans[0].rules[0]."
MORE: list[tuple[str, Any]] = [
    ("policy.time_zone", ""),
    ("policy.time_zone", "x" * 300),
    ("policy", []),
    ("policy.colour", "red"),
    ("plans", None),
    ("plans[0]", None),
    ("plans[0].payer", 7),
    ("plans[0].colour", "red"),
    ("plans[0].decision_hours", 72),
    ("plans[0].decision_hours", {"standard": -1}),
    ("plans[0].decision_hours", {"expedited": "x"}),
    ("plans[0].decision_hours", {"colour": 1}),
    (RULE + "colour", "red"),
    (RULE + "max_days_supply", 0),
    (RULE + "prior_authorization", 1),
    (RULE + "quantity_limit.unit", " "),
    (RULE + "quantity_limit.colour", "red"),
    (RULE + "quantity_limit.max_per_day", 0),
    (RULE + "step_therapy.new_starts_only", "x"),
    (RULE + "step_therapy.colour", "red"),
    (RULE + "step_therapy.steps[0].need", 0),
    (RULE + "step_therapy.steps[0].options", []),
    (RULE + "step_therapy.steps[0].options", [None]),
    (RULE + "step_therapy.steps[0].outcomes", ["x"]),
    (RULE + "step_therapy.steps[0].colour", "red"),
    (RULE + "step_therapy.steps[1]", {**step(), "min_days": -1}),
    ("patient.name", "Rosa"),
    ("patient.name", {"family": 7}),
    ("patient.name", {"colour": 7}),
    ("patient.indication", "gout"),
    ("patient.transplant", {"organ": "knee"}),
    ("patient.transplant", {"on": "x"}),
    ("patient.transplant", {"discharged_on": 1}),
    ("patient.transplant", {"approved_facility": 1}),
    ("patient.transplant", {"colour": 1}),
    ("patient.weights[0].on", GONE),
    ("patient.weights[0].colour", 1),
    ("patient.coverages[0].rank", -1),
    ("patient.coverages[0].medicare_basis", "x"),
    ("patient.coverages[0].colour", 1),
    ("patient.coverages[0].to", "x"),
    ("patient.coverages[1]", coverage(id="")),
    ("patient.regimens[0].form", "patch"),
    ("patient.regimens[0].doses_per_day", 0),
    ("patient.regimens[0].colour", 1),
    ("patient.regimens[0].to", "2025-12-31"),
    ("patient.fills[0].colour", 1),
    ("patient.fills[0].units", 1),
    ("patient.fills[0].units", {" ": 1}),
    ("patient.fills[0].reversed", 1),
    ("patient.fills[0].modifiers", [7]),
    ("patient.fills[0].claim", 1),
    ("patient.fills[0].claim", {"status": "x"}),
    ("patient.fills[0].claim", {"colour": "x"}),
    ("patient.fills[0].formulation", "x"),
    ("patient.planned_fills[0].on", GONE),
    ("patient.planned_fills[0].days_supply", 0),
    ("patient.planned_fills[0].colour", 1),
    ("patient.planned_fills[0].override", {"kind": "x"}),
    ("patient.planned_fills[0].override", {"colour": "x"}),
    ("patient.authorizations[0].kind", "x"),
    ("patient.authorizations[0].colour", "x"),
    ("patient.authorizations[0].lines[0].colour", 1),
    ("patient.authorizations[0].lines[0].code", GONE),
    ("patient.authorizations[0].lines[0].units_used_before", -1),
    ("patient.authorizations[0].requested", 1),
    ("patient.authorizations[0].requested.colour", 1),
    ("patient.authorizations[0].requested.expedited", 1),
    ("patient.authorizations[0].requested.statement_at", "2025-12-20"),
    ("patient.authorizations[0].reason", 7),
    ("patient.authorizations[0].formulation", "x"),
    ("patient.authorizations[1]", pa()),
    ("patient.trials[0].drug", GONE),
    ("patient.trials[0].outcome", "x"),
    ("patient.trials[0].documented_on", "x"),
    ("patient.trials[0].colour", 1),
    ("patient.refill_contacts[0].affirmed", 1),
    ("patient.refill_contacts[0].colour", 1),
    ("patient.labs[0].kind", GONE),
    ("patient.labs[0].on", GONE),
    ("patient.labs[0].colour", 1),
    ("patient.denials[0].level", GONE),
    ("patient.denials[0].level", "x"),
    ("patient.denials[0].fill", "x"),
    ("patient.denials[0].authorization", "x"),
    ("patient.denials[0].notice_on", "x"),
    ("patient.denials[0].colour", 1),
    ("patient.denials[1]", {"id": "d1", "fill": "f1", "level": "internal"}),
    ("patient.denials[1]", {"id": "d2", "fill": "f2", "level": "internal"}),
    ("patient.trials[1]", {"id": "t1", "drug": "acitretin"}),
    ("patient.trials[1]", {"id": "t2", "drug": "acitretin", "from": "2026-02-02", "to": "2026-02-01"}),
    ("patient.coverages[1]", coverage(id="c2", to="2019-12-31")),
    ("patient.coverages[1]", coverage(id="c2", plan="silver")),
    ("patient.fills[1]", fill(id="f2", on="2026-06-09")),
    ("patient.fills[1]", fill(id="f2", authorization="PA2")),
    ("patient.authorizations[1]", pa(id="PA2", renews="PA3")),
    ("patient.authorizations[1]", pa(id="PA2", to="2025-12-31")),
    ("plans[0].rules[1]", rule(code="J7515", to="2019-12-31")),
    ("plans[0].rules[1]", rule(**{"from": "2030-01-01"})),
    ("plans[1]", plan(id="silver", rules=[rule(code="")])),
]


def refusal(path: str, value: Any) -> str:
    with pytest.raises(BadCase) as refused:
        case_from(at(path, value))
    return str(refused.value)


def lines() -> Iterator[str]:
    for path, value, *_ in [*REFUSED, *MORE]:
        if path.endswith("requested.to"):  # its start is not on file here
            continue
        given = "left out" if value is GONE else repr(value)[:60]
        yield f"{path} {given}\n    {refusal(path, value)}\n"


def test_each_is_refused_in_the_words_that_were_read() -> None:
    assert "".join(lines()) == FILE.read_text(encoding="utf-8")


if __name__ == "__main__":
    print("".join(lines()), end="")
