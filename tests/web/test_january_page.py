"""The January wave's page, and what a week can hold: on it and on Today."""

from datetime import date

import pytest
from reading import sign_in, statements
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditEvent
from tracker.models.patient import PatientCheck
from tracker.models.user import Role
from tracker.web.timeline.small import weeks_chart

OCTOBER = date(2026, 10, 5)
PAGE = "/calendar/january"


@pytest.fixture
def acme(session, cast):
    kept.stand_on(session, cast.renal, OCTOBER)
    cast.ana.role = Role.LEAD
    plan = make.plan(session, cast.renal)
    session.commit()
    return plan


@pytest.fixture
def ana(client, acme):
    return sign_in(client)


def ending(session, clinic, plan, count=1):
    for number in range(count):
        who = make.patient(session, clinic, mrn=f"M{number}", family=f"F{number}")
        make.authorization(session, who, plan, number=f"A-{number}", ends_on=date(2026, 12, 31))
    session.commit()


def test_it_says_who_when_and_what_ends(ana, session, cast, acme):
    ending(session, cast.renal, acme)

    page = ana.get(PAGE).text

    for said in (
        "January wave 2027",
        "A-0</a> of Acme Health Gold",
        "Thu 2026-12-24",
        "1 patient:",
        "/packet",
    ):
        assert said in page


def test_it_lists_whose_patients_are_asked_for(ana, session, cast, acme):
    ending(session, cast.renal, acme)

    assert "F0, " in ana.get(f"{PAGE}?owner=unowned").text
    assert "Nobody of this wave is theirs" in ana.get(f"{PAGE}?owner=me").text


def test_where_nothing_ends_it_says_so(ana):
    assert "Nothing ends at this turn of the year" in ana.get(PAGE).text


def test_what_a_week_can_hold_is_kept_audited_and_shown(ana, session, cast, acme):
    version = cast.renal.version

    answer = ana.post(f"{PAGE}/capacity", data={"renewals_a_week": "12", "version": str(version)})

    assert (answer.status_code, answer.location) == (303, PAGE)
    session.refresh(cast.renal)
    assert cast.renal.renewals_a_week == 12
    (event,) = session.scalars(
        select(AuditEvent).where(AuditEvent.table_name == "clinic", AuditEvent.action == "changed")
    )
    assert (event.old, event.new) == ({"renewals_a_week": None}, {"renewals_a_week": 12})
    assert "fits 12 a week" in ana.get(PAGE).text


def test_an_empty_field_takes_it_back(ana, session, cast):
    cast.renal.renewals_a_week = 5
    session.commit()

    ana.post(f"{PAGE}/capacity", data={"renewals_a_week": "", "version": str(cast.renal.version)})

    session.refresh(cast.renal)
    assert cast.renal.renewals_a_week is None


@pytest.mark.parametrize(("typed", "status"), [("0", 422), ("ten", 422), ("10001", 422)])
def test_what_is_no_number_is_refused_and_stays(ana, cast, typed, status):
    answer = ana.post(f"{PAGE}/capacity", data={"renewals_a_week": typed, "version": str(cast.renal.version)})

    assert answer.status_code == status
    assert f'value="{typed}"' in answer.text


def test_an_old_page_is_a_conflict(ana, cast):
    old = str(cast.renal.version - 1)

    assert ana.post(f"{PAGE}/capacity", data={"renewals_a_week": "9", "version": old}).status_code == 409


def test_only_leads_say_what_a_week_can_hold(ana, session, cast):
    cast.ana.role = Role.COORDINATOR
    session.commit()

    assert 'name="renewals_a_week"' not in ana.get(PAGE).text
    assert ana.post(f"{PAGE}/capacity", data={"renewals_a_week": "9", "version": "1"}).status_code == 403


def starting(session, clinic, count):
    for number in range(count):
        who = make.patient(session, clinic, mrn=f"S{number}")
        kept.check(session, who, [])
        session.get_one(PatientCheck, who.id).start_renewal_by = OCTOBER
    session.commit()


def test_today_marks_the_weeks_that_hold_too_much(ana, session, cast):
    starting(session, cast.renal, 3)
    cast.renal.renewals_a_week = 2
    session.commit()
    over = ana.get("/").text
    cast.renal.renewals_a_week = 3
    session.commit()
    fits = ana.get("/").text

    assert "1 week over 2" in over
    assert "3 renewals to start, 1 over what fits" in over
    assert 'class="bar-over"' in over
    assert "at most 3 a week: fits" in fits
    assert 'class="bar-over"' not in fits
    assert 'class="limit"' in fits


def test_from_october_to_january_today_leads_to_the_wave(ana, session, cast):
    starting(session, cast.renal, 1)
    in_october = ana.get("/").text
    kept.stand_on(session, cast.renal, date(2026, 9, 30))
    session.commit()

    assert f'href="{PAGE}"' in in_october
    assert f'href="{PAGE}"' not in ana.get("/").text
    assert f'href="{PAGE}"' in ana.get("/calendar/").text


def test_without_a_capacity_no_line_is_drawn():
    chart = weeks_chart([(OCTOBER, 3)])

    assert [each.css for each in chart.shapes if each.css in ("limit", "bar-over")] == []
    assert chart.label == "Renewals to start per week: week of 2026-10-05: 3"


def test_the_wave_takes_the_same_queries_however_many_are_in_it(ana, session, cast, acme):
    ending(session, cast.renal, acme)
    few = statements(ana, PAGE)
    for number in range(1, 30):
        who = make.patient(session, cast.renal, mrn=f"N{number}")
        make.authorization(session, who, acme, number=f"B-{number}", ends_on=date(2027, 1, 5))
        make.coverage(session, who, acme, ends_on=date(2026, 12, 31))
    session.commit()

    assert statements(ana, PAGE) == few


def test_another_clinic_sees_nobody_of_it(ana, client, session, cast, acme):
    ending(session, cast.renal, acme)
    client.post("/sign-out")

    assert "A-0" not in sign_in(client, "cleo").get(PAGE).text
