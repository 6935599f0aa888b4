"""The Today page: what a coordinator must read there, and what an empty clinic sees."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import event

import kept
import make
from tracker.db import db
from tracker.web.today import prose


def statements(client, address):
    """How many statements a page takes."""
    seen = []
    with_all = db.engine
    event.listen(with_all, "before_cursor_execute", lambda *args: seen.append(args[2]))
    assert client.get(address).status_code == 200
    return len(seen)


def test_a_stranger_is_sent_to_sign_in(client, cast):
    assert client.get("/").location.startswith("/sign-in")


def test_a_new_clinic_is_told_how_to_begin(ana):
    page = ana.get("/").text

    assert "No patient on file yet" in page
    assert "Add a patient" in page


def test_all_is_well_is_said_with_what_was_checked(ana, session, cast):
    who = make.patient(session, cast.renal)
    kept.check(session, who, [kept.fill(kept.DAY + timedelta(days=20 + 30 * n)) for n in range(12)])
    session.commit()

    page = ana.get("/").text

    assert "Nothing at risk in the next 14 days" in page
    assert "1 patient, 12 future fills checked." in page


def test_the_row_says_who_what_when_how_long_and_whose(ana, session, cast):
    kept.alvarez(session, cast.renal, owner_id=cast.ben.id)
    session.commit()

    page = ana.get("/").text

    for said in (
        "Critical",
        "Alvarez, Rosa",
        "1971-04-02",
        "MRN 100234",
        "no PA from",
        "in 6 days",
        "6 days",
        "Ben",
    ):
        assert said in page
    assert "Sun 2026-06-14" in page


def test_of_many_rows_five_are_shown_and_all_on_request(ana, session, cast):
    for number in range(7):
        kept.alvarez(session, cast.renal, mrn=f"M{number}")
    session.commit()

    assert "2 more" in ana.get("/").text
    assert ana.get("/?show=all").text.count("MRN M") == 7


def test_a_stale_answer_is_said_to_be_stale(ana, session, cast):
    who = make.patient(session, cast.renal)
    kept.check(session, who, [], due=True)
    session.commit()

    assert "1 of 1 patients wait for a check" in ana.get("/").text


def test_the_number_of_queries_does_not_grow_with_the_patients(ana, session, cast):
    kept.alvarez(session, cast.renal)
    session.commit()
    few = statements(ana, "/")
    for number in range(8):
        kept.alvarez(session, cast.renal, mrn=f"M{number}")
    session.commit()

    assert statements(ana, "/") == few


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("PA B-100201 ended on Sun 2026-06-07.", ["PA B-100201", "Sun 2026-06-07"]),
        ("PA 2025/77-B ends in 12 days", ["PA 2025/77-B"]),
        ("no PA asked in 30 days", []),
        ("PA " + "9" * 40, []),
        ("<b>PA 7</b>", ["PA 7"]),
    ],
)
def test_a_sentence_never_breaks_inside_a_date_or_a_pa_number(text, whole):
    said = str(prose(text))

    assert re.findall('<span class="nw">(.*?)</span>', said) == whole
    assert "<b>" not in said


@pytest.mark.parametrize(("rows", "offered"), [(2, False), (3, True)])
def test_where_three_long_lines_may_be_cut_they_can_be_shown_whole(ana, session, cast, rows, offered):
    kept.stand_on(session, cast.renal)
    for number in range(rows):
        who = make.patient(session, cast.renal, mrn=f"M{number}")
        kept.check(session, who, [])
        kept.alert(
            session,
            who,
            code="PA_PENDED_INFO_NEEDED",
            facts={"reply_by": "2026-06-12"},
            message="PA asked on Tue 2026-06-02 is pended: reply by Fri 2026-06-12.",
        )
    session.commit()

    assert ("Whole lines" in ana.get("/").text) is offered
