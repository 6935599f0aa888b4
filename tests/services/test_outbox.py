"""Who is told what, once; and how a message is held while it is sent."""

from datetime import timedelta

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, alert
from tracker.models.alert import AlertState
from tracker.models.outbox import MailKind, OutboxLine, OutboxMessage, OutboxState
from tracker.models.user import Role
from tracker.rules.words import Severity
from tracker.services import digest, mail_queue, outbox

LATER = NOON + timedelta(minutes=1)


@pytest.fixture
def rosa(session, cast):
    return make.patient(session, cast.renal, owner_id=cast.ana.id)


def messages(session):
    return session.execute(select(OutboxMessage).order_by(OutboxMessage.id)).scalars().all()


def lines(session):
    return session.execute(select(OutboxLine)).scalars().all()


def tell(session, patient, *, occasion="opened:1", now=NOON, **more):
    row = alert(session, patient, **more)
    outbox.tell(session, alert=row, occasion=occasion, now=now)
    return row


def told(session, cast):
    names = {person.id: person.name for person in (cast.ana, cast.ben, cast.cleo, cast.dana)}
    return sorted(names[message.recipient_id] for message in messages(session))


def test_the_coordinator_in_charge_is_told_alone(session, cast, rosa):
    tell(session, rosa)

    assert told(session, cast) == ["Ana"]


def test_without_one_in_charge_all_who_may_act_are_told(session, cast):
    make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    make.user(session, cast.renal, name="Otto").active = False

    tell(session, make.patient(session, cast.renal))

    assert told(session, cast) == ["Ana", "Ben", "Dana"]


def test_when_the_one_in_charge_has_left_all_are_told(session, cast, rosa):
    cast.ana.active = False

    tell(session, rosa)

    assert told(session, cast) == ["Ben", "Dana"]


def test_information_is_never_mailed(session, rosa):
    tell(session, rosa, severity=Severity.INFO)

    assert messages(session) == []


def test_sixty_alerts_at_once_are_one_mail(session, rosa):
    for _ in range(60):
        tell(session, rosa)

    assert len(messages(session)) == 1
    assert len(lines(session)) == 60


def test_an_occasion_is_told_once(session, rosa):
    row = tell(session, rosa)

    outbox.tell(session, alert=row, occasion="opened:1", now=LATER)

    assert len(lines(session)) == 1


def test_a_worse_tier_is_an_occasion_of_its_own(session, rosa):
    row = tell(session, rosa)

    outbox.tell(session, alert=row, occasion="critical:1", now=LATER)

    assert len(lines(session)) == 2


def test_a_mail_waits_half_a_minute_for_more(session, rosa):
    tell(session, rosa)
    session.commit()

    assert outbox.claim(session, owner="a", now=NOON + timedelta(seconds=29)) == []
    assert len(outbox.claim(session, owner="a", now=NOON + timedelta(seconds=30))) == 1


def test_an_alert_does_not_join_a_mail_that_is_being_sent(session, rosa):
    tell(session, rosa)
    outbox.claim(session, owner="a", now=LATER)

    tell(session, rosa, now=LATER)

    assert [len([x for x in lines(session) if x.message_row_id == m.id]) for m in messages(session)] == [1, 1]


def test_only_one_sender_gets_a_message(session, rosa):
    tell(session, rosa)
    session.commit()

    first = outbox.claim(session, owner="a", now=LATER)
    second = outbox.claim(session, owner="b", now=LATER)

    assert (len(first), second) == (1, [])


def test_a_silent_sender_gives_its_message_back_as_unsure(session, rosa):
    tell(session, rosa)
    outbox.claim(session, owner="a", now=LATER)
    session.commit()

    assert outbox.claim(session, owner="b", now=LATER + timedelta(minutes=10)) == []
    (row_id,) = outbox.claim(session, owner="b", now=LATER + timedelta(minutes=10, seconds=1))
    letter = outbox.open_letter(session, row_id, now=LATER)

    assert letter.repeat
    assert letter.attempts == 2


def test_who_lost_its_claim_records_nothing(session, rosa):
    tell(session, rosa)
    (row_id,) = outbox.claim(session, owner="a", now=LATER)
    outbox.claim(session, owner="b", now=LATER + timedelta(minutes=11))

    assert not outbox.record_sent(session, row_id, owner="a", now=LATER)


def test_worst_and_nearest_come_first_in_a_letter(session, rosa):
    late = tell(session, rosa, severity=Severity.HIGH)
    never = tell(session, rosa, severity=Severity.CRITICAL, harm_on=None)
    soon = tell(session, rosa, severity=Severity.CRITICAL)
    (row_id,) = outbox.claim(session, owner="a", now=LATER)

    letter = outbox.open_letter(session, row_id, now=LATER)

    assert [item.alert_id for item in letter.items] == [soon.id, never.id, late.id]


def test_an_alert_that_closed_meanwhile_is_left_out(session, rosa):
    gone, stays = tell(session, rosa), tell(session, rosa)
    gone.state, gone.closed_at = AlertState.CLOSED, NOON
    (row_id,) = outbox.claim(session, owner="a", now=LATER)

    letter = outbox.open_letter(session, row_id, now=LATER)

    assert [item.alert_id for item in letter.items] == [stays.id]


def test_nothing_is_sent_when_all_has_closed(session, rosa):
    gone = tell(session, rosa)
    gone.state, gone.closed_at = AlertState.CLOSED, NOON
    (row_id,) = outbox.claim(session, owner="a", now=LATER)

    assert outbox.open_letter(session, row_id, now=LATER) is None


def test_mail_for_someone_who_left_goes_to_the_others(session, cast, rosa):
    tell(session, rosa)
    (row_id,) = outbox.claim(session, owner="a", now=LATER)
    cast.ana.active = False

    letter = outbox.open_letter(session, row_id, now=LATER)

    assert letter is None
    assert told(session, cast) == ["Ana", "Ben", "Dana"]


def test_waits_grow_and_end_after_a_day():
    waits = [outbox.wait_after(n) for n in range(1, outbox.LAST_TRY)]

    assert [wait.seconds // 60 for wait in waits[:8]] == [1, 2, 5, 10, 20, 30, 30, 30]
    assert timedelta(hours=23) < sum(waits, timedelta()) <= timedelta(hours=24)
    assert outbox.wait_after(outbox.LAST_TRY) is None


def test_after_the_last_try_a_message_has_failed(session, rosa):
    tell(session, rosa)
    (message,) = messages(session)
    message.attempts = outbox.LAST_TRY - 1
    (row_id,) = outbox.claim(session, owner="a", now=LATER)
    letter = outbox.open_letter(session, row_id, now=LATER)

    outbox.record_retry(session, letter, owner="a", now=LATER, error="450", after_data=False)
    session.expire_all()

    assert message.state is OutboxState.FAILED
    assert message.last_error == "450"


def test_the_worst_goes_first_then_the_longest_waiting_and_the_digest_last(session, cast):
    rows = {}
    for number, (name, severity) in enumerate((("Hal", "high"), ("Cora", "critical"), ("Hope", "high"))):
        person = make.user(session, cast.renal, name=name)
        patient = make.patient(session, cast.renal, mrn=str(number), owner_id=person.id)
        tell(session, patient, now=NOON + timedelta(seconds=number), severity=Severity(severity))
        rows[person.id] = name
    digest.write_due(session, cast.renal.id, NOON - timedelta(hours=1))

    ids = session.execute(mail_queue.ready_messages(LATER)).scalars().all()
    found = [session.get(OutboxMessage, each) for each in ids]
    assert [rows[each.recipient_id] for each in found[:3]] == ["Cora", "Hal", "Hope"]
    assert {each.kind for each in found[3:]} == {MailKind.DIGEST}
    assert len(found) > 3
