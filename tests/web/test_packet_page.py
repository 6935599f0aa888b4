"""The packet of a renewal: its checklist from facts, its paper, and that it was sent with a proof."""

from datetime import date, timedelta

import pytest
from sqlalchemy import event, select

import kept
import make
from tracker.db import db
from tracker.models.authorization import Authorization, AuthorizationLine
from tracker.models.authorization_log import ContactLog
from tracker.models.document import Document
from tracker.models.patient import PatientCheck
from tracker.models.payer import RulePaper
from tracker.models.user import Role
from tracker.rules.words import AuthorizationStatus, DocumentKind
from tracker.services import packets


@pytest.fixture
def ana(client, cast, session):
    kept.stand_on(session, cast.renal)
    session.commit()
    return sign_in(client, "ana")


def sign_in(client, name):
    client.post("/sign-out")
    client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})
    return client


@pytest.fixture
def pa(session, cast):
    """An authorization that ends before the fills foreseen; its plan asks for a chart note of 90 days."""
    who = make.patient(session, cast.renal)
    acme = make.plan(session, cast.renal)
    rule = make.rule(session, acme, source="Acme p. 41", verified_on=date(2026, 1, 5), papers_asked=True)
    rule.papers = [
        RulePaper(clinic_id=cast.renal.id, position=1, kind=DocumentKind.CHART_NOTE, max_age_days=90)
    ]
    make.coverage(session, who, acme)
    regimen = make.regimen(session, who)
    row = make.authorization(session, who, acme, prescriber="Dr Shah")
    row.lines = [AuthorizationLine(clinic_id=who.clinic_id, code="J7502", units=360)]
    fills = [
        kept.fill(date(2026, 7, 5) + timedelta(days=30 * n), plan=acme.id, regimen=regimen.id)
        for n in range(3)
    ]
    kept.check(session, who, fills, start_renewal_by=kept.DAY)
    session.commit()
    return row


def address(row, rest=""):
    return f"/patients/{row.patient_id}/authorizations/{row.id}/packet{rest}"


def drafted(session, row):
    values = {"number": None, "starts_on": None, "ends_on": None, "renews_id": row.id, "status": "draft"}
    asked = {"requested_starts_on": date(2026, 7, 1), "requested_ends_on": date(2026, 12, 31)}
    who = session.get_one(make.Patient, row.patient_id)
    found = make.authorization(session, who, session.get_one(make.Plan, row.plan_id), **values, **asked)
    session.commit()
    return found


def paper(session, row, dated_on, **more):
    values = {
        "kind": DocumentKind.CHART_NOTE,
        "media_type": "application/pdf",
        "name": "note.pdf",
        "size": 1,
        "sha256": f"{dated_on}{more}"[:64],
        "dated_on": dated_on,
        "added_at": kept.CHECKED,
        "added_by": "Ana",
        **more,
    }
    ids = {"clinic_id": row.clinic_id, "patient_id": row.patient_id}
    found = make.save(session, Document(**ids, **values))
    session.commit()
    return found


def states(session, row):
    found = packets.packets(session, clinic_id=row.clinic_id, wanted={row.id: row.patient_id}, on=kept.DAY)
    return {item.title: item.state.value for item in found[row.id].packet.items}


def test_the_checklist_comes_from_what_is_on_file(session, pa):
    assert states(session, pa) == {
        "Member ID": "have",
        "Diagnosis": "have",
        "Drug and dose": "have",
        "Units and days supply": "stale",
        "Prescriber": "have",
        "Chart note": "missing",
        "Last approval letter": "missing",
        "Proof of filing": "later",
    }


def test_the_age_of_a_paper_is_held_against_the_rule(session, pa):
    paper(session, pa, date(2026, 3, 9))
    assert states(session, pa)["Chart note"] == "stale"

    paper(session, pa, date(2026, 3, 10))
    assert states(session, pa)["Chart note"] == "have"


def test_the_packet_of_what_was_granted_already_counts_the_units_granted(session, pa):
    renewal = drafted(session, pa)
    renewal.status, renewal.starts_on, renewal.ends_on = "approved", date(2026, 7, 1), date(2026, 12, 31)
    renewal.lines = [AuthorizationLine(clinic_id=pa.clinic_id, code="J7502", units=10)]
    kept_fills = session.get_one(PatientCheck, pa.patient_id)
    units = {"J7502": 60}
    kept_fills.answer = {
        **kept_fills.answer,
        "fills": [{**each, "units": units} for each in kept_fills.answer["fills"]],
    }
    session.commit()

    assert states(session, pa)["Units and days supply"] == "stale"


def test_a_removed_paper_does_not_count(session, pa):
    gone = paper(session, pa, date(2026, 6, 1))
    gone.removed_at, gone.removed_by, gone.removed_reason = kept.CHECKED, "Ana", "another patient's"
    session.commit()

    assert states(session, pa)["Chart note"] == "missing"


def test_the_page_says_what_is_missing_where_to_add_it_and_how_much_is_there(ana, pa):
    page = ana.get(address(pa)).text

    assert "Renewal packet" in page
    assert "4 of 7 complete" in page
    assert "none on file; asked for not older than 90 days" in page
    assert f"/patients/{pa.patient_id}/documents?kind=chart_note" in page
    assert "Attach the letter" in page


def test_the_paper_names_the_evidence_and_what_it_proves(ana, session, pa):
    paper(session, pa, date(2026, 6, 1))

    page = ana.get(address(pa, "/print")).text

    assert "Evidence index" in page
    assert "note.pdf" in page
    assert "Member ID" in page


def test_today_the_authorization_and_the_renewal_say_the_same_count(ana, session, pa):
    who = session.get_one(make.Patient, pa.patient_id)
    kept.alert(session, who, key="x", code="PA_EXPIRING", about_id=pa.id, plan_id=pa.plan_id)
    session.commit()

    assert "packet 4 of 7" in ana.get("/").text
    assert "Renewal packet: 4 of 7" in ana.get(f"/patients/{who.id}/authorizations/{pa.id}").text
    assert "4 of 7 complete" in ana.get(f"/patients/{who.id}/authorizations/{pa.id}/renew").text


@pytest.fixture
def missing(session, cast, pa):
    """An alert: the plan asks for a PA from the fill of 2026-07-05 on, and there is none of it."""
    who = session.get_one(make.Patient, pa.patient_id)
    session.delete(pa)
    about = {"about_kind": "coverage", "about_id": pa.plan_id, "harm_on": date(2026, 7, 5)}
    row = kept.alert(session, who, key="m", code="PA_MISSING", plan_id=pa.plan_id, **about)
    session.commit()
    return row


def test_a_first_request_has_a_packet_before_anything_of_it_is_on_file(ana, missing):
    page = ana.get(f"/patients/{missing.patient_id}/alerts/{missing.id}/packet").text

    assert "Request packet" in page
    assert "4 of 6 complete" in page
    assert "Sun 2026-07-05" in page
    assert f"/patients/{missing.patient_id}/authorization/new?alert={missing.id}" in page
    assert f'href="/patients/{missing.patient_id}/alerts/{missing.id}/packet/print"' in page


def test_the_packet_of_a_first_request_has_a_page_for_paper(ana, missing):
    where = f"/patients/{missing.patient_id}/alerts/{missing.id}/packet"
    page = ana.get(f"{where}/print").text

    for said in ("Request packet", "Evidence index", "Member ID", "Not drafted yet", f'href="{where}"'):
        assert said in page
    assert "4 of 6" in page


def test_today_the_alert_and_the_patient_lead_to_the_packet_of_a_first_request(ana, missing):
    where = f"/patients/{missing.patient_id}/alerts/{missing.id}/packet"
    pages = "/", f"/alerts/{missing.id}", f"/patients/{missing.patient_id}"
    today, alert, patient = (ana.get(each).text for each in pages)

    assert f'<a class="quiet" href="{where}">packet 4 of 6</a>' in today
    assert "first request" in today
    assert f'href="{where}"' in alert
    assert f'href="{where}"' in patient


def test_once_it_is_drafted_the_packet_is_that_of_the_draft(ana, session, missing):
    who = session.get_one(make.Patient, missing.patient_id)
    asked = {"number": None, "starts_on": None, "ends_on": None, "status": "draft", "prescriber": "Dr Shah"}
    draft = make.authorization(session, who, session.get_one(make.Plan, missing.plan_id), **asked)
    session.commit()

    answer = ana.get(f"/patients/{who.id}/alerts/{missing.id}/packet")

    assert (answer.status_code, answer.location) == (303, address(draft))
    answer = ana.get(f"/patients/{who.id}/alerts/{missing.id}/packet/print")
    assert (answer.status_code, answer.location) == (303, address(draft, "/print"))
    assert "packet 5 of 6" in ana.get("/").text


def test_no_packet_is_made_of_another_cause_patient_or_clinic(ana, client, session, cast, missing):
    who = session.get_one(make.Patient, missing.patient_id)
    gap = kept.alert(session, who, plan_id=missing.plan_id)
    other = make.patient(session, cast.renal, mrn="other")
    session.commit()
    where = f"/patients/{who.id}/alerts/{missing.id}/packet"

    assert ana.get(f"/patients/{who.id}/alerts/{gap.id}/packet").status_code == 404
    assert ana.get(f"/patients/{other.id}/alerts/{missing.id}/packet").status_code == 404
    assert ana.get(f"/patients/{who.id}/alerts/{gap.id}/packet/print").status_code == 404
    sign_in(client, "cleo")
    assert [client.get(each).status_code for each in (where, f"{where}/print")] == [404, 404]


def test_another_clinic_is_told_nothing(ana, client, pa):
    sign_in(client, "cleo")

    assert [client.get(address(pa, rest)).status_code for rest in ("", "/print", "/sent")] == [404] * 3


def test_marking_it_sent_submits_it_and_keeps_the_proof(ana, session, pa):
    draft = drafted(session, pa)
    form = {"version": draft.version, "on": "2026-06-08", "channel": "fax", "reference": "F-77"}

    answer = ana.post(address(pa, "/sent"), data=form)

    assert answer.status_code == 303
    session.refresh(draft)
    (entry,) = session.scalars(select(ContactLog))
    assert (draft.status, draft.requested_on) == (AuthorizationStatus.SUBMITTED, date(2026, 6, 8))
    assert (entry.reference, entry.authorization_id, entry.channel.value) == ("F-77", draft.id, "fax")
    assert states(session, draft)["Proof of filing"] == "have"


def test_what_was_typed_stays_when_the_channel_is_not_said(ana, session, pa):
    draft = drafted(session, pa)

    answer = ana.post(
        address(draft, "/sent"), data={"version": draft.version, "on": "2026-06-08", "reference": "F-77"}
    )

    assert answer.status_code == 422
    assert "Choose how it was sent." in answer.text
    assert "F-77" in answer.text
    assert session.scalars(select(ContactLog)).all() == []


def test_an_old_page_is_a_conflict_and_nothing_is_logged(ana, session, pa):
    draft = drafted(session, pa)

    answer = ana.post(
        address(draft, "/sent"), data={"version": draft.version + 1, "on": "2026-06-08", "channel": "fax"}
    )

    assert answer.status_code == 409
    assert session.scalars(select(ContactLog)).all() == []
    assert session.get_one(Authorization, draft.id).status is AuthorizationStatus.DRAFT


def test_what_is_not_drafted_or_is_sent_already_leads_back(ana, session, pa):
    assert ana.get(address(pa, "/sent")).status_code == 303

    draft = drafted(session, pa)
    draft.status = AuthorizationStatus.SUBMITTED
    session.commit()

    assert ana.get(address(draft, "/sent")).status_code == 303


def test_a_viewer_sees_it_and_sends_nothing(ana, client, session, cast, pa):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    session.commit()
    sign_in(client, "vera")

    assert "packet/sent" not in client.get(address(drafted(session, pa))).text
    assert client.post(address(pa, "/sent")).status_code == 403


def test_the_number_of_queries_does_not_grow_with_what_is_on_file(ana, session, pa):
    before = statements(ana, address(pa))
    for day in range(1, 20):
        paper(session, pa, date(2026, 5, day))

    assert statements(ana, address(pa)) == before


def statements(client, where):
    seen = []
    listener = lambda *args: seen.append(args[2])  # noqa: E731 - one line to attach and to take off
    event.listen(db.engine, "before_cursor_execute", listener)
    assert client.get(where).status_code == 200
    event.remove(db.engine, "before_cursor_execute", listener)
    return len(seen)
