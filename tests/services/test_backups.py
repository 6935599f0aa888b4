"""Backups: whole copies of a database in use, encrypted with a key, looked through before they count."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

import make
from tracker.db import db
from tracker.factory import create_app
from tracker.migrating import migrate_database
from tracker.services import backups
from tracker.services.errors import BadFile, Refused
from tracker.settings import Mode, Settings

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
CANARY = b"Zyxwvut-Canary"


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A migrated database file with one patient, whose name is easy to find."""
    folder = tmp_path_factory.mktemp("source")
    app = create_app(Settings(mode=Mode.TEST, instance=folder, secret_key="x" * 32))
    migrate_database(app)
    with app.app_context():
        cast = make.cast(db.session)
        make.patient(db.session, cast.renal, family=CANARY.decode())
        db.session.commit()
        db.engine.dispose()
    return folder / "tracker.db"


@pytest.fixture
def database(source):
    with closing(sqlite3.connect(source, isolation_level=None)) as opened:
        yield opened


def test_a_backup_holds_what_the_database_held(database, tmp_path):
    made = backups.make_backup(database, tmp_path / "out", key="", now=NOON)

    assert made.path.name == "tracker-20260608T170000Z.db"
    assert backups.look_through(made.path).patient_count == 1
    assert made.path.stat().st_mode & 0o777 == 0o600


def test_a_backup_with_a_key_shows_nothing_and_opens_with_it(database, tmp_path):
    key = backups.new_key()
    made = backups.make_backup(database, tmp_path, key=key, now=NOON)

    assert made.encrypted
    assert CANARY not in made.path.read_bytes()
    with backups.opened(made.path, key=key, beside=tmp_path) as plain:
        assert CANARY in plain.read_bytes()


def test_nothing_readable_is_left_beside_an_encrypted_backup(database, tmp_path):
    made = backups.make_backup(database, tmp_path, key=backups.new_key(), now=NOON)

    beside = sorted(tmp_path.iterdir())
    assert [each.name.removesuffix(".heads") for each in beside] == [made.path.name] * len(beside)
    assert not any(CANARY in each.read_bytes() for each in beside)


@pytest.mark.parametrize(("key", "said"), [("", "TRACKER_BACKUP_KEY"), (None, "another TRACKER_BACKUP_KEY")])
def test_without_the_right_key_it_stays_closed(database, tmp_path, key, said):
    made = backups.make_backup(database, tmp_path, key=backups.new_key(), now=NOON)
    given = backups.new_key() if key is None else key

    with pytest.raises((Refused, BadFile), match=said), backups.opened(made.path, key=given, beside=tmp_path):
        pass


def test_a_key_that_is_none_is_refused_before_anything_is_written(database, tmp_path):
    with pytest.raises(Refused, match="--new-key"):
        backups.make_backup(database, tmp_path / "out", key="password", now=NOON)

    assert not (tmp_path / "out").exists()


def test_copies_made_while_others_write_are_whole(source, tmp_path):
    """Each holds both rows of a pair or neither."""
    live = tmp_path / "live.db"
    live.write_bytes(source.read_bytes())
    with closing(sqlite3.connect(live, isolation_level=None)) as one:
        one.execute("PRAGMA journal_mode=WAL")
        with closing(sqlite3.connect(live, isolation_level=None)) as writer:
            for number in range(20):
                writer.execute("BEGIN IMMEDIATE")
                writer.execute("INSERT INTO heartbeat VALUES (?, '2026-06-08')", (f"a{number}",))
                if number % 2:
                    writer.execute("COMMIT")
                    backups.make_backup(one, tmp_path / "out", key="", now=NOON + timedelta(minutes=number))
                else:
                    writer.execute("INSERT INTO heartbeat VALUES (?, '2026-06-08')", (f"b{number}",))
                    backups.make_backup(one, tmp_path / "out", key="", now=NOON + timedelta(minutes=number))
                    writer.execute("COMMIT")

    for number, each in enumerate(sorted(backups.listed(tmp_path / "out"), key=lambda made: made.made_at)):
        with closing(sqlite3.connect(each.path)) as copy:
            kept = copy.execute("SELECT count(*) FROM heartbeat").fetchone()[0]
        whole = sum(1 if done % 2 else 2 for done in range(number + number % 2))
        assert kept == whole, number


@pytest.mark.parametrize("spoil", [b"", b"SQLite format 3\0", b"no database at all" * 100])
def test_what_is_no_database_is_refused(tmp_path, spoil):
    path = tmp_path / "tracker-20260608T170000Z.db"
    path.write_bytes(spoil)

    with pytest.raises(BadFile, match="older backup"):
        backups.look_through(path)


def test_a_damaged_copy_is_refused(database, tmp_path):
    made = backups.make_backup(database, tmp_path, key="", now=NOON)
    content = bytearray(made.path.read_bytes())
    for page in range(4096 * 3, len(content), 4096):
        content[page : page + 200] = b"\xff" * 200
    made.path.write_bytes(content)

    with pytest.raises(BadFile, match="older backup"):
        backups.look_through(made.path)


def test_an_encrypted_copy_that_was_touched_does_not_open(database, tmp_path):
    key = backups.new_key()
    made = backups.make_backup(database, tmp_path, key=key, now=NOON)
    content = bytearray(made.path.read_bytes())
    content[len(content) // 2] ^= 1
    made.path.write_bytes(content)

    with pytest.raises(BadFile, match="does not open"), backups.opened(made.path, key=key, beside=tmp_path):
        pass


def test_the_newest_are_kept(database, tmp_path):
    for days in range(4):
        backups.make_backup(database, tmp_path, key="", now=NOON + timedelta(days=days))

    backups.keep_newest(tmp_path, 2)

    assert [each.made_at.day for each in backups.listed(tmp_path)] == [11, 10]


def test_what_stood_there_is_kept_beside(database, tmp_path):
    place = tmp_path / "live" / "tracker.db"
    place.parent.mkdir()
    place.write_bytes(b"old")
    place.with_name("tracker.db-wal").write_bytes(b"old log")
    made = backups.make_backup(database, tmp_path / "out", key="", now=NOON)

    with backups.opened(made.path, key="", beside=place.parent) as plain:
        kept = backups.put_in_place(plain, place, now=NOON)

    assert kept is not None
    assert kept.read_bytes() == b"old"
    assert backups.look_through(place).patient_count == 1
    assert not place.with_name("tracker.db-wal").exists()
