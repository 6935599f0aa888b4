"""The audit trail proves itself: append-only, chained, and every way to tamper with it is found."""

import json
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import delete, insert, text, update
from sqlalchemy.exc import DBAPIError

import make
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.ids import new_id
from tracker.services import audit, audit_anchor, audit_chain, audit_export, audit_verify
from tracker.services.actor import Actor, Origin, set_origin
from tracker.services.audit_anchor import Anchor
from tracker.services.audit_chain import EVENT
from tracker.services.audit_export import ExportFormat

NOW = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
ANA = Actor("Ana")


@pytest.fixture
def clinic(session):
    return make.clinic(session)


def record(session, clinic, count=1, **more):
    """Events, each in a commit of its own."""
    for number in range(count):
        values = {"new": {"kg": str(number), "note": "Ångström"}, "table_name": "weight", **more}
        audit.record(session, clinic_id=clinic.id, actor=ANA, action=AuditAction.ADDED, at=NOW, **values)
        session.commit()


def anchors(session):
    return [Anchor(NOW, head) for head in audit_chain.heads(session)]


def faults(session, kept=()):
    return [fault for verdict in audit_verify.verify(session, kept) for fault in verdict.faults]


def row_at(session, number):
    return session.execute(EVENT.select().where(EVENT.c.number == number)).mappings().one()


@pytest.fixture
def open_door(session):
    """Someone with the database's own password takes the triggers away first."""

    def unlock():
        session.commit()
        if session.get_bind().dialect.name == "sqlite":
            for name in ("delete", "update", "replace"):
                session.execute(text(f"DROP TRIGGER audit_event_{name}"))
        else:
            session.execute(text("ALTER TABLE audit_event DISABLE TRIGGER USER"))

    return unlock


def test_events_of_a_clinic_are_numbered_from_one_and_verified(session, clinic):
    record(session, clinic, 5)

    (verdict,) = audit_verify.verify(session, anchors(session))
    assert (verdict.count, verdict.faults, verdict.loose) == (5, [], 0)
    assert verdict.head == row_at(session, 5)["hash"]


def test_an_event_says_from_where_it_came(session, clinic):
    set_origin(Origin("203.0.113.7", "Firefox 128, Windows"))
    record(session, clinic)
    set_origin(None)
    record(session, clinic)

    assert [row_at(session, number)["address"] for number in (1, 2)] == ["203.0.113.7", None]
    assert faults(session) == []


def test_each_clinic_has_a_chain_of_its_own(session, clinic):
    other = make.clinic(session, name="Skin clinic")
    record(session, clinic, 2)
    record(session, other, 3)

    assert {head.clinic_id: head.number for head in audit_chain.heads(session)} == {
        clinic.id: 2,
        other.id: 3,
    }
    assert faults(session) == []


def test_a_savepoint_that_is_kept_or_taken_back_leaves_no_hole(session, clinic):
    with session.begin_nested():
        audit.record(session, clinic_id=clinic.id, actor=ANA, action=AuditAction.ADDED, at=NOW)
    taken_back = session.begin_nested()
    audit.record(session, clinic_id=clinic.id, actor=ANA, action=AuditAction.REMOVED, at=NOW)
    session.flush()
    taken_back.rollback()
    session.commit()
    record(session, clinic)

    assert audit_chain.head_of(session, clinic.id).number == 2
    assert faults(session) == []


def test_what_is_rolled_back_leaves_no_hole(session, clinic):
    record(session, clinic)
    audit.record(session, clinic_id=clinic.id, actor=ANA, action=AuditAction.ADDED, at=NOW)
    session.flush()
    session.rollback()
    record(session, clinic)

    assert audit_chain.head_of(session, clinic.id).number == 2
    assert faults(session) == []


@pytest.mark.parametrize(
    "statement",
    [
        update(EVENT).values(actor="Ben"),
        update(EVENT).values(hash="0" * 64),
        update(EVENT).values(number=9),
        delete(EVENT),
    ],
    ids=["edit", "hash", "number", "delete"],
)
def test_the_database_refuses_to_change_or_remove_an_event(session, clinic, statement):
    record(session, clinic)

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(statement)
    session.rollback()

    assert faults(session, anchors(session)) == []


def test_the_database_refuses_to_change_an_event_on_its_way_into_the_chain(session, clinic):
    audit.record(session, clinic_id=clinic.id, actor=ANA, action=AuditAction.ADDED, at=NOW)
    session.flush()

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(update(EVENT).values(actor="Ben", number=1, hash="0" * 64))


def test_the_database_refuses_to_put_another_event_in_its_place(session, clinic):
    if session.get_bind().dialect.name != "sqlite":
        pytest.skip("REPLACE is SQLite's own")
    record(session, clinic)
    values = {**row_at(session, 1), "actor": "Ben"}
    session.commit()
    for switched in ("ON", "OFF"):
        session.connection().connection.dbapi_connection.execute(f"PRAGMA recursive_triggers={switched}")

        with pytest.raises(DBAPIError, match="append-only"):
            session.execute(insert(EVENT).prefix_with("OR REPLACE"), values)
        session.rollback()


def test_postgres_refuses_to_empty_the_table(session, clinic):
    if session.get_bind().dialect.name != "postgresql":
        pytest.skip("TRUNCATE is PostgreSQL's own")
    record(session, clinic)

    with pytest.raises(DBAPIError, match="append-only"):
        session.execute(text("TRUNCATE audit_event"))


# ------------------------------------------------------------------- past the triggers: the chain tells


def test_an_edit_is_found(session, clinic, open_door):
    record(session, clinic, 5)
    open_door()
    session.execute(update(EVENT).where(EVENT.c.number == 3).values(actor="Ben"))

    assert len(faults(session)) == 1
    assert "Event 3 " in faults(session)[0]


def test_an_edit_with_a_hash_that_fits_is_found_at_the_next_event(session, clinic, open_door):
    record(session, clinic, 5)
    open_door()
    forged = {**row_at(session, 3), "actor": "Ben"}
    right = audit_chain.digest(row_at(session, 2)["hash"], forged)
    session.execute(update(EVENT).where(EVENT.c.number == 3).values(actor="Ben", hash=right))

    assert [fault[:8] for fault in faults(session)] == ["Event 4 "]


def test_a_removed_event_is_found(session, clinic, open_door):
    record(session, clinic, 5)
    open_door()
    session.execute(delete(EVENT).where(EVENT.c.number == 3))

    assert faults(session)[0] == "Event 3 is missing."


def test_two_events_that_changed_places_are_found(session, clinic, open_door):
    record(session, clinic, 5)
    open_door()
    for number, at in ((2, -1), (4, 2), (-1, 4)):
        session.execute(update(EVENT).where(EVENT.c.number == number).values(number=at))

    found = " ".join(faults(session))
    assert "Event 2 " in found
    assert "Event 4 " in found


def test_an_event_in_the_place_of_another_is_found(session, clinic, open_door):
    record(session, clinic, 5)
    open_door()
    forged = {**row_at(session, 3), "id": new_id(), "actor": "Ben"}
    session.execute(delete(EVENT).where(EVENT.c.number == 3))
    session.execute(insert(EVENT), forged)

    assert any("Event 3 " in fault for fault in faults(session))


def test_a_cut_off_end_is_found_by_the_anchor_alone(session, clinic, open_door):
    record(session, clinic, 5)
    kept = anchors(session)
    open_door()
    session.execute(delete(EVENT).where(EVENT.c.number > 3))

    assert faults(session) == []
    assert faults(session, kept) == [
        "The end is cut off: event 5 was there at 2026-06-08 17:00Z, the last is now 3."
    ]


def test_a_chain_made_anew_is_found_by_the_anchor_alone(session, clinic, open_door):
    record(session, clinic, 3)
    kept = anchors(session)
    open_door()
    session.execute(update(EVENT).values(actor="Ben", number=None, hash=None))
    audit_chain.link(session, clinic.id)

    assert faults(session) == []
    assert "Event 3 is not the one anchored" in faults(session, kept)[0]


def test_a_clinic_that_vanished_is_found(session, clinic):
    record(session, clinic, 2)
    gone = Anchor(NOW, audit_chain.Head("0" * 26, 7, "a" * 64))

    assert faults(session, [gone]) == ["The clinic is gone, with 7 events that were anchored."]


# ---------------------------------------------------------------------------------- anchors and old events


def test_events_of_an_earlier_release_are_chained_by_the_next_commit(session, clinic):
    rows = [
        {"id": new_id(), "clinic_id": clinic.id, "at": NOW, "actor": "Ana", "action": AuditAction.ADDED}
        for _ in range(1_500)
    ]
    session.execute(insert(EVENT), rows)
    session.commit()
    assert audit_chain.clinics_with_loose_events(session) == [clinic.id]

    record(session, clinic)

    assert audit_chain.head_of(session, clinic.id).number == 1_501
    assert faults(session) == []
    assert audit_chain.clinics_with_loose_events(session) == []


def test_anchors_keep_the_last_head_of_each_day(session, clinic, tmp_path):
    path = tmp_path / audit_anchor.NAME
    for day in range(3):
        for hour in range(2):
            record(session, clinic)
            at = NOW + timedelta(days=day, hours=hour)
            kept = audit_anchor.keep(path, audit_chain.heads(session), now=at)
            assert len(kept.first_of_day) == (1 if hour == 0 else 0)

    assert [each.head.number for each in audit_anchor.read(path)] == [2, 4, 6]
    assert faults(session, audit_anchor.read(path)) == []


def test_a_chain_that_became_shorter_never_overwrites_its_anchor(session, clinic, tmp_path):
    path = tmp_path / audit_anchor.NAME
    record(session, clinic, 3)
    full = audit_chain.heads(session)
    audit_anchor.keep(path, full, now=NOW)
    cut = [audit_chain.Head(clinic.id, 1, row_at(session, 1)["hash"])]

    kept = audit_anchor.keep(path, cut, now=NOW + timedelta(days=1))

    assert kept.short == cut
    assert [each.head for each in audit_anchor.read(path)] == full


def test_the_export_holds_every_event_and_no_formula(session, clinic):
    record(session, clinic, 3, new={"note": "x"}, table_name="=HYPERLINK()")

    lines = list(
        audit_export.export(session, clinic_id=clinic.id, form=ExportFormat.JSONL, since=None, until=None)
    )
    cells = "".join(
        audit_export.export(session, clinic_id=clinic.id, form=ExportFormat.CSV, since=NOW, until=None)
    )

    assert [json.loads(line)["number"] for line in lines] == [1, 2, 3]
    assert json.loads(lines[0])["new"] == {"note": "x"}
    assert len(cells.splitlines()) == 4
    assert ",=HYPERLINK" not in cells
    assert (
        list(
            audit_export.export(session, clinic_id=clinic.id, form=ExportFormat.JSONL, since=None, until=NOW)
        )
        == []
    )


def test_the_chain_holds_what_the_database_gives_back(session, clinic):
    record(session, clinic, 1, old={"a": None, "b": [1, "2"]}, new={"c": True})
    session.expire_all()

    event = session.query(AuditEvent).one()
    assert event.hash == row_at(session, 1)["hash"]
    assert faults(session) == []
