"""Notices of unusual sign-ins and counts of reports, on both databases."""

from datetime import UTC, datetime, timedelta

from sqlalchemy import select

from tracker.models.outbox import OutboxMessage
from tracker.models.web_session import SignInPlace
from tracker.services import policy_reports, unusual_sign_in

NOON = datetime(2026, 6, 8, 17, tzinfo=UTC)


def told(session):
    session.commit()
    query = select(OutboxMessage.notice).where(OutboxMessage.notice.is_not(None))
    return session.scalars(query.order_by(OutboxMessage.id)).all()


def test_a_second_notice_of_the_day_breaks_nothing_that_was_written_beside_it(session, cast):
    for n in range(3):
        unusual_sign_in.right_after(session, cast.ana, 5, now=NOON)
        unusual_sign_in.came_in(session, cast.ana, address=f"198.51.{n}.9", now=NOON)
        cast.ana.name = f"Ana {n}"
        unusual_sign_in.stuck_at_code(session, cast.ana, 6, now=NOON)

    assert told(session) == ["sign_in_tries", "sign_in_codes"]
    assert cast.ana.name == "Ana 2"
    assert len(session.scalars(select(SignInPlace)).all()) == 3


def test_a_colleagues_notice_is_their_own(session, cast):
    for person in (cast.ana, cast.ben):
        unusual_sign_in.right_after(session, person, 5, now=NOON)

    assert told(session) == ["sign_in_tries"] * 2


def test_a_network_seen_again_is_known_from_then_on(session, cast):
    for days in (0, 170, 340, 519):
        unusual_sign_in.came_in(session, cast.ana, address="203.0.113.7", now=NOON + timedelta(days=days))

    assert told(session) == []


def test_reports_are_added_up_over_the_week(session, cast):
    seen = []
    for days in (0, 0, 6, 7):
        now = NOON + timedelta(days=days)
        policy_reports.count(session, "img-src", now=now)
        session.commit()
        seen.append(policy_reports.lately(session, now)["img-src"])

    assert seen == [1, 2, 3, 2]
