"""The migrated schema is the models' schema, CHECK constraints included, on both databases."""

import re
from datetime import UTC, datetime

import pytest
from flask_migrate import upgrade
from sqlalchemy import MetaData, Table, create_engine, inspect, text

from tracker.db import db
from tracker.factory import create_app
from tracker.migrating import is_current, migrate_database
from tracker.models import Base
from tracker.models.wall import WALLED
from tracker.settings import Mode, Settings


def settings_for(tmp_path, url):
    return Settings(mode=Mode.TEST, instance=tmp_path, database_url=url, secret_key="x" * 32)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def empty_url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'migrated.db'}"
        return
    made = request.getfixturevalue("postgres")
    address = made.fresh(empty=True)
    yield address
    made.drop(address)


@pytest.fixture
def migrated(tmp_path, empty_url):
    app = create_app(settings_for(tmp_path, empty_url))
    assert not is_current(app)
    migrate_database(app)
    assert is_current(app)
    with app.app_context():
        yield db.engine
        db.engine.dispose()


@pytest.fixture
def modelled(request, tmp_path, empty_url):
    if empty_url.startswith("sqlite"):
        engine = create_engine(f"sqlite:///{tmp_path / 'modelled.db'}")
        Base.metadata.create_all(engine)
        yield engine
    else:
        made = request.getfixturevalue("postgres")
        engine = create_engine(made.fresh())
        yield engine
    engine.dispose()


def schema(engine):
    """Every table with all that the database knows of it, in plain words."""
    inspector = inspect(engine)
    names = [name for name in inspector.get_table_names() if name != "alembic_version"]
    return {
        name: {
            "columns": {c["name"]: (str(c["type"]), c["nullable"]) for c in inspector.get_columns(name)},
            "primary": inspector.get_pk_constraint(name)["constrained_columns"],
            "unique": sorted((u["name"], u["column_names"]) for u in inspector.get_unique_constraints(name)),
            "checks": sorted(
                (c["name"], re.sub(r"\s+", " ", c["sqltext"])) for c in inspector.get_check_constraints(name)
            ),
            "foreign": sorted(
                (
                    f["constrained_columns"],
                    f["referred_table"],
                    f["referred_columns"],
                    f["options"].get("ondelete"),
                )
                for f in inspector.get_foreign_keys(name)
            ),
            "indexes": sorted(
                (i["name"], i["column_names"]) for i in inspector.get_indexes(name) if not i.get("unique")
            ),
        }
        for name in names
    }


def test_migrated_schema_equals_the_models(migrated, modelled):
    ours, theirs = schema(migrated), schema(modelled)

    assert sorted(ours) == sorted(theirs)
    for name in theirs:
        assert ours[name] == theirs[name], name


def triggers(engine):
    """Every trigger, its words sorted: the order in which columns are compared says nothing."""
    query = {
        "sqlite": "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'",
        "postgresql": "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
    }[engine.dialect.name]
    with engine.connect() as connection:
        return {name: sorted(sql.split()) for name, sql in connection.execute(text(query))}


def test_migrated_triggers_equal_those_of_the_models(migrated, modelled):
    found = triggers(modelled)

    assert {"audit_event_delete", "audit_event_update"} <= set(found)
    assert triggers(migrated) == found


def policies(engine):
    query = """SELECT relname, relrowsecurity, relforcerowsecurity, polname, pg_get_expr(polqual, polrelid)
        FROM pg_class LEFT JOIN pg_policy ON polrelid = pg_class.oid WHERE relkind = 'r'"""
    with engine.connect() as connection:
        return {row for row in connection.execute(text(query)) if row[1] or row[3]}


def test_the_wall_of_a_migrated_database_is_that_of_the_models(migrated, modelled):
    if migrated.dialect.name == "sqlite":
        return  # it has none
    found = policies(modelled)

    assert {row[0] for row in found} == {each.__tablename__ for each in WALLED}
    assert policies(migrated) == found


def test_the_comparison_sees_check_constraints(modelled):
    assert any(table["checks"] for table in schema(modelled).values())


def test_migrating_twice_changes_nothing(tmp_path, empty_url):
    app = create_app(settings_for(tmp_path, empty_url))
    migrate_database(app)
    migrate_database(app)

    assert is_current(app)
    with app.app_context():
        db.engine.dispose()


def filled(engine, name, **values):
    """One row of a table as it is now: what is not given is null, or as little as the column takes."""
    table = Table(name, MetaData(), autoload_with=engine)
    for column in table.columns:
        if not column.nullable and column.name not in values:
            values[column.name] = LEAST[column.type.python_type]
    with engine.begin() as connection:
        connection.execute(table.insert().values(**values))


LEAST = {int: 1, str: "x", bool: False, object: {}, dict: {}, datetime: datetime(2026, 6, 8, tzinfo=UTC)}


def test_open_alerts_with_their_history_live_through_the_upgrade(tmp_path, empty_url):
    app = create_app(settings_for(tmp_path, empty_url))
    with app.app_context():
        upgrade(revision="0001")
        filled(db.engine, "clinic", id="C", time_zone="America/Chicago")
        of = {"clinic_id": "C"}
        filled(db.engine, "app_user", **of, id="U", role="lead")
        filled(db.engine, "patient", **of, id="P", owner_id="U")
        words = {"severity": "high", "state": "open"}
        filled(db.engine, "alert", **of, **words, id="A", patient_id="P", owner_id="U")
        event = {"id": "E", "kind": "opened", "severity": "high"}
        filled(db.engine, "alert_event", **of, **event, patient_id="P", alert_id="A")

        upgrade()

        with db.engine.connect() as connection:
            kept = connection.execute(
                text("SELECT owner_id, state, ladder_round, ladder_from IS NOT NULL FROM alert")
            ).one()
            count = connection.execute(text("SELECT count(*) FROM alert_event WHERE alert_id = 'A'")).scalar()
        db.engine.dispose()

    assert (*kept[:3], bool(kept[3]), count) == ("U", "open", 1, True, 1)
