"""Who answers for an alert, who is called when nobody does, and what happens when a person leaves."""

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import kept
import make
from tracker.models.alert import AlertEvent, AlertState
from tracker.models.audit import AuditEvent
from tracker.models.ladder import Escalation, Ladder, Rung
from tracker.models.outbox import OutboxLine
from tracker.models.user import Role
from tracker.services import alert_acts, escalation, handover, ladders, ownership, snoozing
from tracker.services.actor import COMMAND, Actor
from tracker.services.errors import Refused

NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)


def hours(count):
    return NOON + timedelta(hours=count)


@pytest.fixture
def desk(session, cast):
    """Ana owns the patient, Ben is her backup, Lea leads, Dr Shah has an account."""
    kept.stand_on(session, cast.renal)
    lea = make.user(session, cast.renal, name="Lea", role=Role.LEAD)
    shah = make.user(session, cast.renal, name="Shah")
    cast.ana.backup_id = cast.ben.id
    ladder = Ladder(clinic_id=cast.renal.id, lead_id=lea.id, clinician_id=shah.id, clinician_name="Dr Shah")
    session.add(ladder)
    who = make.patient(session, cast.renal, owner_id=cast.ana.id)
    alert = kept.alert(session, who, opened_at=NOON, ladder_from=NOON, harm_on=date(2026, 6, 24))
    return SimpleNamespace(cast=cast, alert=alert, lea=lea, shah=shah, who=who, ladder=ladder)


def climb(session, desk, at):
    return escalation.climb(session, clinic_id=desk.cast.renal.id, now=at)


def told(session):
    query = select(OutboxLine.occasion, OutboxLine.recipient_id).order_by(OutboxLine.id)
    return [tuple(row) for row in session.execute(query)]


def last_text(session):
    query = select(AlertEvent.text).order_by(AlertEvent.at.desc(), AlertEvent.id.desc())
    return session.execute(query.limit(1)).scalar_one()


def test_up_the_ladder_every_four_hours_while_it_is_critical(session, desk):
    counts = [climb(session, desk, hours(n)) for n in (3.99, 4, 7.99, 8, 12, 16, 100)]

    assert counts == [0, 1, 0, 1, 1, 0, 0]
    assert told(session) == [
        ("ladder:1:backup", desk.cast.ben.id),
        ("ladder:1:lead", desk.lea.id),
        ("ladder:1:clinician", desk.shah.id),
    ]
    assert last_text(session) == "Nobody answered in time. Dr Shah is told."


@pytest.mark.parametrize(("severity", "count"), [("critical", 4), ("high", 24), ("warning", 72)])
def test_each_severity_has_its_hours(session, desk, severity, count):
    desk.alert.severity, desk.alert.severity_rank = severity, 1
    session.flush()

    assert climb(session, desk, hours(count - 0.01)) == 0
    assert climb(session, desk, hours(count)) == 1


def test_information_climbs_nothing(session, desk):
    desk.alert.severity, desk.alert.severity_rank = "info", 3
    session.flush()

    assert climb(session, desk, hours(5000)) == 0


def test_after_a_stand_still_one_step_at_a_time(session, desk):
    assert [climb(session, desk, hours(n)) for n in (500, 500, 503.9, 504)] == [1, 0, 0, 1]


@pytest.mark.parametrize("act", ["take", "acknowledge", "assign", "false_alarm"])
def test_an_answer_ends_the_ladder(session, desk, act):
    more = {"assign": {"user_id": desk.cast.ben.id}, "false_alarm": {"reason": "Old letter"}}.get(act, {})
    actor = Actor("Ana", desk.cast.ana.id)
    place = {"clinic_id": desk.cast.renal.id, "alert_id": desk.alert.id}
    getattr(alert_acts, act)(session, **place, actor=actor, now=hours(1), **more)

    assert climb(session, desk, hours(50)) == 0
    assert escalation.next_step(session, desk.alert, now=hours(2)) is None


def test_the_same_step_of_the_same_round_is_taken_once(session, desk):
    climb(session, desk, hours(4))
    desk.alert.escalation_level, desk.alert.ladder_from = 0, NOON
    session.flush()

    climb(session, desk, hours(4))

    rungs = session.execute(select(Escalation.rung).order_by(Escalation.id)).scalars().all()
    assert rungs == [Rung.BACKUP, Rung.LEAD]
    assert [occasion for occasion, _ in told(session)] == ["ladder:1:backup", "ladder:1:lead"]
    with pytest.raises(IntegrityError):
        session.add(
            Escalation(
                clinic_id=desk.cast.renal.id,
                patient_id=desk.who.id,
                alert_id=desk.alert.id,
                ladder_round=1,
                rung=Rung.BACKUP,
                at=NOON,
            )
        )
        session.flush()


def test_a_rung_on_which_nobody_new_stands_is_passed_over(session, desk):
    desk.cast.ana.backup_id = None
    desk.ladder.lead_id = desk.cast.ana.id
    session.flush()

    climb(session, desk, hours(4))

    assert told(session) == [("ladder:1:clinician", desk.shah.id)]


def test_a_clinician_without_an_account_is_called_by_the_lead(session, desk):
    desk.alert.escalation_level = 2
    desk.ladder.clinician_id, desk.ladder.clinician_contact = None, "555-0100"
    session.flush()

    climb(session, desk, hours(4))

    said = "Nobody answered in time. Lea is asked to call Dr Shah (555-0100), who has no account here."
    assert (last_text(session), told(session)) == (said, [("ladder:1:clinician", desk.lea.id)])


def test_a_ladder_without_people_ends_and_says_so(session, desk):
    for person in (desk.lea, desk.cast.dana, desk.cast.ben):
        person.active = False
    desk.ladder.clinician_id = desk.ladder.clinician_name = None
    session.flush()

    assert [climb(session, desk, hours(n)) for n in (4, 8)] == [1, 0]
    assert last_text(session) == "Nobody answered, and nobody further is named on the ladder."


def test_a_return_from_sleep_begins_a_new_round(session, desk):
    climb(session, desk, hours(4))
    place = {"clinic_id": desk.cast.renal.id, "alert_id": desk.alert.id}
    actor = Actor("Ana", desk.cast.ana.id)
    alert_acts.snooze(session, **place, until=date(2026, 6, 9), reason="Waiting", actor=actor, now=hours(5))
    desk.cast.renal.demo_today = date(2026, 6, 9)
    snoozing.wake_due(session, clinic_id=desk.cast.renal.id, now=hours(24))

    assert [climb(session, desk, hours(n)) for n in (27.9, 28)] == [0, 1]
    assert told(session)[-1] == ("ladder:2:backup", desk.cast.ben.id)


def test_only_clinics_with_something_to_tend_are_named(session, desk):
    clinics = [escalation.clinics_to_tend(session, hours(n)) for n in (0.9, 1)]

    assert clinics == [[], [desk.cast.renal.id]]


def test_the_page_is_told_the_next_step(session, desk):
    step = escalation.next_step(session, desk.alert, now=NOON)

    assert (step.at, step.call.told) == (hours(4), desk.cast.ben)


# ---------------------------------------------------------------------------------------- ownership


def test_its_own_owner_comes_before_the_patients(session, desk):
    charge = ownership.in_charge(session, desk.alert, now=NOON)
    desk.alert.owner_id = desk.shah.id
    own = ownership.in_charge(session, desk.alert, now=NOON)

    assert (charge.owner, charge.acting, charge.backup) == (desk.cast.ana, desk.cast.ana, desk.cast.ben)
    assert own.owner is desk.shah


@pytest.mark.parametrize(
    ("first", "last", "acting"),
    [
        (date(2026, 6, 8), date(2026, 6, 8), "Ben"),
        (date(2026, 6, 1), None, "Ben"),
        (date(2026, 6, 9), None, "Ana"),
        (date(2026, 6, 1), date(2026, 6, 7), "Ana"),
    ],
)
def test_who_is_away_is_stood_in_for_on_those_days(session, desk, first, last, acting):
    desk.cast.ana.away_from, desk.cast.ana.away_to = first, last
    session.flush()

    assert ownership.in_charge(session, desk.alert, now=NOON).acting.name == acting


def test_a_backup_who_is_away_too_leaves_it_to_the_lead(session, desk):
    for person in (desk.cast.ana, desk.cast.ben):
        person.away_from = date(2026, 6, 1)
    session.flush()

    assert ownership.in_charge(session, desk.alert, now=NOON).acting is desk.lea


def test_two_who_back_each_other_up_end_at_the_lead(session, desk):
    desk.cast.ben.backup_id = desk.cast.ana.id
    desk.cast.ana.away_from = desk.cast.ben.away_from = date(2026, 6, 1)
    session.flush()

    assert ownership.in_charge(session, desk.alert, now=NOON).acting is desk.lea


def test_unowned_turns_urgent_a_clinic_day_after_it_opened():
    late = datetime(2026, 6, 9, 3, 0, tzinfo=UTC)  # 22:00 of the 8th in Chicago
    more = {"opened_at": late, "zone": "America/Chicago"}

    assert not ownership.unowned_too_long(owner_id=None, today=date(2026, 6, 8), **more)
    assert ownership.unowned_too_long(owner_id=None, today=date(2026, 6, 9), **more)
    assert not ownership.unowned_too_long(owner_id="A", today=date(2026, 6, 9), **more)


def test_a_switched_off_account_leaves_nothing_behind(session, desk):
    desk.alert.owner_id = desk.cast.ana.id
    done = handover.switch_off(session, desk.cast.ana, actor=COMMAND, now=NOON)

    assert (done.to, done.patient_ids, done.alert_ids) == (desk.cast.ben, (desk.who.id,), (desk.alert.id,))
    assert (desk.who.owner_id, desk.alert.owner_id) == (desk.cast.ben.id, desk.cast.ben.id)
    assert last_text(session) == "Handed over to Ben: Ana's account was switched off."
    rows = session.execute(select(AuditEvent.table_name).order_by(AuditEvent.table_name)).scalars().all()
    assert rows == ["alert", "app_user", "patient"]


def test_without_a_backup_the_lead_takes_over(session, desk):
    desk.cast.ana.backup_id = None

    assert handover.switch_off(session, desk.cast.ana, actor=COMMAND, now=NOON).to is desk.lea


def test_without_a_lead_an_administrator_takes_over(session, desk):
    desk.cast.ana.backup_id, desk.lea.active = None, False
    session.flush()

    assert handover.switch_off(session, desk.cast.ana, actor=COMMAND, now=NOON).to is desk.cast.dana


def test_when_nobody_is_left_it_is_unowned_and_said(session, desk):
    for person in (desk.cast.ben, desk.lea, desk.cast.dana, desk.shah):
        person.active = False
    session.flush()

    done = handover.switch_off(session, desk.cast.ana, actor=COMMAND, now=NOON)

    assert (done.to, desk.who.owner_id) == (None, None)


def test_away_is_written_down_and_runs_forward(session, desk):
    ana, more = desk.cast.ana, {"backup": None, "actor": COMMAND, "now": NOON}
    handover.set_away(session, ana, first=date(2026, 7, 1), last=date(2026, 7, 2), **more)

    with pytest.raises(Refused, match="on or after the first"):
        handover.set_away(session, ana, first=date(2026, 7, 2), last=date(2026, 7, 1), **more)
    assert (ana.away_from, ana.backup_id) == (date(2026, 7, 1), desk.cast.ben.id)


def test_a_ladder_takes_people_of_its_clinic_and_hours_in_range(session, cast):
    row = ladders.change(
        session, clinic_id=cast.renal.id, given={"lead": "ben@clinic.example", "high_hours": 12}
    )

    assert (row.lead_id, row.high_hours, row.critical_hours) == (cast.ben.id, 12, 4)
    for given in ({"lead": "cleo@clinic.example"}, {"high_hours": 0}, {"clinician_contact": "555"}):
        with pytest.raises(Refused):
            ladders.change(session, clinic_id=cast.renal.id, given=given)


def test_a_closed_alert_is_left_alone(session, desk):
    desk.alert.state, desk.alert.closed_at = AlertState.CLOSED, NOON
    session.flush()

    assert climb(session, desk, hours(50)) == 0
