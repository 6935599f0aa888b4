"""Quick find: the start of a name, a birth date in many forms, or a whole number, with what matched."""

from datetime import date

import pytest

import make
from tracker.models.payer import Plan
from tracker.services import quick_find
from tracker.services.names import name_key

TODAY = date(2026, 6, 8)


def found(session, clinic, words):
    groups = quick_find.find(session, clinic_id=clinic.id, words=words, today=TODAY)
    return list(dict.fromkeys(hit.line.who.family for group in groups for hit in group.hits))


@pytest.fixture
def people(session, cast):
    rosa = make.covered_patient(session, cast.renal, mrn="100234")
    juergen = make.patient(session, cast.renal, mrn="7", family="Müller-Lüdenscheidt", given="Jürgen")
    juergen.name_key = name_key(juergen.family, juergen.given)
    make.patient(session, cast.skin, mrn="100234", family="Alvarez")
    return rosa, juergen


@pytest.mark.parametrize(
    ("words", "families"),
    [
        ("alv", ["Alvarez"]),
        ("ROSA", ["Alvarez"]),
        ("Alvarez, R", ["Alvarez"]),
        ("müll", ["Müller-Lüdenscheidt"]),
        ("jurgen muller", ["Müller-Lüdenscheidt"]),
        ("100234", ["Alvarez"]),
        ("10023", []),
        ("M1", ["Alvarez"]),
        ("lvarez", []),
        ("%", []),
        (",", []),
        ("   ", []),
    ],
)
def test_search_takes_the_start_of_a_name_or_a_whole_number(session, cast, people, words, families):
    assert found(session, cast.renal, words) == families


@pytest.mark.parametrize(
    "typed",
    [
        "1971-04-02",
        "4/2/1971",
        "04/02/1971",
        "4-2-1971",
        "4/2/71",
        "19710402",
        "04021971",
        "Apr 2, 1971",
        "2 Apr 1971",
        "alvarez 4/2/1971",
        "4/2/1971 ros",
    ],
)
def test_a_birth_date_is_read_in_many_forms(session, cast, people, typed):
    people[1].birth_date = date(1950, 1, 1)

    assert found(session, cast.renal, typed) == ["Alvarez"]


@pytest.mark.parametrize("typed", ["4/2/1972", "muller 4/2/1971", "13/13/1971", "4/2/2071"])
def test_another_birth_date_or_name_finds_nobody(session, cast, people, typed):
    people[1].birth_date = date(1950, 1, 1)

    assert found(session, cast.renal, typed) == []


def test_a_number_says_what_it_is_of_in_either_case(session, cast, people):
    plan = session.get(Plan, session.query(Plan.id).scalar())
    make.authorization(session, people[0], plan, number="A-48213")

    (group,) = quick_find.find(session, clinic_id=cast.renal.id, words=" a-48213 ", today=TODAY)

    assert group.matched is quick_find.Matched.NUMBER
    assert group.hits[0].said == "PA A-48213, approved, 2026-01-01 to 2026-06-30"


def test_what_matches_in_two_ways_stands_in_two_groups(session, cast, people):
    people[0].mrn = "m1"
    session.flush()

    groups = quick_find.find(session, clinic_id=cast.renal.id, words="M1", today=TODAY)

    assert [group.matched.value for group in groups] == ["MRN", "Member ID"]
    assert groups[1].hits[0].said == "M1 in Acme 100234 Gold 100234"
    assert quick_find.patient_ids(groups) == [people[0].id]


def test_fifty_hits_are_the_most(session, cast):
    for number in range(51):
        make.patient(session, cast.renal, mrn=f"M{number}")

    (group,) = quick_find.find(session, clinic_id=cast.renal.id, words="alv", today=TODAY)

    assert len(group.hits) == 50
