"""What the page of an authorization is made of: terms, units, clock, chain, life."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import kept
import make
from tracker.models.authorization import Authorization, AuthorizationLine, Denial
from tracker.rules.moves import Standing
from tracker.rules.words import AuthorizationStatus
from tracker.services.authorization_page import authorization_page

NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
S = AuthorizationStatus


@pytest.fixture
def rosa(session, cast):
    kept.stand_on(session, cast.renal)
    who = kept.alvarez(session, cast.renal)
    session.commit()
    return who


def find(session, number="A-55907"):
    if number is None:
        return session.scalars(select(Authorization).where(Authorization.number.is_(None))).one()
    return session.scalars(select(Authorization).where(Authorization.number == number)).one()


def view(session, cast, row, now=NOW):
    return authorization_page(session, cast.renal, row, on=kept.DAY, now=now)


def test_terms_say_the_difference_and_the_day_it_bites(session, cast, rosa):
    found = view(session, cast, find(session))

    assert [(each.name, each.kind, each.difference) for each in found.terms] == [
        ("From", "bad", "14 days later: fill on Sun 2026-06-14 refused"),
        ("Through", "part", "161 days shorter"),
        ("J7502 units", "part", "360 fewer, does not bite before PA ends"),
    ]
    assert (found.less, found.compared) == (3, 3)
    assert found.terms[2].approved == "360 (6 fills)"


def test_wider_than_asked_is_no_loss(session, cast, rosa):
    row = find(session)
    row.starts_on, row.ends_on = date(2026, 6, 10), None
    row.lines[0].units = None
    session.commit()

    found = view(session, cast, row)

    assert [each.difference for each in found.terms] == ["wider than asked"] * 3


def test_a_code_left_out_is_named(session, cast, rosa):
    row = find(session)
    row.lines[0].approved = False
    session.commit()

    assert view(session, cast, row).terms[2].difference == "code left out"


def test_units_count_the_fills_on_file_and_those_to_come(session, cast, rosa):
    old, new = find(session, "A-48213"), find(session)
    old.lines = [AuthorizationLine(clinic_id=old.clinic_id, code="J7502", units=200, units_used_before=60)]
    session.commit()

    spent, ahead = view(session, cast, old).units, view(session, cast, new).units

    assert [(each.used, each.planned, each.left, each.used_percent) for each in spent.burns] == [
        (180, 0, 20, 90)
    ]
    assert [(each.used, each.planned, each.left) for each in ahead.burns] == [(0, 360, 0)]
    assert (spent.lasts_until, spent.last_used_on) == (None, date(2026, 5, 15))
    assert ahead.lasts_until == date(2027, 1, 9)
    assert ahead.less_than_one_fill


def test_the_chain_has_its_gap_and_the_missing_renewal_last(session, cast, rosa):
    found = view(session, cast, find(session)).chain

    assert [each.kind for each in found] == ["granted", "open", "gap", "granted", "missing"]
    gap = found[2]
    assert (gap.starts_on, gap.ends_on, gap.days) == (date(2026, 6, 11), date(2026, 6, 24), 14)
    assert gap.fill_on == date(2026, 6, 14)


def test_a_drafted_renewal_is_not_missing(session, cast, rosa):
    row = find(session)
    make.authorization(
        session,
        rosa,
        session.get(make.Plan, row.plan_id),
        number="R",
        status="draft",
        starts_on=None,
        ends_on=None,
        requested_starts_on=date(2027, 1, 1),
        renews_id=row.id,
    )
    session.commit()

    assert [each.kind for each in view(session, cast, row).chain][-1] == "open"


def test_the_next_plan_is_named(session, cast, rosa):
    assert view(session, cast, find(session)).next_plan == ("Beacon Choice HMO", date(2027, 1, 1))


@pytest.mark.parametrize(
    ("received", "left", "late"),
    [
        (datetime(2026, 6, 5, 21, 40, tzinfo=UTC), "6 h 40 min left", False),
        (datetime(2026, 6, 7, 15, 0, tzinfo=UTC), "2 days 0 h left", False),
        (datetime(2026, 6, 5, 15, 0, tzinfo=UTC), "0 h 0 min left", False),
        (datetime(2026, 6, 5, 14, 59, tzinfo=UTC), "overdue by 0 h 1 min", True),
        (datetime(2026, 6, 1, 12, 0, tzinfo=UTC), "overdue by 4 days 3 h", True),
        (None, "No clock", False),
    ],
)
def test_the_payers_clock_runs_from_the_instant_of_receipt(session, cast, rosa, received, left, late):
    row = find(session, None)
    row.received_at = received
    session.commit()

    clock = view(session, cast, row).clock

    assert (clock.left, clock.late) == (left, late)


def test_on_a_moved_demo_day_the_hours_count_from_that_day(session, cast, rosa):
    row = find(session, None)
    row.received_at = datetime(2026, 6, 5, 21, 40, tzinfo=UTC)
    session.commit()

    assert view(session, cast, row, NOW + timedelta(days=30)).clock.left == "6 h 40 min left"


@pytest.mark.parametrize(
    ("reply_by", "left"),
    [(date(2026, 6, 9), "1 day left"), (date(2026, 6, 8), "due today"), (date(2026, 6, 6), "2 days late")],
)
def test_papers_asked_for_have_a_clock_in_days(session, cast, rosa, reply_by, left):
    row = find(session, None)
    row.status, row.reply_by = S.PENDED, reply_by
    session.commit()

    assert view(session, cast, row).clock.left == left


def test_a_denial_shows_the_deadline_of_its_appeal(session, cast, rosa):
    row = find(session, None)
    row.status = S.DENIED
    ids = {"clinic_id": rosa.clinic_id, "patient_id": rosa.id, "authorization_id": row.id}
    make.save(session, Denial(level="internal", received_on=date(2026, 6, 8), **ids))
    session.commit()

    found = view(session, cast, row)

    assert (found.clock.due_on, found.clock.left) == (date(2026, 12, 5), "180 days left")
    assert [each.name for each in found.stages] == ["Draft", "Submitted", "Denied", "Appeal by"]
    assert {each.approved for each in found.terms} == {"denied"}


@pytest.mark.parametrize(
    ("number", "standing", "here"),
    [
        ("A-55907", Standing.NOT_YET_EFFECTIVE, None),
        ("A-48213", Standing.EXPIRING, "In force"),
        (None, None, "Submitted"),
    ],
)
def test_life_and_standing(session, cast, rosa, number, standing, here):
    found = view(session, cast, find(session, number))

    assert found.standing is standing
    assert next((each.name for each in found.stages if each.state == "here"), None) == here
