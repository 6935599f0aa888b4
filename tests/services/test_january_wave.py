"""What ends around the turn of a year: who is in it, what follows already, and when each should be begun."""

from datetime import date, timedelta

import pytest

import kept
import make
from tracker.models.patient import PatientCheck
from tracker.rules.words import AuthorizationKind
from tracker.services import january_wave

OCTOBER = date(2026, 10, 5)
NEW_YEAR = date(2026, 12, 31)


@pytest.fixture
def plan(session, cast):
    return make.plan(session, cast.renal)


def ending(session, clinic, plan, number, on=NEW_YEAR, **more):
    """A patient whose authorization ends."""
    who = make.patient(session, clinic, mrn=f"M{number}", family=f"F{number:03}")
    make.authorization(session, who, plan, number=f"A-{number}", ends_on=on, **more)
    return who


def follow(session, row, **more):
    who = session.get_one(make.Patient, row.patient_id)
    values = {"number": None, "starts_on": None, "ends_on": None, "status": "draft", **more}
    return make.authorization(session, who, session.get_one(make.Plan, row.plan_id), **values)


def wave(session, clinic, today=OCTOBER, **more):
    return january_wave.wave(session, clinic, today=today, **more)


def numbers(found):
    return [end.number for row in found.rows for end in row.ends]


@pytest.mark.parametrize(
    ("ends_on", "is_in"),
    [
        (date(2026, 11, 30), False),
        (date(2026, 12, 1), True),
        (date(2027, 1, 31), True),
        (date(2027, 2, 1), False),
    ],
)
def test_december_and_january_are_the_turn_of_the_year(session, cast, plan, ends_on, is_in):
    ending(session, cast.renal, plan, 1, ends_on)

    assert (wave(session, cast.renal).patients == 1) is is_in


@pytest.mark.parametrize(
    ("today", "year", "season"),
    [
        (date(2026, 9, 30), 2027, False),
        (date(2026, 10, 1), 2027, True),
        (date(2027, 1, 31), 2027, True),
        (date(2027, 2, 1), 2028, False),
    ],
)
def test_the_wave_is_that_of_the_next_turn_and_of_the_last_through_january(today, year, season):
    assert (january_wave.year_of(today), january_wave.is_season(today)) == (year, season)


def test_before_october_starts_are_proposed_from_october_on(session, cast, plan):
    ending(session, cast.renal, plan, 1)

    found = wave(session, cast.renal, today=kept.DAY)

    assert found.first_on == found.rows[0].start_on == date(2026, 10, 1)


def test_only_what_was_granted_of_patients_who_are_followed_counts(session, cast, plan):
    ending(session, cast.renal, plan, 1, status="denied")
    ending(session, cast.renal, plan, 2).active = False
    ending(session, cast.skin, make.plan(session, cast.skin), 3)
    session.flush()

    assert wave(session, cast.renal).patients == 0


@pytest.mark.parametrize("status", ["submitted", "approved"])
def test_what_is_asked_for_or_granted_again_is_only_counted(session, cast, plan, status):
    who = ending(session, cast.renal, plan, 1)
    (row,) = session.query(make.Authorization).filter_by(patient_id=who.id)
    follow(session, row, status=status, requested_ends_on=date(2027, 12, 31))

    found = wave(session, cast.renal)

    assert (found.patients, found.asked) == (0, 1)


def test_a_draft_leaves_it_in_the_wave_and_is_said(session, cast, plan):
    who = ending(session, cast.renal, plan, 1)
    (row,) = session.query(make.Authorization).filter_by(patient_id=who.id)
    follow(session, row, renews_id=row.id)

    (shown,) = wave(session, cast.renal).rows

    assert [end.drafted for end in shown.ends] == [True]


def test_a_request_of_another_kind_or_plan_follows_nothing(session, cast, plan):
    who = ending(session, cast.renal, plan, 1)
    later = {
        "status": "submitted",
        "starts_on": None,
        "requested_ends_on": date(2027, 12, 31),
        "ends_on": None,
    }
    make.authorization(
        session, who, plan, number="Q", kind=AuthorizationKind.QUANTITY_LIMIT_OVERRIDE, **later
    )
    make.authorization(session, who, make.plan(session, cast.renal, payer="Beacon"), number="B", **later)

    assert numbers(wave(session, cast.renal)) == ["A-1"]


def test_a_coverage_that_ends_says_which_plan_follows(session, cast, plan):
    beacon = make.plan(session, cast.renal, payer="Beacon", name="Choice")
    people = [make.patient(session, cast.renal, mrn=f"M{n}", family=f"F{n}") for n in range(3)]
    for who in people:
        make.coverage(session, who, plan, ends_on=NEW_YEAR)
    make.coverage(session, people[1], beacon, starts_on=date(2027, 1, 1))
    make.coverage(session, people[2], plan, starts_on=date(2027, 1, 1))

    found = wave(session, cast.renal)

    assert found.coverages == 2
    assert {row.who.family: row.ends[0].next_plan for row in found.rows} == {
        "F0": None,
        "F1": "Beacon Choice",
    }  # the third stays with the same plan


def test_all_that_ends_for_a_patient_is_one_row(session, cast, plan):
    who = ending(session, cast.renal, plan, 1)
    make.coverage(session, who, plan, ends_on=NEW_YEAR)

    found = wave(session, cast.renal)

    (row,) = found.rows
    assert [(end.kind, end.plan) for end in row.ends] == [
        (AuthorizationKind.PRIOR_AUTHORIZATION, "Acme Health Gold"),
        (None, "Acme Health Gold"),
    ]
    assert (found.patients, found.authorizations, found.coverages) == (1, 1, 1)


def test_the_last_safe_day_is_that_of_the_last_check_or_counted_back_from_the_end(session, cast, plan):
    people = [ending(session, cast.renal, plan, number) for number in range(3)]
    for who, denial in ((people[0], date(2027, 1, 8)), (people[1], date(2026, 11, 2))):
        kept.check(session, who, [])
        row = session.get_one(PatientCheck, who.id)
        row.start_renewal_by, row.earliest_denial_on = denial - timedelta(days=8), denial
    session.flush()

    latest = {row.who.family: row.latest_on for row in wave(session, cast.renal).rows}

    assert latest == {
        "F000": NEW_YEAR,  # as the check said, of the first fill without it
        "F001": date(2026, 12, 24),  # its denial has another cause: shipping 2, answer 3, preparation 3 days
        "F002": date(2026, 12, 24),
    }


def test_what_else_must_begin_in_a_week_leaves_room_for_less(session, cast, plan):
    for number in range(24):
        ending(session, cast.renal, plan, number)
    for number in range(10):
        who = make.patient(session, cast.renal, mrn=f"other{number}")
        kept.check(session, who, [])
        session.get_one(PatientCheck, who.id).start_renewal_by = OCTOBER
    session.flush()

    weeks = wave(session, cast.renal).levelled.weeks

    assert (weeks[0].other, weeks[0].proposed) == (10, 0)
    assert max(week.proposed for week in weeks) == 3
    assert sum(week.proposed for week in weeks) == 24
    assert max(week.waiting for week in weeks) == 24


def test_whose_patients_are_listed_changes_no_proposal(session, cast, plan):
    for number in range(9):
        ending(session, cast.renal, plan, number).owner_id = [cast.ana.id, cast.ben.id, None][number % 3]
    session.flush()

    everyone = wave(session, cast.renal)
    mine = wave(session, cast.renal, owners=[cast.ana.id])
    free = wave(session, cast.renal, owners=["unowned"])

    assert sorted(numbers(mine)) == ["A-0", "A-3", "A-6"]
    assert sorted(numbers(free)) == ["A-2", "A-5", "A-8"]
    assert (mine.patients, mine.listed) == (9, 3)
    assert mine.levelled == everyone.levelled


def test_pages_go_on_and_back_without_a_gap(session, cast, plan, monkeypatch):
    monkeypatch.setattr(january_wave, "PAGE", 4)
    for number in range(10):
        ending(session, cast.renal, plan, number)

    first = wave(session, cast.renal)
    second = wave(session, cast.renal, after=first.last)
    third = wave(session, cast.renal, after=second.last)

    assert sorted(numbers(first) + numbers(second) + numbers(third)) == [f"A-{n}" for n in range(10)]
    assert (first.first, third.last, third.before) == ("", "", 8)
    assert numbers(wave(session, cast.renal, after=third.first, back=True)) == numbers(second)
    assert numbers(wave(session, cast.renal, after="0" * 26)) == numbers(first)
