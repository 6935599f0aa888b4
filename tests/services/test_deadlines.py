"""Deadlines and calls: to the minute where it is an instant, with whom to call and what was said last."""

from datetime import UTC, date, datetime, timedelta

import pytest

import kept
import make
from tracker.models.authorization_log import AuthorizationMove, Channel
from tracker.models.payer import Payer
from tracker.rules.moves import Move
from tracker.services import contacts, promises
from tracker.services.actor import Actor
from tracker.services.deadlines import due

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
ANA = Actor("Ana")


@pytest.fixture
def who(session, cast):
    kept.stand_on(session, cast.renal)
    return make.patient(session, cast.renal)


@pytest.fixture
def pa(session, cast, who):
    plan = make.plan(session, cast.renal)
    payer = session.get(Payer, plan.payer_id)
    payer.phone, payer.hours = "800-555-0142", "Mon-Fri 8-18"
    return make.authorization(session, who, plan, number="88-40217", status="submitted", starts_on=None)


def overdue(session, who, pa, at, key="a"):
    return kept.alert(
        session,
        who,
        key=key,
        code="PA_DECISION_OVERDUE",
        about_id=pa.id,
        harm_on=None,
        facts={"due_at": at},
    )


def log(session, who, on, **more):
    values = {"channel": Channel.CALL, "on_date": on, "said": "Asked for the status", **more}
    return contacts.log(
        session, values, clinic_id=who.clinic_id, patient_id=who.id, actor=ANA, now=NOON - timedelta(days=5)
    )


def read(session, cast, few=3):
    return due(session, cast.renal, now=NOON, few=few)


def test_a_decision_is_awaited_until_its_minute_and_chased_from_then_on(session, cast, who, pa):
    overdue(session, who, pa, "2026-06-08T12:01:00-05:00")

    ahead = read(session, cast)
    later = due(session, cast.renal, now=NOON + timedelta(minutes=1), few=3)

    assert (ahead.answers.total, ahead.chased.total) == (1, 0)
    assert (later.answers.total, later.chased.total) == (0, 1)


def test_a_call_has_telephone_hours_case_number_and_the_last_contact(session, cast, who, pa):
    overdue(session, who, pa, "2026-06-05T09:00:00-05:00")
    log(session, who, date(2026, 6, 3), authorization_id=pa.id)
    log(session, who, date(2026, 6, 5), authorization_id=pa.id, with_whom="Jo")

    (row,) = read(session, cast).chased.rows

    desk = row.desk
    assert (desk.payer, desk.phone, desk.hours, desk.case) == (
        "Acme Health",
        "800-555-0142",
        "Mon-Fri 8-18",
        "88-40217",
    )
    assert (desk.last.on, desk.last.with_whom) == (date(2026, 6, 5), "Jo")


def test_without_a_number_the_reference_of_the_last_contact_is_the_case(session, cast, who, pa):
    pa.number = None
    overdue(session, who, pa, "2026-06-05T09:00:00-05:00")
    log(session, who, date(2026, 6, 5), authorization_id=pa.id, reference="R-7")

    assert read(session, cast).chased.rows[0].desk.case == "R-7"


def test_one_request_is_one_call(session, cast, who, pa):
    overdue(session, who, pa, "2026-06-05T09:00:00-05:00")
    kept.alert(session, who, key="b", code="REFILL_AT_RISK", about_id=pa.id)
    log(session, who, date(2026, 6, 3), authorization_id=pa.id, promised_on=date(2026, 6, 7))

    chased = read(session, cast).chased

    assert [row.alert.code for row in chased.rows] == ["PA_DECISION_OVERDUE"]


def test_more_are_counted_than_shown(session, cast, who):
    for number in range(5):
        kept.alert(
            session, who, key=str(number), code="APPEAL_DEADLINE", facts={"due_on": f"2026-06-1{number}"}
        )

    answers = read(session, cast, few=2).answers

    assert ([row.on.day for row in answers.rows], answers.total, answers.more) == ([10, 11], 5, 3)


@pytest.mark.parametrize(
    ("promised", "answers", "chased"),
    [(date(2026, 6, 8), 1, 0), (date(2026, 6, 7), 0, 1), (date(2026, 6, 9), 0, 0)],
)
def test_a_promise_is_due_on_its_day_and_broken_after_it(session, cast, who, promised, answers, chased):
    log(session, who, date(2026, 6, 3), promised_on=promised)

    found = read(session, cast)

    assert (found.answers.total, found.chased.total) == (answers, chased)


def test_a_promise_is_kept_by_an_answer_or_a_move_of_its_authorization(session, cast, who, pa):
    first = log(session, who, date(2026, 6, 3), promised_on=date(2026, 6, 5))
    log(session, who, date(2026, 6, 4), authorization_id=pa.id, promised_on=date(2026, 6, 6))
    assert len(promises.awaited(session, clinic_id=who.clinic_id, until=kept.DAY)) == 2

    log(session, who, date(2026, 6, 5), answers_id=first.id)
    make.save(
        session,
        AuthorizationMove(
            clinic_id=who.clinic_id,
            patient_id=who.id,
            authorization_id=pa.id,
            at=NOON,
            actor="Ana",
            move=Move.PEND,
            from_status="submitted",
            to_status="pended",
        ),
    )

    assert promises.awaited(session, clinic_id=who.clinic_id, until=kept.DAY) == []


def test_another_clinic_sees_none_of_it(session, cast, who, pa):
    overdue(session, who, pa, "2026-06-05T09:00:00-05:00")
    log(session, who, date(2026, 6, 3), promised_on=date(2026, 6, 5))

    found = due(session, cast.skin, now=NOON, few=3)

    assert (found.answers.total, found.chased.total) == (0, 0)
