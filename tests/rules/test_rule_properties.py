"""What must hold of every case, tried on random ones."""

import json
from copy import deepcopy
from dataclasses import replace
from datetime import date, timedelta
from random import Random
from typing import Any

import pytest
from casemaker import AS_OF, Maker, coverage, document, fill, pa, plan, regimen, rule
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.rules.answer import Answer
from tracker.rules.casefile import answer_document, case_document, case_from
from tracker.rules.check import check
from tracker.rules.decision import Decision, decide
from tracker.rules.desk import Desk
from tracker.rules.facts import Regimen
from tracker.rules.units import dispensed, mg_of, mg_per_day, remainder_mg
from tracker.rules.words import Check, Result

seeds = st.integers(0, 10**9)
REQUESTS = {"draft", "submitted", "pended", "appealed"}


def made(seed: int) -> Any:
    return Maker(seed).document()


def ask(given_document: Any) -> Answer:
    case = case_from(given_document)
    return check(case, case.as_of)


def spoken_of(answer: Answer) -> Any:
    """An answer without its words and facts."""
    found = answer_document(answer)
    for alert in found["alerts"]:
        del alert["message"], alert["clears_when"], alert["facts"]
    found["alerts"].sort(key=json.dumps)
    for each in found["fills"]:
        for checked in each["checks"]:
            del checked["facts"]
    return found


def signature(decision: Decision) -> object:
    """What counts as the answer (rulebook 10.5): not the day itself, nor facts and texts."""
    table = decision.table
    return (
        table.run_out,
        table.next_fill,
        decision.start_renewal_by,
        decision.earliest_denial,
        [
            (
                fill.on,
                fill.days_supply,
                fill.plan,
                fill.units,
                fill.authorization,
                [(each.check, each.result, each.code) for each in fill.checks],
            )
            for fill in table.fills
        ],
        [(each.code, each.severity, each.about, each.harm_on) for each in decision.findings],
    )


@given(seeds)
@settings(max_examples=150)
def test_answer_holds_exactly_until_valid_until(seed: int) -> None:
    case = case_from(made(seed))
    until = check(case, case.as_of).valid_until
    desk = Desk(case)
    first = signature(decide(desk, case.as_of))

    days = [case.as_of + timedelta(days=n) for n in range(1, 366)]
    differs = next((day for day in days if signature(decide(desk, day)) != first), None)

    assert until == differs


@given(seeds)
def test_every_alert_is_said_and_proved(seed: int) -> None:
    answer = ask(made(seed))

    assert len({alert.key for alert in answer.alerts}) == len(answer.alerts)
    for alert in answer.alerts:
        assert alert.message.endswith(".")
        assert alert.clears_when
        assert alert.proof.rule
        assert alert.proof.clears[0] == alert.clears_when
        assert "None" not in alert.message + alert.clears_when
        assert not any("None" in line.value + line.label for line in alert.proof.sums)


@given(seeds)
def test_words_and_proof_stay_as_first_read(seed: int) -> None:
    for alert in ask(made(seed)).alerts:
        assert alert.proof is alert.proof
        assert alert.message == alert.message
        assert alert == replace(alert)


@given(seeds)
def test_case_document_round_trips(seed: int) -> None:
    case = case_from(made(seed))

    assert case_from(json.loads(json.dumps(case_document(case)))) == case


@given(seeds)
def test_same_case_gives_the_same_answer(seed: int) -> None:
    assert answer_document(ask(made(seed))) == answer_document(ask(made(seed)))


@given(seeds)
def test_projected_fills_come_in_order_and_one_a_day(seed: int) -> None:
    days = [each.on for each in ask(made(seed)).fills]

    assert days == sorted(set(days))
    assert all(AS_OF <= day < AS_OF + timedelta(days=365) for day in days)


@given(seeds)
def test_projected_supply_never_overlaps(seed: int) -> None:
    facts = made(seed)
    facts["patient"]["planned_fills"] = []
    facts["policy"] = None
    fills = ask(facts).fills

    for one, other in zip(fills, fills[1:], strict=False):
        assert one.runs_out_on <= other.on


@given(seeds)
def test_units_weigh_what_the_capsules_weigh(seed: int) -> None:
    case = case_from(made(seed))
    for each in case.patient.regimens:
        units, days = dispensed(each, each.days_supply)
        if each.form == "capsule" and units is not None:
            assert mg_of(each, units) == mg_per_day(each) * days
        elif each.form == "solution":
            assert mg_of(each, units) >= mg_per_day(each) * days
        else:
            assert remainder_mg(each) > 0


def denial_on(answer: Answer) -> date:
    return answer.earliest_denial.on if answer.earliest_denial else date.max


@given(seeds)
def test_another_authorization_never_makes_an_earlier_denial(seed: int) -> None:
    facts = made(seed)
    paying = facts["patient"]["coverages"][0]["plan"]
    before = denial_on(ask(facts))
    # It has no unit limit and no other authorization is charged less for it than it would have been alone.
    facts["patient"]["authorizations"].append(pa(id="more", plan=paying, **{"from": None, "to": None}))

    assert denial_on(ask(facts)) >= before


def failures(answer: Answer) -> set[tuple[date, Check]]:
    return {(one.on, each.check) for one in answer.fills for each in one.checks if each.result is Result.FAIL}


@given(seeds, st.integers(1, 400), st.booleans())
def test_a_wider_limit_never_adds_a_failure(seed: int, more: int, daily: bool) -> None:
    facts = made(seed)
    wider = deepcopy(facts)
    limits = [one["quantity_limit"] for each in wider["plans"] for one in each["rules"]]
    for limit in limits:
        if isinstance(limit, dict):
            limit["quantity"] += more
            if daily and limit["max_per_day"] is not None:
                limit["max_per_day"] += more

    assert failures(ask(wider)) <= failures(ask(facts))


@given(st.integers(60, 600))
def test_a_reversed_fill_gives_its_units_back(units: int) -> None:
    lines = [{"code": "J7502", "units": units}]
    facts = document(
        plans=[plan(rules=[rule(prior_authorization=True)])],
        authorizations=[pa(lines=lines)],
        fills=[fill(), fill(id="f0", on="2026-05-06", reversed=True)],
    )
    without = deepcopy(facts)
    without["patient"]["fills"].pop()

    assert spoken_of(ask(facts)) == spoken_of(ask(without))


def without_ties(facts: Any) -> Any:
    """Where the rulebook says "then as listed" the order is a fact."""
    for number, each in enumerate(facts["patient"]["coverages"]):
        each["rank"] = number + 1
    ends: set[date] = set()
    for each in facts["patient"]["authorizations"]:
        end = date.fromisoformat(each["to"] or "2027-12-01")
        while end in ends:
            end += timedelta(days=1)
        ends.add(end)
        each["to"] = end.isoformat()
    return facts


def shuffled(listed: list[Any], random: Random) -> list[Any]:
    """Of several requests the last listed counts: they keep their order among themselves."""
    mixed = random.sample(listed, len(listed))
    asked = iter([each for each in listed if each.get("status") in REQUESTS])
    return [next(asked) if each.get("status") in REQUESTS else each for each in mixed]


@given(seeds)
def test_order_of_the_lists_changes_nothing(seed: int) -> None:
    facts = without_ties(made(seed))
    mixed, random = deepcopy(facts), Random(seed)
    for lists in (mixed, mixed["patient"]):
        for key, each in lists.items():
            lists[key] = shuffled(each, random) if isinstance(each, list) else each

    assert spoken_of(ask(mixed)) == spoken_of(ask(facts))


@given(st.integers(0, 300), st.integers(0, 360))
def test_last_valid_day_passes_and_the_next_fails(start: int, ahead: int) -> None:
    first, last = AS_OF - timedelta(days=start), AS_OF + timedelta(days=ahead)
    facts = document(
        plans=[plan(rules=[rule(prior_authorization=True)])],
        coverages=[coverage()],
        regimens=[regimen(days_supply=1)],
        fills=[],
        authorizations=[pa(**{"from": first.isoformat(), "to": last.isoformat()})],
    )
    by_day = {each.on: each.ok for each in ask(facts).fills}

    assert by_day[last] is True
    assert by_day[last + timedelta(days=1)] is False


@pytest.mark.parametrize("days", [1, 14, 30, 90])
def test_regimen_builder_gives_whole_units(days: int) -> None:
    case = case_from(document(regimens=[regimen(dose_mg=150)]))
    each: Regimen = case.patient.regimens[0]

    assert dispensed(each, days) == ({"J7502": 2 * days, "J7515": 4 * days}, days)
