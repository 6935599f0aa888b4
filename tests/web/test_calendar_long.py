"""The calendar of a large clinic: a few of each day, and a day page by page."""

import re
from datetime import date

import pytest
from reading import sign_in, statements

import kept
import make
from tracker.models.patient import Patient, PatientCheck
from tracker.services import calendar_pages
from tracker.services.calendar import EntryKind

SUNDAY = date(2026, 6, 14)


@pytest.fixture
def many(session, cast):
    """120 covered fills on one Sunday, and one that is refused."""
    kept.stand_on(session, cast.renal)
    for number in range(121):
        who = make.patient(session, cast.renal, mrn=f"M{number:03}", family=f"F{number:03}", given="A")
        kept.check(session, who, [kept.fill(SUNDAY)])
        row = session.get_one(PatientCheck, who.id)
        row.fill_marks = f"20260614{'-' if number == 77 else '+'}20260714+"
    session.commit()


def page_of(session, clinic, after="", *, back=False):
    return calendar_pages.day_page(session, clinic_id=clinic.id, on=SUNDAY, after=after, back=back)


def names(page):
    return [each.who.family for each in page.entries]


def test_a_day_goes_on_page_by_page_and_back_without_a_gap(session, cast, many):
    first = page_of(session, cast.renal)
    second = page_of(session, cast.renal, first.last)
    third = page_of(session, cast.renal, second.last)

    order = ["F077", *(f"F{n:03}" for n in range(121) if n != 77)]
    assert names(first) + names(second) + names(third) == order
    assert [first.before, second.before, third.before] == [0, 50, 100]
    assert (first.first, third.last) == ("", "")
    assert names(page_of(session, cast.renal, second.first, back=True)) == names(first)
    assert names(page_of(session, cast.renal, third.first, back=True)) == names(second)


def test_the_next_page_follows_an_entry_that_is_gone(session, cast, many):
    first = page_of(session, cast.renal)
    last = session.query(Patient).filter(Patient.family == first.entries[-1].who.family).one()
    session.get_one(PatientCheck, last.id).fill_marks = ""
    session.commit()

    assert names(page_of(session, cast.renal, first.last))[0] == "F049"


def test_two_fills_of_one_patient_stay_on_one_page(session, cast, many):
    fiftieth = page_of(session, cast.renal).entries[-1].who.id
    session.get_one(PatientCheck, fiftieth).fill_marks = "20260614+20260614+"
    session.commit()

    first = page_of(session, cast.renal)

    assert names(first)[-2:] == ["F048", "F048"]
    assert len(first.entries) == 51
    assert names(page_of(session, cast.renal, first.last))[0] == "F049"


@pytest.mark.parametrize("after", ["rubbish", f"covered-{'0' * 26}-", "x" * 300])
def test_a_strange_place_begins_at_the_first(session, cast, many, after):
    assert names(page_of(session, cast.renal, after))[0] == "F077"


def test_a_place_of_another_clinic_tells_nothing(session, cast, many):
    key = page_of(session, cast.renal).last

    assert page_of(session, cast.skin, key).entries == []


def test_seven_days_name_a_few_of_each_day_and_lead_to_it(client, cast, many):
    text = sign_in(client).get("/calendar/?view=list&from=2026-06-08").text

    assert "121 fills, 1 refused" in text
    assert re.findall("<b>(F[0-9]+), A</b>", text) == ["F077", *(f"F{n:03}" for n in range(7))]
    assert "8 of 121, what is refused or due first" in text
    assert "/calendar/?view=day&amp;from=2026-06-14" in text


def test_a_day_of_many_says_where_one_is_and_leads_on(client, cast, many):
    ana = sign_in(client)
    first = ana.get("/calendar/?view=day&from=2026-06-14").text
    (following,) = re.findall('href="([^"]+)" rel="next"', first)

    second = ana.get(following.replace("&amp;", "&")).text

    assert "1 to 50 of 121" in first
    assert "51 to 100 of 121" in second
    assert 'rel="prev"' in second
    assert "F049" in second


def test_a_day_without_anything_says_so(client, cast, many):
    assert "Nothing falls on this day" in sign_in(client).get("/calendar/?view=day&from=2026-06-20").text


def test_a_list_takes_the_same_queries_however_many_there_are(client, session, cast, many):
    ana = sign_in(client)
    addresses = ("/calendar/?view=list&from=2026-06-14", "/calendar/?view=day&from=2026-06-14")
    of_many = [statements(ana, address) for address in addresses]
    session.query(PatientCheck).filter(PatientCheck.fill_marks.startswith("20260614+")).update(
        {"fill_marks": ""}, synchronize_session=False
    )
    session.commit()

    assert [statements(ana, address) for address in addresses] == of_many
    assert [each.kind for each in page_of(session, cast.renal).entries] == [EntryKind.REFUSED]
