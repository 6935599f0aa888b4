"""The worklist's pages around its rows: views, export, call sheet, keys."""

import csv
import gc
import io
import re

import pytest
from python_calamine import CalamineWorkbook
from reading import sign_in
from sqlalchemy import select

import kept
import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.saved_view import SavedView
from tracker.models.user import Membership, Role, User
from tracker.services import worklist_counts
from tracker.web import parcel


@pytest.fixture
def ana(client, cast, session):
    """Ana, with two alerts on her list."""
    kept.stand_on(session, cast.renal)
    acme = make.plan(session, cast.renal)
    acme.payer.phone = "+1 555 0100"
    who = make.patient(session, cast.renal, family="=HYPERLINK(1)", owner_id=cast.ana.id)
    kept.alert(session, who, plan_id=acme.id)
    other = make.patient(session, cast.renal, mrn="2", family="Brennan")
    kept.alert(session, other, key="b", severity="info", message="-1 day to go")
    session.commit()
    return sign_in(client, "ana")


def taken(client, **data):
    """An export, read to its end."""
    with client.post("/alerts/export", data=data) as answer:
        answer.get_data()
        return answer


def test_rows_say_what_to_do_first_then_why_and_for_whom(ana):
    page = ana.get("/alerts").text

    assert "Plan an early fill, or move the PA start" in page
    assert "Acme Health" in page
    assert re.search(r'aria-sort="ascending"[^>]*>Harm date', page)
    assert "Any severity" in page


def test_more_found_by_words_than_is_counted_is_said_to_be_more(ana, monkeypatch):
    monkeypatch.setattr(worklist_counts, "FOUND_AT_MOST", 1)

    many, few = ana.get("/alerts?text=a").text, ana.get("/alerts?text=1 day to go").text

    assert "over 1 alerts in" in many
    assert "Info</a>" in many  # no count beside a choice
    assert re.search(r'Info <span class="n">1</span>', few)


def test_names_never_stand_in_an_address(ana):
    page = ana.get("/alerts?sort=left").text

    assert not re.search(r'href="[^"]*Brennan', page)


def test_filters_are_saved_as_a_view_and_come_back(ana, session, cast):
    ana.post("/alerts/views", data={"name": "Bad ones", "severity": ["critical", "high"], "owner": "me"})

    page = ana.get("/alerts?owner=me&severity=critical&severity=high").text
    assert re.search(r'aria-current="page">Bad ones', page)
    view = session.scalars(select(SavedView)).one()
    assert view.query == {"owner": ["me"], "severity": ["critical", "high"]}


def test_a_refused_name_is_said_at_its_field_and_kept(ana):
    answer = ana.post("/alerts/views", data={"name": "Mine", "due": "7"})

    assert answer.status_code == 422
    assert "Everyone has a view called Mine" in answer.text
    assert 'value="Mine"' in answer.text
    assert 'name="due" value="7"' in answer.text


def test_a_view_is_renamed_and_deleted_by_its_owner_only(ana, session, cast):
    ana.post("/alerts/views", data={"name": "Old"})
    view_id = session.scalars(select(SavedView.id)).one()
    path = f"/alerts/views/{view_id}"

    assert ana.post(f"{path}/rename", data={"name": ""}).status_code == 422
    assert ana.post(f"{path}/rename", data={"name": "New"}).status_code == 303
    assert "New" in ana.get("/alerts/views").text
    ana.post("/sign-out")
    ben = sign_in(ana, "ben")
    assert ben.post(f"{path}/rename", data={"name": "Ben's"}).status_code == 404
    assert ben.post(f"{path}/delete").status_code == 404
    ben.post("/sign-out")
    assert sign_in(ana, "ana").post(f"{path}/delete").status_code == 303
    assert session.scalars(select(SavedView)).all() == []


def test_csv_holds_all_that_match_without_formulas(ana):
    answer = taken(ana, format="csv")

    rows = list(csv.DictReader(io.StringIO(answer.data.decode("utf-8-sig"), newline="")))
    assert answer.headers["Content-Disposition"] == "attachment; filename=worklist-2026-06-08.csv"
    assert [row["Family name"] for row in rows] == ["'=HYPERLINK(1)", "Brennan"]
    assert rows[1]["Why"] == "'-1 day to go"
    assert rows[0]["Payer's phone"] == "'+1 555 0100"


def test_excel_holds_the_same_as_text(ana):
    answer = taken(ana, format="xlsx", severity="critical")

    rows = CalamineWorkbook.from_filelike(io.BytesIO(answer.data)).get_sheet_by_index(0).to_python()
    assert len(rows) == 2
    assert "=HYPERLINK(1)" in rows[1]


def test_an_export_is_written_down_with_its_filters_and_count(ana, session):
    taken(ana, format="csv", severity="critical")

    event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.EXPORTED)).one()
    assert event.new == {"as": "csv", "filters": {"severity": ["critical"]}, "count": 1}


def test_only_the_ticked_ones_leave_and_never_another_clinics(ana, session, cast):
    ids = [re.search(r'value="([0-9A-Z]{26})" form="bulk"', ana.get("/alerts?severity=info").text)[1]]
    theirs = kept.alert(session, make.patient(session, cast.skin, family="Theirsonly"))
    session.commit()

    answer = taken(ana, format="csv", id=[*ids, theirs.id, "nonsense"])

    assert "Brennan" in answer.text
    assert "Theirsonly" not in answer.text
    assert "HYPERLINK" not in answer.text


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_file_that_nobody_takes_is_closed(ana, kind, monkeypatch):
    made = []
    real = parcel.tempfile.SpooledTemporaryFile
    monkeypatch.setattr(parcel, "SPOOLED", 1)  # at once on disk
    monkeypatch.setattr(
        parcel.tempfile,
        "SpooledTemporaryFile",
        lambda most: made.append(real(most)) or made[-1],
    )

    answer = ana.post("/alerts/export", data={"format": kind})

    assert int(answer.headers["Content-Length"]) > 100
    assert not made[0].closed
    del answer
    gc.collect()
    assert made[0].closed


def test_an_unknown_kind_of_file_is_refused(ana):
    assert ana.post("/alerts/export", data={"format": "pdf"}).status_code == 422


def test_the_call_sheet_says_whom_to_call(ana):
    page = ana.get("/alerts/print?severity=critical").text

    assert "+1 555 0100" in page
    assert "1 alert in Renal clinic: severity Critical" in page
    assert "Confidential" in page
    assert "Brennan" in ana.post("/alerts/print", data={"every": "1"}).text


def test_a_viewer_reads_and_saves_views_but_exports_nothing(ana, session, cast):
    ana.post("/sign-out")
    cast.ben.role = Role.VIEWER
    session.commit()
    ben = sign_in(ana, "ben")

    page = ben.get("/alerts").text
    assert "Export" not in page
    assert 'form="bulk"' not in page
    assert ben.post("/alerts/export", data={"format": "csv"}).status_code == 403
    assert ben.post("/alerts/views", data={"name": "Mine too"}).status_code == 303


def test_keys_are_listed_and_switched_off_for_the_account(ana, session, cast):
    assert 'data-keys="on"' in ana.get("/alerts").text
    page = ana.get("/help/keys").text
    for key in ("j", "k", "Enter", "x", "a", "s", "n", "e", "/", "?"):
        assert f"<kbd>{key}</kbd>" in page

    ana.post("/help/keys", data={"on": "0"})

    assert session.get(User, cast.ana.id).keys_on is False
    assert 'data-keys="off"' in ana.get("/alerts").text
    assert "Turn the keys on" in ana.get("/help/keys").text


# --------------------------------------------------------------------------------- which clinic's list it is


@pytest.fixture
def in_both(session, cast):
    session.add(Membership(clinic_id=cast.skin.id, user_id=cast.ana.id, role=Role.COORDINATOR))
    session.commit()


def test_whoever_works_in_one_clinic_has_no_such_filter(ana):
    assert 'name="clinic"' not in ana.get("/alerts").text


def test_the_clinic_stands_in_the_address_where_there_are_several(ana, cast, in_both):
    page = ana.get(f"/alerts?clinic={cast.renal.id}").text

    assert f'<option value="{cast.renal.id}" selected>Renal clinic' in page
    assert f'<option value="{cast.skin.id}">Skin clinic' in page
    assert f"clinic={cast.renal.id}" in re.search(r'href="(/alerts\?[^"]*severity=critical[^"]*)"', page)[1]


def test_another_clinic_of_ones_own_is_opened_by_hand_and_leads_on(ana, session, cast, in_both):
    wanted = f"/alerts?clinic={cast.skin.id}&severity=info"
    asked = ana.get(wanted)
    assert asked.status_code == 303
    page = ana.get(asked.location).text
    assert "This page is of Skin clinic" in page
    assert f'value="{wanted.replace("&", "&amp;")}"' in page
    assert "Brennan" in ana.get("/alerts").text, "to look opens nothing"

    answer = ana.post("/account/clinic", data={"clinic": cast.skin.id, "next": wanted})

    assert answer.location == wanted
    assert "No alert" in ana.get(wanted).text


@pytest.mark.parametrize("clinic", ["strangers", "nonsense"])
def test_a_clinic_that_is_not_ones_own_is_not_found(ana, cast, clinic):
    asked = ana.get(f"/alerts?clinic={cast.skin.id if clinic == 'strangers' else clinic}")

    assert ana.get(asked.location).status_code == 404


@pytest.mark.parametrize("away", ["//evil.example/x", "https://evil.example", "/\\evil.example"])
def test_opening_a_clinic_leads_to_no_other_site(ana, cast, in_both, away):
    answer = ana.post("/account/clinic", data={"clinic": cast.skin.id, "next": away})

    assert answer.location == "/"
