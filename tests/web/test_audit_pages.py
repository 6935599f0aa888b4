"""The audit trail for leads, a patient's history for everyone."""

import html
from datetime import timedelta

import pytest

import make
from tracker import clock
from tracker.models.audit import AuditAction
from tracker.models.bulk_reading import BulkReading
from tracker.models.user import Role
from tracker.services import audit, audit_list
from tracker.services.actor import SCAN


def sign_in(client, name):
    client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})


@pytest.fixture
def rosa(session, cast):
    cast.ben.role = Role.LEAD
    who = make.patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def changed(client, rosa):
    """Ana corrects the family name."""
    sign_in(client, "ana")
    client.get(f"/patients/{rosa.id}")
    form = {"mrn": "100234", "family": "Alvarez-Ruiz", "given": "Rosa", "birth_date": "1971-04-02"}
    form |= {"indication": "kidney_transplant", "version": "1", "active": "y"}
    assert client.post(f"/patients/{rosa.id}/change", data=form).status_code == 303
    client.post("/sign-out")
    return rosa


def test_a_lead_sees_who_did_what_with_old_and_new(client, changed):
    sign_in(client, "ben")
    text = client.get("/audit").text

    assert "<del>Alvarez</del>" in text
    assert "<ins>Alvarez-Ruiz</ins>" in text
    assert "patient page" in text
    assert "Signed in" in text


def test_the_audit_page_is_for_leads_and_shown_to_them_alone(client, changed):
    sign_in(client, "ana")

    assert client.get("/audit").status_code == 403
    assert ">Audit<" not in client.get("/payers/").text


def test_filters_stand_in_the_address(client, changed, cast):
    sign_in(client, "ben")

    only = client.get(f"/audit?person={cast.ben.id}").text
    assert "with password" in only
    assert "<ins>" not in only
    assert "<ins>" in client.get("/audit?action=changed").text
    assert "patient page" not in client.get("/audit?action=changed").text
    assert "<ins>" in client.get(f"/audit?patient={changed.id}").text
    assert "No event matches" in client.get("/audit?to=2020-01-01").text
    today = clock.now().date() - timedelta(days=2)
    assert "<ins>" in client.get(f"/audit?from={today}").text


def test_a_day_that_cannot_be_read_says_so(client, changed):
    sign_in(client, "ben")

    assert "has 30 days" in client.get("/audit?from=2026-06-31").text


@pytest.mark.parametrize(
    "query", ["before=x", "before=-1", "action=nothing", "person=1", "patient=%00", "from=<b>"]
)
def test_nonsense_in_the_address_is_no_failure(client, changed, query):
    sign_in(client, "ben")

    answer = client.get(f"/audit?{query}")
    assert answer.status_code == 200
    assert "<b>" not in answer.text.split("<main")[1]


def test_pages_go_on_by_number_and_move_nothing(client, changed, session, cast):
    for _ in range(audit_list.PAGE + 5):
        audit.record(
            session, clinic_id=cast.renal.id, actor=SCAN, action=AuditAction.IMPORTED, at=clock.now()
        )
    session.commit()
    found = audit_list.audit_page(session, clinic_id=cast.renal.id, filters=audit_list.Filters())

    assert len(found.lines) == audit_list.PAGE
    sign_in(client, "ben")
    text = client.get(f"/audit?before={found.older}").text
    assert "<ins>Alvarez-Ruiz</ins>" in text
    assert "Newest" in text


def test_another_clinic_is_not_shown(client, changed, session, cast):
    cast.cleo.role = Role.LEAD
    session.commit()
    sign_in(client, "cleo")

    text = client.get("/audit").text
    assert "Alvarez" not in text
    assert "Ana" not in text
    assert client.get(f"/patients/{changed.id}/history").status_code == 404


def test_everyone_sees_a_patients_history_and_only_leads_who_looked(client, changed):
    sign_in(client, "ana")
    text = client.get(f"/patients/{changed.id}/history").text
    assert "<ins>Alvarez-Ruiz</ins>" in text
    assert "Who looked" not in text
    client.post("/sign-out")

    sign_in(client, "ben")
    text = client.get(f"/patients/{changed.id}/history").text
    assert "Who looked in the last 90 days" in text
    assert "patient page" not in text


def test_ids_are_told_as_names(session, cast, rosa):
    plan = make.plan(session, cast.renal)
    audit.record(
        session,
        clinic_id=cast.renal.id,
        actor=SCAN,
        action=AuditAction.CHANGED,
        at=clock.now(),
        table_name="coverage",
        patient_id=rosa.id,
        old={"plan_id": "0" * 26, "rank": None},
        new={"plan_id": plan.id, "rank": 2, "lines": [{"code": "J7502", "units": 60, "approved": True}]},
    )
    session.commit()

    (line,) = audit_list.changes_of(session, clinic_id=cast.renal.id, patient_id=rosa.id, before=None).lines
    assert [(each.label, each.old, each.new) for each in line.changes] == [
        ("Plan", "another record", "Gold"),
        ("Rank", "", "2"),
        ("Lines", "", "code J7502, units 60, approved yes"),
    ]


def test_who_read_unusually_many_patients_stands_above_the_events(client, session, cast, rosa):
    row = BulkReading(
        clinic_id=cast.renal.id,
        user_id=cast.ana.id,
        reader="Ana",
        read_on=(clock.now() - timedelta(days=2)).date(),
        patient_count=1234,
        exported_count=0,
        found_at=clock.now(),
    )
    make.save(session, row)
    session.commit()
    sign_in(client, "ben")
    text = client.get("/audit").text
    link = f"/audit?person={cast.ana.id}&amp;from={row.read_on}&amp;to={row.read_on}"

    assert "Unusually many patients read" in text
    assert "1,234" in text
    assert f'href="{link}"' in text
    assert "Unusually many patients read" not in client.get(html.unescape(link)).text


def test_a_day_beyond_all_records_is_refused_in_words(client, cast):
    sign_in(client, "dana")
    answer = client.get("/audit?to=9999-12-31")

    assert answer.status_code == 200
    assert "Give a date between 1900 and 2199." in answer.text
