"""Documents of a patient: kept in the database, handed out as downloads, removed with a reason."""

import io

import pytest
from sqlalchemy import select

import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.document import Document, DocumentContent
from tracker.models.user import Role

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def rosa(session, cast):
    who = make.patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(client, cast):
    return sign_in(client, "ana")


def sign_in(client, name):
    client.post("/sign-out")
    client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})
    return client


def upload(client, who, content=PDF, *, name="letter.pdf", **more):
    data = {"file": (io.BytesIO(content), name), "kind": "approval_letter", "proves": "", **more}
    return client.post(f"/patients/{who.id}/documents", data=data)


def only(session):
    return session.scalars(select(Document)).one()


def actions(session):
    query = select(AuditEvent).where(AuditEvent.table_name.in_(("document",))).order_by(AuditEvent.number)
    return [event.action for event in session.scalars(query)]


def test_a_letter_comes_back_as_it_was_and_only_as_a_download(ana, rosa, session):
    assert upload(ana, rosa, name="Bescheid für Rosa.PDF").status_code == 303
    row = only(session)

    answer = ana.get(f"/patients/{rosa.id}/documents/{row.id}")

    assert answer.data == PDF
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    assert "filename*=UTF-8''Bescheid%20f%C3%BCr%20Rosa.pdf" in answer.headers["Content-Disposition"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.mimetype == "application/pdf"
    assert actions(session) == [AuditAction.ADDED, AuditAction.EXPORTED]


def test_a_refused_file_says_why_and_nothing_is_kept(ana, rosa, session):
    answer = upload(ana, rosa, b"<svg onload='alert(1)'/>", name="scan.pdf")

    assert answer.status_code == 422
    assert "SVG drawing is not taken" in answer.text
    assert session.scalars(select(Document)).all() == []


def test_the_ending_follows_the_bytes_not_the_name(ana, rosa, session):
    upload(ana, rosa, b"a note", name="../../evil.html")

    assert only(session).name == "evil.txt"


def test_whoever_adds_a_file_is_told_that_its_notes_stay(ana, rosa):
    assert "with what it says of author, place and camera" in ana.get(f"/patients/{rosa.id}/documents").text


def test_no_file_says_so(ana, rosa):
    answer = ana.post(f"/patients/{rosa.id}/documents", data={"kind": "other"})

    assert answer.status_code == 422
    assert "Choose a file" in answer.text


def test_the_same_file_twice_is_refused(ana, rosa):
    upload(ana, rosa)

    assert "already on file" in upload(ana, rosa).text


def test_a_letter_fills_the_badge_of_its_authorization(ana, rosa, session, cast):
    row = make.authorization(session, rosa, make.plan(session, cast.renal))
    session.commit()
    page = f"/patients/{rosa.id}/authorizations/{row.id}"
    assert "No letter" in ana.get(page).text

    upload(ana, rosa, proves=f"authorization:{row.id}")

    assert "Letter attached" in ana.get(page).text
    assert "Authorization A123" in ana.get(f"/patients/{rosa.id}/documents").text


def test_nothing_is_attached_to_another_patients_record(ana, rosa, session, cast):
    nina = make.patient(session, cast.renal, mrn="200", given="Nina")
    row = make.authorization(session, nina, make.plan(session, cast.renal))
    session.commit()

    assert upload(ana, rosa, proves=f"authorization:{row.id}").status_code == 422
    assert session.scalars(select(Document)).all() == []


def test_another_clinic_finds_neither_list_nor_file(ana, client, rosa, session):
    upload(ana, rosa)
    row = only(session)
    cleo = sign_in(client, "cleo")

    for path in ("", f"/{row.id}", f"/{row.id}/remove"):
        assert cleo.get(f"/patients/{rosa.id}/documents{path}").status_code == 404


def test_a_file_is_not_found_under_another_patient(ana, rosa, session, cast):
    upload(ana, rosa)
    nina = make.patient(session, cast.renal, mrn="200", given="Nina")
    session.commit()

    assert ana.get(f"/patients/{nina.id}/documents/{only(session).id}").status_code == 404


def test_a_viewer_reads_and_does_not_upload_or_remove(ana, client, rosa, session, cast):
    upload(ana, rosa)
    cast.ben.role = Role.VIEWER
    session.commit()
    ben = sign_in(client, "ben")
    own = f"/patients/{rosa.id}/documents/{only(session).id}"

    assert "Add a document" not in ben.get(f"/patients/{rosa.id}/documents").text
    assert ben.get(own).status_code == 200
    assert upload(ben, rosa, b"x").status_code == 403
    assert ben.post(f"{own}/remove", data={"reason": "x"}).status_code == 403


def test_removal_needs_a_reason_and_keeps_the_content_for_leads(ana, client, rosa, session, cast):
    upload(ana, rosa)
    own = f"/patients/{rosa.id}/documents/{only(session).id}"
    assert ana.post(f"{own}/remove", data={"reason": ""}).status_code == 422

    assert ana.post(f"{own}/remove", data={"reason": "belongs to another patient"}).status_code == 303

    assert "belongs to another patient" in ana.get(f"/patients/{rosa.id}/documents").text
    assert ana.get(own).status_code == 404
    assert sign_in(client, "dana").get(own).status_code == 200
    assert session.scalars(select(DocumentContent)).one().content == PDF
    assert AuditAction.REMOVED in actions(session)


def test_content_that_was_changed_in_the_database_is_not_handed_out(ana, rosa, session):
    upload(ana, rosa)
    session.scalars(select(DocumentContent)).one().content = PDF + b"\n"
    session.commit()

    assert ana.get(f"/patients/{rosa.id}/documents/{only(session).id}").status_code == 422
