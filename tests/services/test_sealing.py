"""A database gets another key whole or not at all, wherever the program ends; its copies go with it."""

import os
import signal
import sqlite3
import sys
import threading
from contextlib import closing
from datetime import UTC, datetime
from itertools import count

import pytest

import make
from tracker import cipher
from tracker.db import db
from tracker.factory import create_app
from tracker.migrating import migrate_database
from tracker.services import backups, sealing
from tracker.services.errors import BadFile, Refused
from tracker.settings import Mode, Settings

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
CANARY = b"Zyxwvut-Canary"
COMPARES = {"_same_rows", "<genexpr>", "<listcomp>", "<lambda>"}
KEY, OTHER = "0b" * 32, "c4" * 32


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A migrated database in the clear with one patient, whose name is easy to find."""
    folder = tmp_path_factory.mktemp("source")
    app = create_app(Settings(mode=Mode.TEST, instance=folder, secret_key="x" * 32))
    migrate_database(app)
    with app.app_context():
        cast = make.cast(db.session)
        make.patient(db.session, cast.renal, family=CANARY.decode())
        db.session.commit()
        db.engine.dispose()
    return (folder / "tracker.db").read_bytes()


@pytest.fixture
def database(tmp_path, source):
    path = tmp_path / "tracker.db"
    path.write_bytes(source)
    return path


def everything(path, key):
    """All rows and the whole schema."""
    with closing(cipher.connect(path, key=key)) as opened:
        schema = opened.execute("SELECT name, sql FROM sqlite_master ORDER BY name").fetchall()
        names = [row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
        return schema, {name: sorted(map(repr, opened.execute(f'SELECT * FROM "{name}"'))) for name in names}


def readable(folder):
    return [path.name for path in folder.iterdir() if CANARY in path.read_bytes()]


def test_the_encrypted_database_holds_all_and_shows_nothing(database, tmp_path):
    before = everything(database, "")
    assert readable(tmp_path) == ["tracker.db"]

    sealing.change_key(database, old="", new=KEY)

    assert everything(database, KEY) == before
    assert readable(tmp_path) == []
    assert [path.name for path in tmp_path.iterdir()] == ["tracker.db"]


def test_what_only_the_log_held_comes_along(database):
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("PRAGMA journal_mode = WAL")
        writer.execute("INSERT INTO heartbeat VALUES ('late', '2026-06-08')")
        copy = database.read_bytes(), database.with_name("tracker.db-wal").read_bytes()
    database.write_bytes(copy[0])
    database.with_name("tracker.db-wal").write_bytes(copy[1])

    sealing.change_key(database, old="", new=KEY)

    with closing(cipher.connect(database, key=KEY)) as opened:
        assert opened.execute("SELECT count(*) FROM heartbeat WHERE name = 'late'").fetchone() == (1,)


def test_a_new_key_closes_out_the_old_one(database):
    sealing.change_key(database, old="", new=KEY)
    before = everything(database, KEY)
    sealing.change_key(database, old=KEY, new=OTHER)

    assert everything(database, OTHER) == before
    with pytest.raises(cipher.NotOpened):
        cipher.connect(database, key=KEY)


def test_audit_events_stay_append_only(database):
    sealing.change_key(database, old="", new=KEY)

    with closing(cipher.connect(database, key=KEY)) as opened:
        names = {row[0] for row in opened.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")}
    assert {"audit_event_delete", "audit_event_update", "audit_event_replace"} <= names


def test_the_blocks_of_the_old_file_are_overwritten(database, tmp_path):
    with database.open("rb") as old:
        sealing.change_key(database, old="", new=KEY)
        left = old.read()

    assert left
    assert set(left) == {0}


def test_owner_and_rights_stay(database):
    database.chmod(0o640)
    sealing.change_key(database, old="", new=KEY)

    assert database.stat().st_mode & 0o777 == 0o640


def test_a_database_in_use_is_left_alone(database, source):
    """Asked of another process: two SQLite libraries in one would let go of each other's locks."""
    reads, writes = os.pipe()
    child = os.fork()
    if child == 0:
        with closing(sqlite3.connect(database, isolation_level=None)) as user:
            user.execute("PRAGMA journal_mode = WAL")
            user.execute("SELECT count(*) FROM clinic").fetchone()
            os.write(writes, b"x")
            threading.Event().wait(30)
    os.read(reads, 1)
    try:
        with pytest.raises(Refused, match="Stop the tracker"):
            sealing.change_key(database, old="", new=KEY)
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(reads)
        os.close(writes)

    assert everything(database, "")[1]["clinic"]
    assert not database.with_name(f"tracker.db{sealing.UNFINISHED}").exists()


def test_a_copy_that_came_out_otherwise_does_not_count(database, monkeypatch):
    before = everything(database, "")
    rows = sealing._same_rows
    monkeypatch.setattr(
        sealing, "_same_rows", lambda one, other, table: table != "patient" and rows(one, other, table)
    )

    with pytest.raises(BadFile, match="Nothing was changed"):
        sealing.change_key(database, old="", new=KEY)
    assert everything(database, "") == before


def test_one_changed_cell_is_noticed(database, tmp_path):
    copy = tmp_path / "copy.db"
    copy.write_bytes(database.read_bytes())
    with closing(sqlite3.connect(copy)) as other:
        other.execute("UPDATE patient SET family = family || ' '")
        other.commit()
        with closing(sqlite3.connect(database)) as one:
            assert sealing._same_rows(one, other, "clinic")
            assert not sealing._same_rows(one, other, "patient")


def test_a_full_disk_is_told_and_changes_nothing(database, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(sealing, "_settle", full)

    with pytest.raises(Refused, match="No space left"):
        sealing.change_key(database, old="", new=KEY)
    assert everything(database, "")[1]["patient"]
    assert not database.with_name(f"tracker.db{sealing.UNFINISHED}").exists()


# ------------------------------------------------------------------------------------- ended half way


def in_a_child(deed):
    """Do it in a process of its own; whether that was killed."""
    child = os.fork()
    if child == 0:
        try:
            deed()
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(child, 0)[1])


def killed_at_line(database, number, old, new):
    """Change the key, with kill -9 at the so-many-th line of the module that does it.

    The lines that compare cell by cell are not counted: they are many, and write nothing.
    """
    seen = count(1)

    def trace(frame, event, _arg):
        if frame.f_code.co_filename != sealing.__file__ or frame.f_code.co_name in COMPARES:
            return None
        if event == "line" and next(seen) == number:
            os.kill(os.getpid(), signal.SIGKILL)
        return trace

    def deed():
        sys.settrace(trace)
        sealing.change_key(database, old=old, new=new)

    return in_a_child(deed)


@pytest.fixture
def small(tmp_path):
    """A database of two tables, for many lives."""
    with closing(sqlite3.connect(tmp_path / "small.db", isolation_level=None)) as made:
        made.execute("PRAGMA journal_mode = WAL")
        made.execute("CREATE TABLE patient (id TEXT PRIMARY KEY, family TEXT)")
        made.execute("CREATE TABLE dose (patient_id TEXT REFERENCES patient (id), mg INTEGER)")
        made.execute("INSERT INTO patient VALUES ('a', 'Alvarez'), ('b', 'Baker')")
        made.execute("INSERT INTO dose VALUES ('a', 100), ('a', 100), ('b', 25)")
    return tmp_path / "small.db"


def whole_under_one_key(database, keys, expected):
    opening = [key for key in keys if cipher.opens(database, key=key)]
    assert len(opening) == 1
    assert everything(database, opening[0]) == expected
    return opening[0]


@pytest.mark.parametrize(("old", "new"), [("", KEY), (KEY, OTHER)])
def test_killed_at_any_line_it_has_one_key_and_all_rows(small, old, new):
    if old:
        sealing.change_key(small, old="", new=old)
    content, expected, kept = small.read_bytes(), everything(small, old), set()
    for number in count(1):
        small.write_bytes(content)
        was_killed = killed_at_line(small, number, old, new)
        kept.add(whole_under_one_key(small, (old, new), expected))
        if not was_killed:
            break

    assert number > 40
    assert kept == {old, new}


def test_after_a_kill_it_is_done_by_asking_again(database, tmp_path):
    expected = everything(database, "")
    assert killed_at_line(database, 30, "", KEY)

    sealing.change_key(database, old="", new=KEY)

    assert everything(database, KEY) == expected
    assert [path.name for path in tmp_path.iterdir()] == ["tracker.db"]


@pytest.mark.parametrize("milliseconds", [3, 8, 15, 25, 40])
def test_killed_at_any_moment_it_has_one_key_and_all_rows(database, milliseconds):
    expected = everything(database, "")

    def deed():
        threading.Timer(milliseconds / 1000, os.kill, (os.getpid(), signal.SIGKILL)).start()
        sealing.change_key(database, old="", new=KEY)
        threading.Event().wait(5)

    assert in_a_child(deed)
    whole_under_one_key(database, ("", KEY), expected)


# ---------------------------------------------------------------------------------------------- backups


@pytest.fixture
def sealed(database):
    sealing.change_key(database, old="", new=KEY)
    return database


def backup_of(database, folder, *, key="", database_key=KEY):
    with closing(cipher.connect(database, key=database_key)) as opened:
        return backups.make_backup(opened, folder, key=key, now=NOON, database_key=database_key)


def test_a_backup_of_an_encrypted_database_is_encrypted_without_a_backup_key(sealed, tmp_path):
    made = backup_of(sealed, tmp_path / "out")

    assert made.encrypted
    assert readable(tmp_path / "out") == []
    assert backups.look_through(made.path, database_key=KEY).patient_count == 1
    assert everything(made.path, KEY)[1]["patient"] == everything(sealed, KEY)[1]["patient"]


def test_opened_with_the_backup_key_it_is_still_encrypted(sealed, tmp_path):
    key = backups.new_key()
    made = backup_of(sealed, tmp_path / "out", key=key)

    with backups.opened(made.path, key=key, beside=tmp_path) as copy:
        assert CANARY not in copy.read_bytes()
        assert backups.look_through(copy, database_key=KEY).patient_count == 1


@pytest.mark.parametrize(("key", "said"), [("", "TRACKER_DATABASE_KEY_FILE"), (OTHER, "--database-key-file")])
def test_a_backup_does_not_open_without_its_key(sealed, tmp_path, key, said):
    made = backup_of(sealed, tmp_path / "out")

    with pytest.raises(BadFile, match=said):
        backups.look_through(made.path, database_key=key)


@pytest.mark.parametrize("own", ["", KEY])
def test_a_backup_of_before_gets_the_key_of_today(database, tmp_path, own):
    if own:
        sealing.change_key(database, old="", new=own)
    made = backup_of(database, tmp_path / "out", database_key=own)
    with backups.opened(made.path, key="", beside=tmp_path) as copy:
        ready = backups.under_key(copy, own=backups.own_key(copy, own), key=OTHER)
        backups.put_in_place(ready, database, now=NOON)

    assert everything(database, OTHER)[1]["patient"]


def test_an_encrypted_backup_does_not_become_a_database_in_the_clear(sealed, tmp_path):
    made = backup_of(sealed, tmp_path / "out")

    with (
        backups.opened(made.path, key="", beside=tmp_path) as copy,
        pytest.raises(Refused, match="TRACKER_DATABASE_KEY_FILE"),
    ):
        backups.under_key(copy, own=KEY, key="")
