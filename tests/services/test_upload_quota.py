"""What one person may leave here in documents and waiting imports, and that it is nobody else's loss."""

from datetime import UTC, datetime, timedelta

import pytest

import make
from tracker.rules.words import DocumentKind
from tracker.services import documents, upload_quota
from tracker.services.actor import Actor
from tracker.services.documents import Paper
from tracker.services.errors import BadFile, Refused
from tracker.services.imports import batches

NOW = datetime(2026, 6, 8, 15, tzinfo=UTC)


@pytest.fixture
def few(monkeypatch):
    """Three documents, a hundred bytes, two imports."""
    monkeypatch.setattr(upload_quota, "MOST_DOCUMENTS", 3)
    monkeypatch.setattr(upload_quota, "MOST_BYTES", 100)
    monkeypatch.setattr(upload_quota, "MOST_WAITING", 2)


@pytest.fixture
def add(session, cast, few):
    """Add a document of so many letters."""
    rosa = make.patient(session, cast.renal)
    added = iter("abcdefghij")

    def add(person, size=10, now=NOW):
        paper = Paper(DocumentKind.OTHER, "note.txt", (next(added) * size).encode())
        who = Actor(person.name, person.id) if person else Actor("tracker command")
        return documents.add(session, rosa, paper, actor=who, now=now)

    return add


def test_one_more_than_a_month_holds_is_refused_with_the_day(cast, add):
    for days in (3, 2, 1):
        add(cast.ana, now=NOW - timedelta(days=days))

    with pytest.raises(Refused, match=r"added 3 documents .* From Sun 2026-07-05 on") as refusal:
        add(cast.ana)
    assert refusal.value.field == "file"


def test_colleagues_and_commands_are_not_held_up(cast, add):
    for _ in range(3):
        add(cast.ana)

    assert add(cast.ben).added_by_id == cast.ben.id
    assert add(None).added_by_id is None


def test_what_is_a_month_old_no_longer_counts(cast, add):
    for _ in range(3):
        add(cast.ana, now=NOW - timedelta(days=30))

    add(cast.ana)


def test_the_size_of_all_counts_to_the_last_byte(cast, add):
    add(cast.ana, 60)
    add(cast.ana, 40)

    with pytest.raises(Refused, match="not kept"):
        add(cast.ana, 1)


def test_removed_ones_count_for_their_content_stays(session, cast, add):
    rows = [add(cast.ana) for _ in range(3)]
    for row in rows:
        documents.remove(session, row, reason="wrong patient", actor=Actor("Ana", cast.ana.id), now=NOW)

    with pytest.raises(Refused):
        add(cast.ana)


def stage(session, cast, person):
    return batches.stage(
        session,
        clinic_id=cast.renal.id,
        file_name="list.csv",
        content=b"MRN\n1\n",
        sheet=None,
        actor=Actor(person.name, person.id),
        now=NOW,
    )


def test_imports_that_wait_are_few_and_a_discarded_one_makes_room(session, cast, few):
    first = stage(session, cast, cast.ana)
    stage(session, cast, cast.ana)
    with pytest.raises(BadFile, match="2 of your files wait"):
        stage(session, cast, cast.ana)
    stage(session, cast, cast.ben)

    batches.discard(session, first, actor=Actor("Ana", cast.ana.id), now=NOW)

    assert first.content is None
    stage(session, cast, cast.ana)
