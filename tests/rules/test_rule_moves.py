"""What an authorization is on a day, at each edge; and which moves make sense from each status."""

from datetime import date
from typing import Any

import pytest
from casemaker import document, fill, pa, plan, rule

from tracker.rules.casefile import case_from
from tracker.rules.desk import Desk
from tracker.rules.lifecycle import reply_due_on
from tracker.rules.moves import INSTEAD, SENSE, Move, Standing, leads, moves_from, standing
from tracker.rules.words import AuthorizationStatus

DAY = date(2026, 6, 8)


def stands(day: date = DAY, lead: int = 45, **more: Any) -> Standing | None:
    plans = [plan(rules=[rule(prior_authorization=True)])]
    desk = Desk(case_from(document(plans=plans, authorizations=[pa(**more)], fills=[fill()])))
    return standing(desk.permits[0], desk.ledger, day, lead)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"from": "2026-06-09"}, Standing.NOT_YET_EFFECTIVE),
        ({"from": "2026-06-08"}, Standing.ACTIVE),
        ({"to": "2026-06-08"}, Standing.EXPIRING),
        ({"to": "2026-06-07"}, Standing.EXPIRED),
        ({"to": "2026-07-23"}, Standing.EXPIRING),  # 45 days ahead
        ({"to": "2026-07-24"}, Standing.ACTIVE),
        ({"to": None}, Standing.ACTIVE),
        ({"lines": [{"code": "J7502", "units": 60}]}, Standing.EXHAUSTED),
        ({"lines": [{"code": "J7502", "units": 61}]}, Standing.ACTIVE),
        ({"lines": [{"code": "J7502", "units": 61, "units_used_before": 1}]}, Standing.EXHAUSTED),
        ({"lines": [{"code": "J7502", "units": None}]}, Standing.ACTIVE),
        ({"status": "not_required"}, Standing.ACTIVE),
        ({"status": "denied"}, None),
        ({"status": "lapsed_on_purpose"}, None),
    ],
)
def test_where_it_stands(more: dict[str, Any], expected: Standing | None) -> None:
    assert stands(**more) is expected


def test_a_fill_that_names_it_and_one_that_the_rule_picks_are_charged_to_it() -> None:
    plans = [plan(rules=[rule(prior_authorization=True)])]
    fills = [fill(authorization="PA1"), fill(id="f2", on="2026-05-06"), fill(id="f3", on="2025-12-01")]
    desk = Desk(case_from(document(plans=plans, authorizations=[pa()], fills=fills)))

    assert desk.charged == {"f1": "PA1", "f2": "PA1"}


@pytest.mark.parametrize(
    ("more", "due"),
    [
        ({"reply_by": "2026-06-10"}, date(2026, 6, 10)),
        ({"decided_on": "2026-06-01"}, date(2026, 6, 15)),
        ({"requested": {"on": "2026-05-30"}}, date(2026, 6, 13)),
        ({}, None),
    ],
)
def test_papers_are_due_by_the_payers_date_else_fourteen_days_on(more: dict[str, Any], due: date) -> None:
    desk = Desk(case_from(document(authorizations=[pa(status="pended", **more)])))

    assert reply_due_on(desk, desk.book.authorizations["PA1"]) == due


def test_a_denied_request_is_never_submitted_again() -> None:
    assert leads(AuthorizationStatus.DENIED, AuthorizationStatus.SUBMITTED) is None
    assert leads(AuthorizationStatus.DENIED, AuthorizationStatus.APPEALED) is Move.APPEAL


def test_no_move_stands_still_and_every_refusal_has_its_way_out() -> None:
    for sense in SENSE.values():
        assert not sense.origins & sense.ends
    assert set(INSTEAD) == set(AuthorizationStatus)


def test_the_likeliest_move_comes_first() -> None:
    assert moves_from(AuthorizationStatus.SUBMITTED)[0] is Move.DECIDE
    assert moves_from(AuthorizationStatus.PENDED)[0] is Move.REPLY
    assert moves_from(AuthorizationStatus.CANCELLED) == []
