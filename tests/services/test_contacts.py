"""The log of calls and faxes: append-only, audited, with promises that are kept, due or late."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select

import make
from tracker.models.audit import AuditEvent
from tracker.models.authorization_log import Channel, ContactLog
from tracker.models.payer import Plan
from tracker.rules.moves import Move
from tracker.services import authorizations, contacts
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused

NOW = datetime(2026, 6, 8, 15, 0, tzinfo=UTC)
TODAY = date(2026, 6, 8)
ANA = Actor("Ana")


@pytest.fixture
def who(session, cast):
    patient = make.covered_patient(session, cast.renal)
    session.commit()
    return patient


@pytest.fixture
def pa(session, who):
    plan = session.scalars(select(Plan)).first()
    row = make.authorization(session, who, plan, status="submitted", starts_on=None, ends_on=None)
    session.commit()
    return row


def log(session, who, **more):
    values = {"channel": Channel.CALL, "on_date": TODAY, "said": "Asked for the status", **more}
    at = values.pop("at", NOW)
    return contacts.log(session, values, clinic_id=who.clinic_id, patient_id=who.id, actor=ANA, now=at)


def follow_ups(session, who, on=TODAY):
    found = contacts.entries(session, clinic_id=who.clinic_id, patient_id=who.id, on=on)
    return [each.follow_up for each in found]


def test_an_entry_is_kept_with_its_author_and_audited(session, who, pa):
    log(
        session,
        who,
        authorization_id=pa.id,
        with_whom="Jo",
        reference="7714",
        payer_id=contacts.payer_of(session, pa),
    )

    found = contacts.entries(session, clinic_id=who.clinic_id, patient_id=who.id, on=TODAY)[0]
    assert (found.actor, found.channel, found.with_whom, found.reference) == ("Ana", "Call", "Jo", "7714")
    assert found.payer == "Acme 100234"
    event = session.scalars(select(AuditEvent)).one()
    assert (event.table_name, event.patient_id) == ("contact_log", who.id)


@pytest.mark.parametrize(
    ("promised", "follow_up"),
    [(None, None), (date(2026, 6, 8), "due"), (date(2026, 6, 9), "due"), (date(2026, 6, 7), "late")],
)
def test_a_promise_is_late_from_the_day_after(session, who, promised, follow_up):
    log(session, who, promised_on=promised, on_date=date(2026, 6, 1))

    assert follow_ups(session, who) == [follow_up]


def test_an_answer_keeps_the_promise(session, who):
    first = log(session, who, promised_on=date(2026, 6, 7), on_date=date(2026, 6, 1))

    log(session, who, answers_id=first.id)

    assert follow_ups(session, who) == [None, "kept"]


def test_a_move_of_the_authorization_keeps_it_too(session, who, pa):
    log(session, who, authorization_id=pa.id, promised_on=date(2026, 6, 8), at=NOW - timedelta(hours=2))
    assert follow_ups(session, who, on=date(2026, 6, 9)) == ["late"]

    report = authorizations.Report(reason="Wrong plan")
    authorizations.move(session, pa, Move.CANCEL, report, version=pa.version, actor=ANA, now=NOW)

    assert follow_ups(session, who, on=date(2026, 6, 9)) == ["kept"]


def test_open_promises_come_first_promised_first(session, who):
    for day in (12, 10):
        log(session, who, promised_on=date(2026, 6, day))
    log(session, who)
    found = contacts.entries(session, clinic_id=who.clinic_id, patient_id=who.id, on=TODAY)

    waiting = contacts.open_promises(found)

    assert [each.promised_on.day for each in waiting] == [10, 12]


def test_a_promise_before_the_contact_is_refused(session, who):
    with pytest.raises(Refused, match="before the day of the contact") as refused:
        log(session, who, promised_on=date(2026, 6, 1))

    assert refused.value.field == "promised_on"


def test_nothing_of_another_patient_can_be_named(session, cast, who, pa):
    other = make.covered_patient(session, cast.renal, mrn="200")
    theirs = log(session, other)

    with pytest.raises(NotFound):
        log(session, other, authorization_id=pa.id)
    with pytest.raises(NotFound):
        log(session, who, answers_id=theirs.id)


def test_another_clinic_sees_nothing_and_writes_nothing(session, cast, who):
    log(session, who)

    assert contacts.entries(session, clinic_id=cast.skin.id, patient_id=who.id, on=TODAY) == []
    values = {"channel": Channel.CALL, "on_date": TODAY, "said": "x"}
    with pytest.raises(NotFound):
        contacts.log(session, values, clinic_id=cast.skin.id, patient_id=who.id, actor=ANA, now=NOW)
    assert len(session.scalars(select(ContactLog)).all()) == 1


def test_the_log_of_one_authorization_holds_only_its_own(session, who, pa):
    log(session, who, said="general")
    log(session, who, said="about it", authorization_id=pa.id)

    found = contacts.entries(
        session, clinic_id=who.clinic_id, patient_id=who.id, on=TODAY, authorization_id=pa.id
    )

    assert [each.said for each in found] == ["about it"]
