"""The morning digest: once a day for each person, at the clinic's hour, whatever there is to say."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

import make
from clockwork import NOON, RENDER, alert
from tracker.models.alert import AlertState
from tracker.models.mail_choice import AtOnce, DigestDays, MailChoice, MailPolicy
from tracker.models.outbox import MailKind, OutboxMessage, OutboxState
from tracker.models.user import Role
from tracker.rules.words import Severity
from tracker.services import digest, heartbeat, outbox, undelivered
from tracker.services.errors import Refused
from tracker.services.mail_choices import Wishes, wishes_of
from tracker.services.mail_text import digest_mail
from tracker.services.outbox import Letter

ZONES = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
)
SIX = datetime(2026, 6, 8, 11, 0, tzinfo=UTC)  # 06:00 in Chicago


def choose(session, user, **choice):
    return make.save(session, MailChoice(clinic_id=user.clinic_id, user_id=user.id, **choice))


def written(session, user):
    query = select(OutboxMessage.slot).where(
        OutboxMessage.recipient_id == user.id, OutboxMessage.kind == MailKind.DIGEST
    )
    return session.execute(query.order_by(OutboxMessage.slot)).scalars().all()


def read(session, user, on=date(2026, 6, 8)):
    return digest.read(session, clinic_id=user.clinic_id, user=user, on=on, since=NOON - timedelta(days=1))


def mail(session, clinic, user, **trust):
    letter = Letter(
        "1", "<1@x.invalid>", clinic.id, clinic.name, user.email, False, 1, (), MailKind.DIGEST, user.id
    )
    line = heartbeat.trust_line(session, clinic, NOON, mail_to_files=False)
    wishes = wishes_of(session, clinic_id=clinic.id, user_id=user.id)
    return digest_mail(
        letter,
        read(session, user),
        trust=line,
        wishes=wishes,
        address="https://tracker.example",
        render=RENDER,
    )


def test_before_its_hour_there_is_none(session, cast):
    assert digest.write_due(session, cast.renal.id, SIX - timedelta(minutes=1)) == 0


def test_at_its_hour_everyone_has_one_and_only_one(session, cast):
    first = digest.write_due(session, cast.renal.id, SIX)
    again = digest.write_due(session, cast.renal.id, SIX + timedelta(hours=5))

    assert (first, again) == (3, 0)
    assert written(session, cast.ana) == ["2026-06-08"]
    assert written(session, cast.cleo) == []


def test_after_a_month_switched_off_there_is_one(session, cast):
    digest.write_due(session, cast.renal.id, SIX)
    digest.write_due(session, cast.renal.id, SIX + timedelta(days=30))

    assert written(session, cast.ana) == ["2026-06-08", "2026-07-08"]


@pytest.mark.parametrize("zone", ZONES)
@pytest.mark.parametrize("around", [datetime(2026, 3, 7, tzinfo=UTC), datetime(2026, 10, 31, tzinfo=UTC)])
def test_when_clocks_change_no_day_is_left_out(zone, around):
    """Whatever the hour, every whole local day gets its digest, and only on that day."""
    instants = [around + timedelta(minutes=10 * n) for n in range(6 * 24 * 4)]
    local = [now.astimezone(ZoneInfo(zone)).date() for now in instants]
    whole = set(local) - {local[0], local[-1]}
    for hour in range(24):
        wishes = Wishes(zone=zone, digest_hour=hour)
        days = [digest.due_on(wishes, now) for now in instants]

        assert whole <= set(days)
        assert all(day is None or day == here for day, here in zip(days, local, strict=True))


@pytest.mark.parametrize(
    ("days", "slots"),
    [
        (DigestDays.EVERY_DAY, ["2026-06-12", "2026-06-13", "2026-06-14", "2026-06-15"]),
        (DigestDays.WORKING_DAYS, ["2026-06-12", "2026-06-15"]),
        (DigestDays.NEVER, []),
    ],
)
def test_the_days_are_everyones_own_choice(session, cast, days, slots):
    choose(session, cast.ana, digest=days)
    for number in range(4, 8):
        digest.write_due(session, cast.renal.id, SIX + timedelta(days=number))

    assert written(session, cast.ana) == slots


def test_who_is_switched_off_has_none(session, cast):
    cast.ana.active = False
    digest.write_due(session, cast.renal.id, SIX)

    assert written(session, cast.ana) == []


def test_it_counts_ones_own_and_the_unowned(session, cast):
    mine = make.patient(session, cast.renal, mrn="1", owner_id=cast.ana.id)
    nobodys = make.patient(session, cast.renal, mrn="2")
    bens = make.patient(session, cast.renal, mrn="3", owner_id=cast.ben.id)
    for who in (mine, nobodys, bens):
        alert(session, who, severity=Severity.CRITICAL)
    closed = alert(session, mine)
    closed.state, closed.closed_at = AlertState.CLOSED, NOON
    session.flush()

    found = read(session, cast.ana)

    assert found.counts == {Severity.CRITICAL: 2}
    assert sorted(str(line.owner) for line in found.first) == ["Ana", "None"]
    assert found.soon == 2


def test_a_viewer_reads_only_what_is_theirs(session, cast):
    vera = make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    alert(session, make.patient(session, cast.renal))

    assert read(session, vera).first == []


def test_nothing_at_risk_is_said(session, cast):
    heartbeat.beat(session, heartbeat.SCAN, NOON)
    text = mail(session, cast.renal, cast.ana)

    assert text.subject == "[PA tracker] 0 at risk, 0 checked - Renal clinic"
    assert text.text.startswith("0 AT RISK, 0 CHECKED\n")


def test_a_digest_names_no_patient_and_no_drug(session, cast):
    heartbeat.beat(session, heartbeat.SCAN, NOON)
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    alert(session, rosa, severity=Severity.CRITICAL)
    text = mail(session, cast.renal, cast.ana)

    assert text.subject == "[PA tracker] 1 critical - Renal clinic"
    assert "1 PATIENT RUNS OUT UNCOVERED WITHIN 7 DAYS" in text.text
    for part in (text.subject, text.text, text.html):
        assert not [word for word in ("Alvarez", "Rosa", "cyclosporine", "A123", rosa.mrn) if word in part]


def test_a_digest_of_an_old_check_says_so_first(session, cast):
    heartbeat.beat(session, heartbeat.SCAN, NOON - timedelta(days=2))

    assert "Last check too long ago" in mail(session, cast.renal, cast.ana).subject


# ----------------------------------------------------------------------------------- what is told at once


def told(session, patient, severity, now=NOON, occasion="opened:1"):
    outbox.tell(session, alert=alert(session, patient, severity=severity), occasion=occasion, now=now)
    return session.execute(select(OutboxMessage).order_by(OutboxMessage.created_at)).scalars().all()


@pytest.fixture
def rosa(session, cast):
    return make.patient(session, cast.renal, owner_id=cast.ana.id)


@pytest.mark.parametrize(
    ("choice", "severity", "mails"),
    [
        (None, Severity.CRITICAL, 1),
        (None, Severity.HIGH, 1),
        (None, Severity.WARNING, 0),
        (AtOnce.CRITICAL, Severity.CRITICAL, 1),
        (AtOnce.CRITICAL, Severity.HIGH, 0),
        (AtOnce.NONE, Severity.CRITICAL, 0),
    ],
)
def test_what_goes_at_once_is_everyones_own_choice(session, cast, rosa, choice, severity, mails):
    if choice:
        choose(session, cast.ana, at_once=choice)

    assert len(told(session, rosa, severity)) == mails


NIGHT = datetime(2026, 6, 9, 3, 0, tzinfo=UTC)  # 22:00 in Chicago


@pytest.mark.parametrize(
    ("severity", "goes"),
    [
        (Severity.CRITICAL, NIGHT + timedelta(seconds=30)),
        (Severity.HIGH, datetime(2026, 6, 9, 11, 0, 30, tzinfo=UTC)),
    ],
)
def test_in_quiet_hours_only_what_is_critical_goes(session, rosa, severity, goes):
    assert [row.next_at for row in told(session, rosa, severity, NIGHT)] == [goes]


def test_a_critical_alert_takes_those_that_wait_with_it(session, rosa):
    told(session, rosa, Severity.HIGH, NIGHT)
    rows = told(session, rosa, Severity.CRITICAL, NIGHT + timedelta(hours=1), "opened:2")

    assert [row.next_at for row in rows] == [NIGHT + timedelta(hours=1, seconds=30)]


def test_over_the_budget_a_critical_alert_goes_once_an_hour_and_others_wait_for_the_digest(
    session, cast, rosa
):
    make.save(session, MailPolicy(clinic_id=cast.renal.id, budget=2))
    for number in range(6):
        now = NOON + timedelta(minutes=5 * number)
        severity = Severity.HIGH if number == 2 else Severity.CRITICAL
        for row in told(session, rosa, severity, now, f"opened:{number}"):
            if row.slot is None:
                row.state, row.sent_at = "sent", now
        session.flush()
    rows = session.execute(select(OutboxMessage)).scalars().all()

    assert len(rows) == 3
    assert [row.next_at for row in rows if row.slot] == [NOON + timedelta(hours=1)]


def test_a_storm_that_goes_on_is_gathered_into_one_mail(session, rosa):
    """Two minutes after the last of it, and at most twenty after the first."""
    goes = []
    for minute in range(25):
        for number in range(30 if minute == 0 else 1):
            rows = told(
                session, rosa, Severity.HIGH, NOON + timedelta(minutes=minute), f"opened:{minute}:{number}"
            )
        goes.append(rows[0].next_at - NOON)

    assert len(rows) == 1
    assert goes[:3] == [timedelta(minutes=2), timedelta(minutes=3), timedelta(minutes=4)]
    assert goes[-1] == timedelta(minutes=20)


def test_a_few_are_not_held_back(session, rosa):
    for number in range(25):
        rows = told(session, rosa, Severity.HIGH, NOON, f"opened:{number}")

    assert rows[0].next_at == NOON + timedelta(seconds=30)


def test_what_does_not_reach_a_person_is_told_to_the_leads_once(session, cast, rosa):
    cast.ben.role = Role.LEAD
    told(session, rosa, Severity.CRITICAL)
    for later in (1, 2):
        (row_id,) = [
            found
            for found in outbox.claim(session, owner="a", now=NOON + timedelta(hours=later), limit=9)
            if session.get_one(OutboxMessage, found).recipient_id == cast.ana.id
        ]
        outbox.record_failed(session, row_id, owner="a", now=NOON, error="550 to the recipient")
        session.expire_all()
        undelivered.send_again(session, session.get_one(OutboxMessage, row_id), now=NOON)

    kinds = session.execute(select(OutboxMessage.recipient_id, OutboxMessage.kind)).all()
    assert sorted(kind for _, kind in kinds) == [MailKind.ALERTS, MailKind.UNDELIVERED]
    assert [who for who, kind in kinds if kind is MailKind.UNDELIVERED] == [cast.ben.id]


@pytest.mark.parametrize("state", [OutboxState.SENDING, OutboxState.DROPPED])
def test_some_mails_cannot_go_again(session, rosa, state):
    (row,) = told(session, rosa, Severity.CRITICAL)
    row.state = state

    with pytest.raises(Refused):
        undelivered.send_again(session, row, now=NOON)


def test_a_mail_that_went_out_goes_again_as_a_repeat(session, rosa):
    (row,) = told(session, rosa, Severity.CRITICAL)
    row.state, row.sent_at = OutboxState.SENT, NOON
    undelivered.send_again(session, row, now=NOON)

    assert (row.state, row.unsure, row.sent_at) == (OutboxState.RETRY, True, None)


@pytest.mark.parametrize(
    ("away", "answers"),
    [((), {"Ana"}), (("Ana",), {"Ana", "Ben"}), (("Ana", "Ben"), {"Ana", "Lea"})],
    ids=["here", "away", "backup away too"],
)
def test_whoever_answers_today_has_it_in_the_digest(session, cast, away, answers):
    lea = make.user(session, cast.renal, name="Lea", role=Role.LEAD)
    cast.ana.backup_id = cast.ben.id
    for person in (cast.ana, cast.ben):
        person.away_from = date(2026, 6, 1) if person.name in away else None
    alert(session, make.patient(session, cast.renal, owner_id=cast.ana.id), severity=Severity.CRITICAL)
    session.flush()

    told = {p.name for p in (cast.ana, cast.ben, lea, cast.dana) if read(session, p).counts}
    assert told == answers


def test_where_nobody_stands_in_all_who_may_act_have_it(session, cast):
    vera = make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    cast.ana.away_from = date(2026, 6, 1)
    alert(session, make.patient(session, cast.renal, owner_id=cast.ana.id), severity=Severity.CRITICAL)
    session.flush()

    assert [p.name for p in (cast.ben, cast.dana, vera, cast.cleo) if read(session, p).counts] == [
        "Ben",
        "Dana",
    ]
