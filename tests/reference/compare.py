"""Where the product's answer to a case and the reference's differ."""

import json
from datetime import datetime
from typing import Any

from reference.engine import answer
from tracker.rules.casefile import answer_document, case_from
from tracker.rules.check import check

DATES = ("valid_until", "run_out", "next_fill", "start_renewal_by", "earliest_denial")
FILL = ("on", "days_supply", "plan", "units", "authorization", "ok")
Difference = tuple[str, Any, Any]


def differences(document: dict[str, Any]) -> list[Difference]:
    """Every (path, reference, product) in which the two answers differ."""
    case = case_from(document)
    expected = answer(case, case.as_of)
    product = json.loads(json.dumps(answer_document(check(case, case.as_of))))
    found = [(name, expected[name], product[name]) for name in DATES if expected[name] != product[name]]
    found += differences_of_fills(expected["fills"], product["fills"])
    return found + differences_of_alerts(expected["alerts"], product["alerts"])


def differences_of_fills(expected: list[dict[str, Any]], product: list[dict[str, Any]]) -> list[Difference]:
    if [each["on"] for each in expected] != [each["on"] for each in product]:
        return [("fills.on", [each["on"] for each in expected], [each["on"] for each in product])]
    found: list[Difference] = []
    for number, (one, other) in enumerate(zip(expected, product, strict=True)):
        where = f"fills.{number}"
        found += [(f"{where}.{key}", one[key], other[key]) for key in FILL if one[key] != other[key]]
        named = {each["check"]: each for each in other["checks"]}
        if [each["check"] for each in one["checks"]] != list(named):
            found.append((f"{where}.checks", [each["check"] for each in one["checks"]], list(named)))
            continue
        for each in one["checks"]:
            found += differences_of_checks(f"{where}.{each['check']}", each, named[each["check"]])
    return found


def differences_of_checks(where: str, one: dict[str, Any], other: dict[str, Any]) -> list[Difference]:
    if (one["result"], one["code"]) != (other["result"], other["code"]):
        return [(where, (one["result"], one["code"]), (other["result"], other["code"]))]
    return differences_of_facts(where, one["facts"], other["facts"])


def differences_of_facts(where: str, one: dict[str, Any], other: dict[str, Any]) -> list[Difference]:
    """The facts that the rulebook names; the product may tell more."""
    return [(f"{where}.{key}", one[key], other.get(key)) for key in one if not same(one[key], other.get(key))]


def same(one: Any, other: Any) -> bool:
    """Instants as instants; nothing missing is no fact."""
    if isinstance(one, str) and isinstance(other, str) and "T" in one and "T" in other:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    return one == other or (one == [] and other is None)


def differences_of_alerts(expected: list[dict[str, Any]], product: list[dict[str, Any]]) -> list[Difference]:
    ours = {(each["code"], each["about"]): each for each in expected}
    theirs = {(each["code"], each["about"]): each for each in product}
    found: list[Difference] = []
    if len(theirs) != len(product):
        found.append(("alerts", "one of a code and object", sorted(each["code"] for each in product)))
    for key in sorted(set(ours) | set(theirs), key=str):
        where = f"alerts.{key[0]}({key[1]})"
        one, other = ours.get(key), theirs.get(key)
        if one is None or other is None:
            found.append((where, one, other and {name: other[name] for name in ("severity", "facts")}))
            continue
        for name in ("severity", "harm_on"):
            if one[name] != other[name]:
                found.append((f"{where}.{name}", one[name], other[name]))
        found += differences_of_facts(where, one["facts"], other["facts"])
    return found
