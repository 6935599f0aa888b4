"""Column types refuse what must not be stored, on both databases."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, StatementError

import make
from tracker.models import Base
from tracker.models.ids import new_id
from tracker.models.patient import Patient, Weight
from tracker.models.scan import Heartbeat


@pytest.fixture
def who(session, cast):
    return make.patient(session, cast.renal)


def weigh(session, who, kg):
    row = Weight(clinic_id=who.clinic_id, patient_id=who.id, on_date=date(2026, 5, 1), kg=kg)
    session.add(row)
    session.flush()
    session.expire_all()
    return session.get(Weight, row.id).kg


@pytest.mark.parametrize("kg", ["70", "62.5", "0.125", "1200"])
def test_a_quantity_comes_back_exactly(session, who, kg):
    assert weigh(session, who, Decimal(kg)) == Decimal(kg)


def test_a_quantity_with_four_places_is_refused(session, who):
    with pytest.raises(StatementError, match="three decimal places"):
        weigh(session, who, Decimal("62.1234"))


@pytest.mark.parametrize("hostile", ["nul\x00", "bell\x07", "\ud800", "turned \u202e around", "a\rb"])
def test_hostile_text_is_refused(session, cast, hostile):
    with pytest.raises(StatementError, match="cannot be stored"):
        make.patient(session, cast.renal, family=hostile, mrn="7")


@pytest.mark.parametrize("name", ["Zieliński", "O'Brien", "محمد", "李", "👩‍⚕️ Ana", "Line\nfeed"])
def test_names_of_the_world_are_kept(session, cast, name):
    who = make.patient(session, cast.renal, family=name, mrn="8")
    session.expire_all()

    assert session.get(Patient, who.id).family == name


def test_an_instant_needs_a_zone_and_comes_back_in_utc(session):
    with pytest.raises(StatementError, match="needs a time zone"):
        make.save(session, Heartbeat(name="x", at=datetime(2026, 6, 8, 6, 0)))  # noqa: DTZ001
    session.rollback()

    make.save(session, Heartbeat(name="scan", at=datetime(2026, 6, 8, 6, 0, tzinfo=UTC)))
    session.expire_all()
    assert session.get(Heartbeat, "scan").at == datetime(2026, 6, 8, 6, 0, tzinfo=UTC)


def test_words_are_held_by_the_database(session, who):
    insert = "UPDATE patient SET indication = 'flu' WHERE id = :id"

    with pytest.raises(IntegrityError):
        session.execute(text(insert), {"id": who.id})


def test_ranges_are_held_by_the_database(session, who):
    with pytest.raises(IntegrityError):
        make.regimen(session, who, starts_on=date(2026, 2, 1), ends_on=date(2026, 1, 31))


def test_a_fact_cannot_point_across_clinics(session, cast, who):
    other = make.plan(session, cast.skin)

    with pytest.raises(IntegrityError):
        make.coverage(session, who, other)


def test_a_referenced_row_cannot_be_deleted(session, who):
    make.regimen(session, who)

    with pytest.raises(IntegrityError):
        session.execute(text("DELETE FROM patient WHERE id = :id"), {"id": who.id})


def test_ids_are_unguessable_and_in_order(session):
    ids = [new_id() for _ in range(2000)]

    assert len(set(ids)) == 2000
    assert {len(each) for each in ids} == {26}
    assert ids[0][:9] <= ids[-1][:9]


# Looked for before it is known whose they are: mails by time, sessions and memberships by person.
FOUND_WITHOUT_A_CLINIC = {"outbox_message", "membership", "web_session"}


def test_every_clinic_owned_row_leads_its_indexes_with_the_clinic():
    not_led = [
        (table.name, index.name)
        for table in Base.metadata.tables.values()
        if "clinic_id" in table.columns and table.name not in FOUND_WITHOUT_A_CLINIC
        for index in table.indexes
        if next(iter(index.columns)).name != "clinic_id"
    ]

    assert not_led == []
