"""The engine: no update is lost, foreign keys hold, a reader never waits for a writer."""

import threading

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import IntegrityError, OperationalError

from tracker.db import engine_options, prepare_engine, reading


@pytest.fixture
def engine(tmp_path):
    url = f"sqlite:///{tmp_path / 'counter.db'}"
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE counter (id INTEGER PRIMARY KEY, n INTEGER NOT NULL)"))
        connection.execute(text("CREATE TABLE child (counter_id INTEGER REFERENCES counter (id))"))
        connection.execute(text("INSERT INTO counter VALUES (1, 0)"))
    yield engine
    engine.dispose()


def count_up(engine, times, errors):
    """Read, then write what was read plus one: the pattern that loses updates."""
    for _ in range(times):
        try:
            with engine.begin() as connection:
                n = connection.scalar(text("SELECT n FROM counter WHERE id = 1"))
                connection.execute(text("UPDATE counter SET n = :n WHERE id = 1"), {"n": n + 1})
        except OperationalError as error:
            errors.append(error)


def test_four_threads_lose_no_update(engine):
    errors = []
    threads = [threading.Thread(target=count_up, args=(engine, 50, errors)) for _ in range(4)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    with engine.connect() as connection:
        assert connection.scalar(text("SELECT n FROM counter")) == 200
    assert errors == []


def test_a_reader_does_not_wait_for_a_writer(engine):
    with engine.begin() as writer:
        writer.execute(text("UPDATE counter SET n = 7"))
        with reading(), engine.connect() as reader:
            assert reader.scalar(text("SELECT n FROM counter")) == 0


def test_an_error_does_not_tell_what_was_written(engine):
    with pytest.raises(IntegrityError) as failed, engine.begin() as connection:
        connection.execute(text("INSERT INTO child VALUES (:secret)"), {"secret": 4711})

    assert "4711" not in str(failed.value)


def test_foreign_keys_hold(engine):
    with pytest.raises(IntegrityError), engine.begin() as connection:
        connection.execute(text("INSERT INTO child VALUES (99)"))


@pytest.mark.parametrize(
    ("pragma", "value"),
    [("journal_mode", "wal"), ("foreign_keys", 1), ("recursive_triggers", 1), ("synchronous", 2)],
)
def test_every_connection_is_set_up(engine, pragma, value):
    with engine.connect() as connection:
        assert connection.scalar(text(f"PRAGMA {pragma}")) == value


def test_a_failed_change_of_schema_leaves_nothing_behind(engine):
    with pytest.raises(OperationalError), engine.begin() as connection:
        connection.execute(text("CREATE TABLE half (id INTEGER)"))
        connection.execute(text("CREATE TABLE counter (id INTEGER)"))

    with engine.connect() as connection:
        tables = connection.scalars(text("SELECT name FROM sqlite_master WHERE type = 'table'")).all()
    assert sorted(tables) == ["child", "counter"]
