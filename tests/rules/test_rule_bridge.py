"""The bridge plan: each way over a refused fill, just inside and just outside its edge."""

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from casemaker import Maker, coverage, document, fill, pa, plan, regimen, rule
from hypothesis import given
from hypothesis import strategies as st

from tracker.rules.bridge import Bridge, BridgePlan, bridge_plan
from tracker.rules.casefile import case_from
from tracker.rules.words import AlertCode, BridgeKind

CHICAGO = ZoneInfo("America/Chicago")


def planned(line: str = "commercial", *, as_of: str = "2026-06-08", rules: Any = None, **patient: Any) -> Any:
    hours, policy = patient.pop("decision_hours", None), patient.pop("policy", None)
    rules = rules or [rule(prior_authorization=True)]
    payer = plan(payer="Acme", line_of_business=line, rules=rules, decision_hours=hours)
    case = case_from(document(as_of=as_of, plans=[payer], policy=policy, **patient))
    return bridge_plan(case, case.as_of)


def kinds(found: BridgePlan) -> list[BridgeKind]:
    return [each.kind for each in found.bridges]


def the(kind: BridgeKind, found: BridgePlan) -> Bridge:
    return next(each for each in found.bridges if each.kind is kind)


def test_no_refused_fill_needs_no_bridge() -> None:
    assert planned(authorizations=[pa(to=None)]) is None


def test_the_plan_names_the_fill_and_the_drug_left() -> None:
    found = planned()

    assert (found.harm_on, found.runs_out_on) == (date(2026, 7, 5), date(2026, 7, 5))
    assert (found.codes, found.payer) == ((AlertCode.PA_MISSING,), "Acme")


def test_fill_ahead_comes_first_with_what_it_buys() -> None:
    found = planned(authorizations=[pa(to="2026-06-30")])

    assert kinds(found) == [BridgeKind.FILL_AHEAD, BridgeKind.EXPEDITED]
    first = found.bridges[0]
    assert (first.until, first.buys_days) == (date(2026, 6, 30), 30)
    assert first.until_said == "Tue 2026-06-30, last permitted fill date"


@pytest.mark.parametrize(
    ("line", "hours", "latest"),
    [
        ("medicare_part_d", None, datetime(2026, 7, 4, tzinfo=CHICAGO)),
        ("medicaid", None, datetime(2026, 7, 4, tzinfo=CHICAGO)),
        ("commercial", {"standard": 120, "expedited": 48}, datetime(2026, 7, 3, tzinfo=CHICAGO)),
        ("commercial", None, datetime(2026, 7, 4, tzinfo=CHICAGO)),
    ],
)
def test_the_latest_instant_to_ask_is_the_clock_before_the_fill(line: str, hours: Any, latest: Any) -> None:
    found = the(BridgeKind.EXPEDITED, planned(line, decision_hours=hours))

    assert (found.until, found.in_time) == (latest, True)


def test_the_night_the_clocks_go_forward_is_an_hour_shorter() -> None:
    found = planned(as_of="2026-03-01", fills=[fill(on="2026-02-07")])

    # 24 hours before Mon 2026-03-09 00:00 CDT is Sat 2026-03-07 23:00 CST.
    latest = the(BridgeKind.EXPEDITED, found).until
    assert latest == datetime(2026, 3, 7, 23, 0, tzinfo=CHICAGO)


@pytest.mark.parametrize(("as_of", "in_time"), [("2026-07-03", True), ("2026-07-04", False)])
def test_an_answer_after_the_fill_is_said_to_be_late(as_of: str, in_time: bool) -> None:
    assert the(BridgeKind.EXPEDITED, planned(as_of=as_of)).in_time is in_time


@pytest.mark.parametrize(
    ("as_of", "said"), [("2026-07-01", "ask by Thu 2026-07-02 00:00"), ("2026-07-02", "ask about pick-up")]
)
def test_shipping_days_come_on_top(as_of: str, said: str) -> None:
    assert said in " ".join(the(BridgeKind.EXPEDITED, planned(as_of=as_of)).needs)


def test_without_shipping_nothing_is_said_of_it() -> None:
    found = planned(policy={"shipping_days": 0})

    assert "shipping" not in " ".join(the(BridgeKind.EXPEDITED, found).needs)


def test_a_request_in_progress_is_expedited_and_not_asked_again() -> None:
    found = planned(authorizations=[pa(status="submitted")])

    assert "in progress" in the(BridgeKind.EXPEDITED, found).what


def test_hours_that_nobody_verified_are_shown_as_such() -> None:
    assert the(BridgeKind.EXPEDITED, planned("commercial")).verified_on is None
    assert the(BridgeKind.EXPEDITED, planned("medicare_part_d")).verified_on == date(2026, 11, 23)


@pytest.mark.parametrize(("starts", "possible"), [("2026-04-07", True), ("2026-04-06", False)])
def test_a_transition_fill_ends_with_day_90(starts: str, possible: bool) -> None:
    found = planned("medicare_part_d", coverages=[coverage(**{"from": starts})])

    # Day 90 of 2026-04-07 is 2026-07-05, the day of the fill.
    assert (BridgeKind.TRANSITION in kinds(found)) is possible
    if possible:
        bridge = the(BridgeKind.TRANSITION, found)
        assert (bridge.until, bridge.buys_days) == (date(2026, 7, 5), 30)


def test_no_other_plan_gives_a_transition_fill() -> None:
    assert BridgeKind.TRANSITION not in kinds(planned(coverages=[coverage(**{"from": "2026-06-01"})]))


@pytest.mark.parametrize(("starts", "possible"), [("2026-04-07", True), ("2026-04-06", False)])
def test_continuity_ends_with_day_90(starts: str, possible: bool) -> None:
    found = planned(
        "medicare_advantage",
        coverages=[coverage(**{"from": starts})],
        authorizations=[pa(status="denied", to=None, **{"from": None})],
    )

    assert (BridgeKind.CONTINUITY in kinds(found)) is possible
    if possible:
        bridge = the(BridgeKind.CONTINUITY, found)
        assert (bridge.until, bridge.buys_days) == (date(2026, 7, 5), 1)


def test_continuity_needs_a_course_that_was_in_progress() -> None:
    found = planned(
        "medicare_advantage",
        coverages=[coverage(**{"from": "2026-05-01"})],
        regimens=[regimen(**{"from": "2026-05-01"})],
        authorizations=[pa(status="denied", to=None, **{"from": None})],
    )

    assert BridgeKind.CONTINUITY not in kinds(found)


def test_medicaid_pays_an_emergency_supply_that_is_unverified() -> None:
    found = the(BridgeKind.EMERGENCY, planned("medicaid"))

    assert (found.buys_days, found.verified_on, found.until) == (3, None, None)
    assert "1396r-8(d)(5)(B)" in found.source


def test_emergency_supply_is_for_a_missing_authorization_only() -> None:
    limit = {"quantity": 30, "per_days": 30, "unit": "capsule", "method": "per_fill"}

    assert BridgeKind.EMERGENCY not in kinds(planned("medicaid", rules=[rule(quantity_limit=limit)]))


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (
            {"quantity_limit": {"quantity": 30, "per_days": 30, "unit": "capsule", "method": "per_fill"}},
            BridgeKind.QUANTITY_OVERRIDE,
        ),
        ({"covered": False}, BridgeKind.FORMULARY_EXCEPTION),
        (
            {
                "step_therapy": {
                    "steps": [{"need": 1, "options": ["methotrexate"], "outcomes": ["intolerance"]}]
                }
            },
            BridgeKind.STEP_EXCEPTION,
        ),
    ],
)
def test_each_cause_has_its_own_exception(more: Any, kind: BridgeKind) -> None:
    assert kinds(planned(rules=[rule(**more)])) == [kind]


def test_a_part_d_exception_waits_for_the_statement() -> None:
    found = the(BridgeKind.FORMULARY_EXCEPTION, planned("medicare_part_d", rules=[rule(covered=False)]))

    assert "supporting statement" in " ".join(found.needs)


def test_a_denied_request_can_be_appealed_up_to_its_deadline() -> None:
    denial = {
        "id": "d1",
        "authorization": "PA1",
        "level": "internal",
        "notice_on": "2026-06-01",
        "received_on": "2026-06-03",
    }
    found = planned(authorizations=[pa(status="denied")], denials=[denial])

    bridge = the(BridgeKind.APPEAL, found)
    assert (bridge.until, bridge.in_time) == (date(2026, 11, 30), True)
    assert "ask by Thu 2026-07-02 00:00 CDT (72 hours)" in " ".join(bridge.needs)


def test_an_appeal_whose_day_is_over_is_said_to_be_over() -> None:
    denial = {"id": "d1", "authorization": "PA1", "level": "internal", "appeal_by": "2026-06-07"}
    found = planned(authorizations=[pa(status="denied")], denials=[denial])

    assert the(BridgeKind.APPEAL, found).in_time is False


def test_a_denial_without_its_dates_asks_for_them() -> None:
    bridge = the(BridgeKind.APPEAL, planned("medicaid", authorizations=[pa(status="denied")]))

    assert bridge.until is None
    assert any(each.startswith("The deadline:") for each in bridge.needs)
    assert "No expedited clock is on file for this plan: ask the payer." in bridge.needs


def test_an_appeal_too_late_for_the_fill_is_still_offered() -> None:
    found = planned(as_of="2026-07-03", authorizations=[pa(status="denied")])

    assert "had to be asked for by" in " ".join(the(BridgeKind.APPEAL, found).needs)


def test_where_nobody_pays_nobody_can_be_asked() -> None:
    found = planned(coverages=[coverage(to="2026-06-20")])

    assert (found.payer, found.bridges) == (None, ())


def test_original_medicare_decides_no_request_beforehand() -> None:
    limit = {"quantity": 30, "per_days": 30, "unit": "capsule", "method": "per_fill"}

    assert kinds(planned("medicare_part_b", rules=[rule(quantity_limit=limit)])) == []


@given(st.integers(0, 10**9))
def test_every_bridge_can_be_told(seed: int) -> None:
    case = case_from(Maker(seed).document())
    found = bridge_plan(case, case.as_of)
    for bridge in found.bridges if found else ():
        words = " ".join((bridge.what, bridge.until_means, bridge.buys, bridge.source, *bridge.needs))
        assert "None" not in words
        assert bridge.needs
