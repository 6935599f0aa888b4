"""A patient's insurance number is shown where someone asks the payer for it, and nowhere beside."""

import re

import attacks
import crawling
import pytest

import kept
from tracker.models.patient import Coverage

MEMBER = "ZQX-77-140-93"
# The sheet for the telephone, the packet for the payer, and the form in which it is written: each is opened
# for one patient, and that is on record.
WHERE = {"sheets.patient", "packets.show", "packets.sheet", "facts.change"}


@pytest.fixture
def dana(app, session, cast):
    crawling.stock(session, cast)
    kept.stand_on(session, cast.renal)
    for row in session.query(Coverage):
        row.member_id = MEMBER
    session.commit()
    return crawling.browser(app, "dana")


def test_it_stands_on_no_list_and_on_no_page_that_is_not_about_it(app, dana, session, cast):
    shown, asked = set(), 0
    for way in crawling.ways(app):
        if way.method != "GET":
            continue
        for address in attacks.addresses(session, cast.renal.id, way):
            asked += 1
            with dana.get(address) as answer:
                if MEMBER.encode() in answer.data:
                    shown.add(way.endpoint)

    assert shown <= {*WHERE, "patients.show"}, shown - WHERE
    assert "sheets.patient" in shown
    assert asked > 60


def test_on_the_patients_page_it_is_masked_until_it_is_opened(dana, session, cast):
    rosa = session.query(Coverage).filter_by(clinic_id=cast.renal.id).first().patient_id

    page = dana.get(f"/patients/{rosa}").text

    masked = rf'<details class="mask">\s*<summary>(.*?)</summary>\s*<span[^>]*>{MEMBER}</span>'
    assert re.findall(masked, page) == ["ends in -93"] * page.count(MEMBER)
    assert page.count(MEMBER) >= 1


def test_no_list_that_leaves_as_a_file_holds_it(app, dana):
    with dana.post("/alerts/export", data={"format": "csv"}) as answer:
        assert b"Alvarez" in answer.data
        assert MEMBER.encode() not in answer.data
