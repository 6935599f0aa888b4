"""An encrypted database: nothing of it can be read from the disk, and a wrong key is told in words."""

import sys
from contextlib import closing

import pytest
from sqlalchemy import create_engine, text

from tracker import cipher
from tracker.db import engine_options, prepare_engine
from tracker.settings import BadSettings, from_environment

CANARY = b"Zyxwvut-Canary"
KEY, OTHER = "0b" * 32, "c4" * 32


def engine_of(path, key):
    url = f"sqlite:///{path}"
    engine = create_engine(url, **engine_options(url, key=key))
    prepare_engine(engine, key=key)
    return engine


@pytest.fixture
def written(tmp_path):
    """A database with the canary in pages, log and an open transaction, while all of them lie on the disk."""
    engine = engine_of(tmp_path / "tracker.db", KEY)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (id INTEGER PRIMARY KEY, words TEXT)"))
        connection.execute(text("INSERT INTO note (words) VALUES (:words)"), {"words": CANARY.decode()})
    with engine.begin() as connection:
        connection.execute(text("INSERT INTO note (words) SELECT words || hex(randomblob(4000)) FROM note"))
        connection.execute(text("SELECT words FROM note ORDER BY words"))
        yield tmp_path
    engine.dispose()


def test_nothing_can_be_read_from_the_disk(written):
    names = {path.name: path.read_bytes() for path in written.iterdir()}

    assert {"tracker.db", "tracker.db-wal"} <= set(names)
    assert [name for name, content in names.items() if CANARY in content or b"CREATE TABLE" in content] == []


def test_nor_from_the_journal_of_another_mode(tmp_path):
    with closing(cipher.connect(tmp_path / "a.db", key=KEY)) as database:
        database.execute("PRAGMA journal_mode = DELETE")
        database.execute("CREATE TABLE note (words TEXT)")
        database.execute("INSERT INTO note VALUES (?)", (CANARY.decode() * 900,))
        database.execute("BEGIN")
        database.execute("UPDATE note SET words = words || 'x'")
        found = {path.name: path.read_bytes() for path in tmp_path.iterdir()}

    assert set(found) == {"a.db", "a.db-journal"}
    assert not any(CANARY in content for content in found.values())


def test_sorting_writes_no_file():
    """What a query cannot hold in pages goes to memory: SQLITE_TEMP_STORE is 2 or more."""
    with closing(cipher.connect(":memory:", key=KEY)) as database:
        options = {row[0] for row in database.execute("PRAGMA compile_options")}
        store = database.execute("PRAGMA temp_store").fetchone()[0]

    assert options & {"TEMP_STORE=2", "TEMP_STORE=3"}
    assert store == 2


@pytest.mark.parametrize(
    ("made_with", "opened_with", "said"),
    [
        (KEY, OTHER, "does not open with this key"),
        (KEY, "", "is encrypted, or no database. Set TRACKER_DATABASE_KEY_FILE"),
        ("", KEY, "not encrypted, but a database key is set. Run: tracker db encrypt"),
    ],
)
def test_the_wrong_key_is_told_with_the_cure(tmp_path, capfd, made_with, opened_with, said):
    engine = engine_of(tmp_path / "tracker.db", made_with)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (words TEXT)"))
    engine.dispose()
    before = (tmp_path / "tracker.db").read_bytes()

    with pytest.raises(BadSettings, match=said), engine_of(tmp_path / "tracker.db", opened_with).connect():
        pass

    assert (tmp_path / "tracker.db").read_bytes() == before
    assert capfd.readouterr().err == ""


def test_what_is_no_database_is_told_too(tmp_path):
    (tmp_path / "tracker.db").write_bytes(b"rubbish" * 1000)

    with pytest.raises(BadSettings, match="or it is damaged"):
        cipher.connect(tmp_path / "tracker.db", key=KEY)


def test_an_encrypted_engine_is_set_up_like_another(tmp_path):
    engine = engine_of(tmp_path / "tracker.db", KEY)
    with engine.connect() as connection:
        found = [
            connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "foreign_keys", "synchronous")
        ]
    engine.dispose()

    assert found == ["wal", 1, 2]


def test_its_sqlite_does_not_have_the_wal_bug():
    assert cipher.driver(KEY).sqlite_version_info >= (3, 51, 3)


def test_without_the_extra_a_key_is_refused_with_the_cure(monkeypatch):
    monkeypatch.setattr(cipher, "_sqlcipher", None)

    with pytest.raises(BadSettings, match=r"pip install '\.\[sqlcipher\]'"):
        engine_options("sqlite:///x.db", key=KEY)
    assert cipher.driver("") is sys.modules["sqlite3"]


# --------------------------------------------------------------------------------------------- settings


@pytest.mark.parametrize(
    ("environment", "cure"),
    [
        ({"TRACKER_DATABASE_KEY": "my password"}, "64 hexadecimal digits"),
        ({"TRACKER_DATABASE_KEY": KEY, "TRACKER_DATABASE_KEY_FILE": "x"}, "not both"),
        ({"TRACKER_DATABASE_KEY_FILE": "/no/such/file"}, "cannot be read"),
        ({"TRACKER_DATABASE_KEY": KEY, "TRACKER_DATABASE_URL": "postgresql://h/d"}, "SQLite file"),
    ],
)
def test_a_key_that_cannot_be_right_is_refused_at_start(tmp_path, environment, cure):
    with pytest.raises(BadSettings, match=cure) as refused:
        from_environment({"TRACKER_INSTANCE": str(tmp_path), **environment})

    assert "my password" not in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"hunter2\n", b"\xff" * 64, KEY[:-1].encode()])
def test_a_file_without_a_key_is_refused(tmp_path, content):
    (tmp_path / "key").write_bytes(content)

    with pytest.raises(BadSettings, match="tracker db new-key"):
        from_environment(
            {"TRACKER_INSTANCE": str(tmp_path), "TRACKER_DATABASE_KEY_FILE": str(tmp_path / "key")}
        )


def test_the_key_is_read_from_its_file_and_not_shown(tmp_path):
    (tmp_path / "key").write_text(f"{KEY}\n")
    settings = from_environment(
        {"TRACKER_INSTANCE": str(tmp_path), "TRACKER_DATABASE_KEY_FILE": str(tmp_path / "key")}
    )

    assert settings.database_key == KEY
    assert KEY not in repr(settings)
