"""Uploads with a virus scanner: infected ones are refused and on record, and none is taken unseen."""

import io
import tempfile
from pathlib import Path

import crawling
import pytest
from sqlalchemy import func, select

import clamd
import make
from tracker.commands.doctor import Visit, _virus_scanner
from tracker.commands.imports import import_group
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.document import Document
from tracker.models.imports import ImportBatch

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
CSV = b"MRN,Last name\n1,Alvarez\n"
FOUND = b"stream: Bad.Thing-1 FOUND\0"


@pytest.fixture
def place():
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "clamd.ctl"


@pytest.fixture
def settings(settings, place):
    return settings.model_copy(update={"clamd": str(place)})


@pytest.fixture
def fake(place):
    with clamd.running(place) as running:
        yield running


@pytest.fixture
def rosa(session, cast):
    who = make.patient(session, cast.renal)
    session.commit()
    return who


@pytest.fixture
def ana(app, cast):
    return crawling.browser(app, "ana")


def send_paper(ana, rosa):
    data = {"file": (io.BytesIO(PDF), "letter.pdf"), "kind": "approval_letter", "proves": ""}
    return ana.post(f"/patients/{rosa.id}/documents", data=data)


def send_sheet(ana):
    return ana.post("/imports/", data={"file": (io.BytesIO(CSV), "clinic.csv")})


def count(session, model):
    return session.scalar(select(func.count()).select_from(model))


def test_clean_files_are_looked_through_and_taken(ana, rosa, session, fake):
    assert send_paper(ana, rosa).status_code == 303
    assert send_sheet(ana).status_code == 303

    assert fake.received == [PDF, CSV]
    assert count(session, Document) == count(session, ImportBatch) == 1


def test_an_infected_file_is_refused_and_on_record(ana, rosa, session, cast, fake):
    fake.answer = FOUND

    for answer in (send_paper(ana, rosa), send_sheet(ana)):
        assert answer.status_code == 422
        assert "A virus was found in this file" in answer.text
    assert count(session, Document) == count(session, ImportBatch) == 0
    events = session.scalars(
        select(AuditEvent).where(AuditEvent.action == AuditAction.DENIED).order_by(AuditEvent.number)
    ).all()
    assert [(each.actor_id, each.patient_id, each.new["virus"]) for each in events] == [
        (cast.ana.id, rosa.id, "Bad.Thing-1"),
        (cast.ana.id, None, "Bad.Thing-1"),
    ]


def test_without_its_answer_nothing_is_taken(ana, rosa, session):
    for answer in (send_paper(ana, rosa), send_sheet(ana)):
        assert answer.status_code == 422
        assert "The virus scanner gave no answer" in answer.text
    assert count(session, Document) == count(session, ImportBatch) == 0


def test_the_command_line_asks_as_well(runner, cast, session, fake, tmp_path):
    fake.answer = FOUND
    file = tmp_path / "clinic.csv"
    file.write_bytes(CSV)

    answer = runner.invoke(import_group, ["clinic", str(file), "--clinic", "Renal clinic"])

    assert "holds the virus Bad.Thing-1" in str(answer.exception)
    assert count(session, ImportBatch) == 0


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (FOUND, "ok Virus scanner: it answers and finds the test file (EICAR). "),
        (
            b"stream: OK\0",
            "bad Virus scanner: it does not find the harmless test file (EICAR). Run: freshclam",
        ),
    ],
)
def test_the_doctor_tries_it_with_the_test_file(app, settings, fake, answer, told):
    fake.answer = answer

    found = [
        f"{each.level.value} {each.text} {each.cure}" for each in _virus_scanner(Visit(app, settings, None))
    ]

    assert found == [told]


def test_the_doctor_says_when_it_is_down(app, settings):
    found = next(_virus_scanner(Visit(app, settings, None)))

    assert "so no upload is taken" in found.text
    assert "Start clamav-daemon" in found.cure
