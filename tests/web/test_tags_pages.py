"""Tags on the pages: of a patient, of an alert, and for many rows of the worklist."""

import csv
import io
import re

import pytest
from reading import sign_in, statements
from sqlalchemy import select

import kept
import make
from tracker.models.tag import PatientTag, Tag
from tracker.models.user import Role


@pytest.fixture
def ana(client, cast, session):
    kept.stand_on(session, cast.renal)
    session.commit()
    return sign_in(client, "ana")


@pytest.fixture
def alert(session, cast):
    row = kept.alert(session, make.patient(session, cast.renal))
    session.commit()
    return row


def tag(client, row, name="travels", **more):
    return client.post(f"/patients/{row.patient_id}/tags", data={"tag_name": name, **more})


def tag_id(session):
    return session.scalars(select(Tag.id)).one()


def test_a_tag_is_added_on_the_patient_and_stands_on_every_page(ana, alert):
    answer = tag(ana, alert)

    assert (answer.status_code, answer.location) == (303, f"/patients/{alert.patient_id}")
    for address in (f"/patients/{alert.patient_id}", f"/alerts/{alert.id}", "/alerts", "/alerts/print"):
        assert "travels" in ana.get(address).text.split("<main")[1]


def test_what_is_done_on_an_alert_leads_back_to_it(ana, session, alert):
    assert tag(ana, alert, alert=alert.id).location == f"/alerts/{alert.id}"
    answer = ana.post(f"/patients/{alert.patient_id}/tags/{tag_id(session)}/remove", data={"alert": alert.id})

    assert (answer.status_code, answer.location) == (303, f"/alerts/{alert.id}")
    assert session.query(PatientTag).count() == 0


def test_a_refusal_is_said(ana, alert):
    tag(ana, alert)
    tag(ana, alert, "TRAVELS")

    assert "They are tagged travels already." in ana.get(f"/patients/{alert.patient_id}").text


def test_the_words_of_a_tag_never_stand_in_an_address(ana, session, alert):
    tag(ana, alert)

    page = ana.get(f"/alerts?tag={tag_id(session)}").text

    assert not re.search(r'(href|action)="[^"]*travels', page)
    assert re.search(r"<option value=\"[0-9A-Z]{26}\" selected>travels \(1\)", page)


def test_without_any_tag_the_list_offers_no_filter_of_it(ana, alert):
    assert 'id="f-tag"' not in ana.get("/alerts").text


def test_a_saved_view_asks_for_a_tag_in_words(ana, session, alert):
    tag(ana, alert)

    assert "tag “travels”" in ana.get(f"/alerts/views?tag={tag_id(session)}").text
    assert "tag “not on file”" in ana.get(f"/alerts/views?tag={'0' * 26}").text


def test_ticked_alerts_are_tagged_after_a_look_at_what_changes(ana, session, cast, alert):
    other = kept.alert(session, make.patient(session, cast.renal, mrn="other"))
    session.commit()
    asked = {"act": "tag", "id": [alert.id, other.id]}

    form = ana.post("/alerts/bulk", data=asked).text
    shown = ana.post("/alerts/bulk/preview", data={**asked, "tag_name": "board"}).text
    before = session.query(PatientTag).count()
    answer = ana.post("/alerts/bulk/do", data={**asked, "tag_name": "board", "seen": "2"})

    assert 'name="tag_name"' in form
    assert "2 of 2 alerts will change" in shown
    assert (before, session.query(PatientTag).count()) == (0, 2)
    assert answer.status_code == 303
    assert "2 alerts tagged" in ana.get("/alerts").text


def test_tagging_many_can_be_undone_from_the_list(ana, session, alert):
    ana.post("/alerts/bulk/do", data={"act": "tag", "id": alert.id, "tag_name": "board", "seen": "1"})
    page = ana.get("/alerts").text
    (at,) = re.findall(r'name="at" value="([^"]+)"', page)

    ana.post("/alerts/bulk/undo", data={"at": at})

    assert "on 1 patient: tagged" in page
    assert "1 patient as before" in ana.get("/alerts").text
    assert session.query(PatientTag).count() == 0


def test_a_tag_is_taken_off_all_that_match_and_the_filter_is_kept(ana, session, alert):
    tag(ana, alert)
    asked = {"act": "untag", "every": "1", "tag": tag_id(session), "tag_id": tag_id(session), "seen": "1"}

    shown = ana.post("/alerts/bulk/preview", data=asked).text
    answer = ana.post("/alerts/bulk/do", data=asked)

    assert "no longer tagged <b>travels</b>" in shown
    assert answer.location == f"/alerts?tag={asked['tag']}"
    assert session.query(PatientTag).count() == 0


@pytest.mark.parametrize(("act", "field"), [("tag", "tag_name"), ("untag", "tag_id")])
def test_an_empty_wish_is_refused_at_its_field(ana, alert, act, field):
    answer = ana.post("/alerts/bulk/preview", data={"act": act, "id": alert.id, field: ""})

    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text


def test_a_file_names_the_tags(ana, alert):
    for name in ("travels", "board"):
        tag(ana, alert, name)

    with ana.post("/alerts/export", data={"format": "csv"}) as answer:
        (row,) = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert row["Tags"] == "board; travels"


def test_a_hostile_tag_is_shown_as_text(ana, alert):
    tag(ana, alert, "<script>x</script>")

    for address in (f"/patients/{alert.patient_id}", f"/alerts/{alert.id}", "/alerts", "/alerts/print"):
        assert "<script>x" not in ana.get(address).text


def test_who_may_only_look_sees_tags_and_changes_none(ana, session, cast, alert):
    tag(ana, alert)
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    ana.post("/sign-out")
    vera = sign_in(ana, "vera")

    page = vera.get(f"/patients/{alert.patient_id}").text
    assert "travels" in page
    assert "Add tag" not in page
    assert tag(vera, alert, "x").status_code == 403


def test_another_clinic_can_neither_tag_nor_untag(ana, session, alert):
    tag(ana, alert)
    ana.post("/sign-out")
    cleo = sign_in(ana, "cleo")

    assert tag(cleo, alert, "x").status_code == 404
    path = f"/patients/{alert.patient_id}/tags/{tag_id(session)}/remove"
    assert cleo.post(path).status_code == 404


def test_tags_cost_no_query_a_row(ana, session, cast, alert):
    tag(ana, alert)
    few = statements(ana, "/alerts")
    for number in range(8):
        tag(ana, kept.alert(session, make.patient(session, cast.renal, mrn=f"M{number}")), f"t{number}")
    session.commit()

    assert statements(ana, "/alerts") == few
