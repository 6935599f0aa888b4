"""Writers at once leave one whole chain, and none waits for another for ever."""

import threading
from datetime import UTC, datetime

import pytest
from sqlalchemy import create_engine
from sqlalchemy.orm import Session

import make
from tracker.db import engine_options, prepare_engine
from tracker.models import Base
from tracker.models.audit import AuditAction
from tracker.services import audit, audit_chain, audit_verify
from tracker.services.actor import SCAN

NOW = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)
WRITERS, EACH = 4, 25

pytestmark = pytest.mark.faults


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def engine(request, tmp_path):
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'audit.db'}"
    else:
        url = request.getfixturevalue("postgres").fresh()
    engine = create_engine(url, **engine_options(url))
    prepare_engine(engine)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def clinic_ids(engine):
    with Session(engine) as session:
        made = [make.clinic(session, name=name).id for name in ("Renal clinic", "Skin clinic")]
        session.commit()
    return made


def write(engine, clinic_ids, errors):
    """Transactions that write to both clinics, in either order."""
    for number in range(EACH):
        try:
            with Session(engine) as session:
                for clinic_id in clinic_ids if number % 2 else reversed(clinic_ids):
                    audit.record(session, clinic_id=clinic_id, actor=SCAN, action=AuditAction.MAILED, at=NOW)
                    session.flush()
                session.commit()
        except Exception as error:
            errors.append(error)


def test_writers_at_once_leave_whole_chains(engine, clinic_ids):
    errors: list[Exception] = []
    threads = [threading.Thread(target=write, args=(engine, clinic_ids, errors)) for _ in range(WRITERS)]

    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert errors == []
    with Session(engine) as session:
        assert {head.number for head in audit_chain.heads(session)} == {WRITERS * EACH}
        assert [verdict.faults for verdict in audit_verify.verify(session, [])] == [[], []]


def test_two_thousand_events_of_one_transaction_are_one_chain(engine, clinic_ids):
    with Session(engine) as session:
        for _ in range(2_000):
            audit.record(session, clinic_id=clinic_ids[0], actor=SCAN, action=AuditAction.ADDED, at=NOW)
        session.commit()

    with Session(engine) as session:
        assert audit_chain.head_of(session, clinic_ids[0]).number == 2_000
        assert audit_verify.verify(session, [])[0].faults == []
