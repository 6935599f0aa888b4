"""What a person does with an alert, what it refuses, and what is written down."""

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

import kept
import make
from tracker.models.alert import Alert, AlertEvent, AlertEventKind, AlertState
from tracker.models.audit import AuditAction, AuditEvent
from tracker.models.outbox import OutboxLine
from tracker.models.user import Role
from tracker.services import alert_acts, snoozing
from tracker.services.actor import Actor
from tracker.services.errors import Conflict, NotFound, Refused

NOW = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)


class Desk:
    """The acts of one person on one alert, each a minute after the one before."""

    def __init__(self, session, cast, alert):
        self.session, self.cast, self.alert = session, cast, alert
        self.now = NOW

    def __call__(self, act, *, by=None, after=timedelta(minutes=1), alert_id=None, clinic=None, **more):
        self.now += after
        person = by or self.cast.ana
        return getattr(alert_acts, act)(
            self.session,
            clinic_id=(clinic or self.cast.renal).id,
            alert_id=alert_id or self.alert.id,
            actor=Actor(person.name, person.id),
            now=self.now,
            **more,
        )

    def history(self):
        query = select(AlertEvent).where(AlertEvent.alert_id == self.alert.id)
        return self.session.execute(query.order_by(AlertEvent.at, AlertEvent.id)).scalars().all()


@pytest.fixture
def rosa(session, cast):
    """Harm on 2026-06-14, seen on 2026-06-08; shipping and preparation take five days."""
    who = make.patient(session, cast.renal)
    kept.stand_on(session, cast.renal)
    return who


@pytest.fixture
def desk(session, cast, rosa):
    return Desk(session, cast, kept.alert(session, rosa, harm_on=date(2026, 6, 24), severity="high"))


def texts(desk):
    return [event.text for event in desk.history()][1:]


# ------------------------------------------------------------------------------- taking and giving


def test_taking_makes_it_mine_and_answers_it(desk, cast):
    desk("take")

    assert desk.alert.owner_id == cast.ana.id
    assert (desk.alert.acknowledged_by, desk.alert.acknowledged_at) == ("Ana", desk.now)
    assert texts(desk) == ["Taken."]


def test_taking_twice_is_refused(desk):
    desk("take")

    with pytest.raises(Refused, match="yours already"):
        desk("take")


def test_a_colleague_it_is_given_to_is_told_alone(desk, cast, session):
    desk("assign", user_id=cast.ben.id)

    told = session.execute(select(OutboxLine.recipient_id)).scalars().all()
    assert (desk.alert.owner_id, told) == (cast.ben.id, [cast.ben.id])
    assert texts(desk) == ["Assigned to Ben."]


def test_it_is_given_to_nobody_who_cannot_act(desk, cast, session):
    vera = make.user(session, cast.renal, name="Vera", role=Role.VIEWER)
    otto = make.user(session, cast.renal, name="Otto")
    otto.active = False

    for person, why in ((vera, "may look but not act"), (otto, "is off"), (cast.cleo, "of this clinic")):
        with pytest.raises(Refused, match=why):
            desk("assign", user_id=person.id)


def test_given_back_it_has_the_patients_owner_and_a_fresh_ladder(desk, cast):
    desk("take")
    desk("assign", user_id=None)

    assert (desk.alert.owner_id, desk.alert.acknowledged_at) == (None, None)
    assert desk.alert.ladder_from == desk.now


def test_it_is_acknowledged_once(desk):
    desk("acknowledge")

    with pytest.raises(Refused, match="Ana has acknowledged it already"):
        desk("acknowledge")


def test_another_clinics_alert_is_not_there(desk, cast):
    with pytest.raises(NotFound):
        desk("take", by=cast.cleo, clinic=cast.skin)


def test_an_act_on_what_a_colleague_changed_since_is_a_conflict(desk, cast):
    seen = desk.history()[-1].id
    desk("assign", by=cast.ben, user_id=cast.ben.id)

    with pytest.raises(Conflict, match=r"Ben was faster: Assigned to Ben\."):
        desk("false_alarm", reason="Old letter", seen=seen)


def test_ones_own_act_and_a_note_are_no_conflict(desk, cast):
    seen = desk.history()[-1].id
    desk("take")
    desk("note", by=cast.ben, text="Payer closed today.")

    desk("snooze", until=date(2026, 6, 10), reason="Payer closed", seen=seen)

    assert desk.alert.state is AlertState.SNOOZED


# ----------------------------------------------------------------------------------------- snoozing


@pytest.mark.parametrize(
    ("harm", "facts", "safe"),
    [
        (date(2026, 6, 24), {}, date(2026, 6, 19)),
        (date(2026, 6, 14), {}, date(2026, 6, 9)),
        (date(2026, 6, 13), {}, None),
        (date(2026, 6, 12), {}, date(2026, 6, 12)),
        (date(2026, 6, 9), {}, date(2026, 6, 9)),
        (date(2026, 6, 8), {}, None),
        (date(2026, 6, 1), {}, None),
        (None, {"reply_by": "2026-06-20"}, date(2026, 6, 20)),
        (None, {"due_at": "2026-06-18T16:40:00-05:00"}, date(2026, 6, 18)),
        (None, {"due_on": "2026-06-08"}, None),
        (None, {"due_on": "2026-06-07"}, date(2026, 6, 15)),
        (None, {"due_on": None}, date(2026, 7, 8)),
        (None, {}, date(2026, 7, 8)),
    ],
)
def test_the_last_safe_day(session, cast, rosa, harm, facts, safe):
    alert = kept.alert(session, rosa, harm_on=harm, facts=facts)

    assert snoozing.last_safe_day(alert, clinic=cast.renal, today=kept.DAY).on == safe


def test_the_last_safe_day_itself_is_allowed_and_the_next_is_not(desk):
    with pytest.raises(Refused, match="The last safe day is Fri 2026-06-19"):
        desk("snooze", until=date(2026, 6, 20), reason="Waiting")

    desk("snooze", until=date(2026, 6, 19), reason="Waiting")

    assert desk.alert.state is AlertState.SNOOZED
    assert texts(desk) == ["Snoozed until Fri 2026-06-19: Waiting"]


@pytest.mark.parametrize("until", [date(2026, 6, 8), date(2026, 6, 1)])
def test_a_snooze_ends_after_today(desk, until):
    with pytest.raises(Refused, match="after today"):
        desk("snooze", until=until, reason="Waiting")


@pytest.mark.parametrize(
    ("act", "more"), [("snooze", {"until": date(2026, 6, 9)}), ("false_alarm", {}), ("allow_to_lapse", {})]
)
def test_what_puts_an_alert_away_needs_a_reason(desk, act, more):
    with pytest.raises(Refused, match=r"^Say why"):
        desk(act, reason=" \n ", **more)


def test_a_snoozed_alert_is_back_on_its_day_and_says_who_snoozed_it(desk, session, cast):
    desk("snooze", until=date(2026, 6, 10), reason="Payer calls back")

    cast.renal.demo_today = date(2026, 6, 9)
    early = snoozing.wake_due(session, clinic_id=cast.renal.id, now=desk.now)
    cast.renal.demo_today = date(2026, 6, 10)
    on_time = snoozing.wake_due(session, clinic_id=cast.renal.id, now=desk.now + timedelta(days=2))

    assert (early, on_time) == (0, 1)
    assert desk.alert.state is AlertState.OPEN
    assert desk.alert.returned_at == desk.now + timedelta(days=2)
    assert texts(desk)[-1] == "Was snoozed by Ana until Wed 2026-06-10: Payer calls back."


def test_it_comes_back_once(desk, session, cast):
    desk("snooze", until=date(2026, 6, 9), reason="Payer calls back")
    cast.renal.demo_today = date(2026, 6, 20)

    counts = [snoozing.wake_due(session, clinic_id=cast.renal.id, now=desk.now) for _ in range(2)]

    assert counts == [1, 0]


def test_the_next_act_takes_a_returned_alert_from_the_top(desk, session, cast):
    desk("snooze", until=date(2026, 6, 9), reason="Payer calls back")
    cast.renal.demo_today = date(2026, 6, 9)
    snoozing.wake_due(session, clinic_id=cast.renal.id, now=desk.now)

    desk("acknowledge")

    assert desk.alert.returned_at is None


def test_the_database_keeps_a_snooze_before_the_harm(desk, session):
    desk.alert.state, desk.alert.snoozed_until = AlertState.SNOOZED, date(2026, 6, 25)
    desk.alert.snoozed_by, desk.alert.snooze_reason = "Ana", "Waiting"

    with pytest.raises(IntegrityError):
        session.flush()


def test_the_presets_stop_at_the_last_safe_day(session, cast, rosa):
    alert = kept.alert(session, rosa, harm_on=date(2026, 6, 16))
    safe = snoozing.last_safe_day(alert, clinic=cast.renal, today=kept.DAY)

    offered = snoozing.presets(alert, safe=safe, today=kept.DAY)

    assert [(each.name, each.on) for each in offered] == [("tomorrow", date(2026, 6, 9))]


def test_the_presets_name_the_day_on_which_it_is_due(session, cast, rosa):
    alert = kept.alert(session, rosa, harm_on=None, facts={"reply_by": "2026-06-20"})
    safe = snoozing.last_safe_day(alert, clinic=cast.renal, today=kept.DAY)

    offered = {each.name: each.on for each in snoozing.presets(alert, safe=safe, today=kept.DAY)}

    assert offered == {
        "tomorrow": date(2026, 6, 9),
        "monday": date(2026, 6, 15),
        "week": date(2026, 6, 15),
        "due": date(2026, 6, 20),
    }


# ------------------------------------------------------------------------------ settling and undoing


def test_a_settled_alert_keeps_who_why_and_what_it_was(desk):
    desk("allow_to_lapse", reason="Moves to tacrolimus")

    alert = desk.alert
    assert (alert.state, alert.settled_by, alert.settled_reason) == (
        AlertState.LAPSED,
        "Ana",
        "Moves to tacrolimus",
    )
    assert (alert.settled_rank, alert.settled_harm_on) == (1, date(2026, 6, 24))
    assert texts(desk) == ["Allowed to lapse: Moves to tacrolimus"]


def test_a_settled_alert_is_opened_before_anything_else(desk):
    desk("false_alarm", reason="Letter is on file")

    with pytest.raises(Refused, match="Ana settled it as false alarm. Open it again first"):
        desk("snooze", until=date(2026, 6, 9), reason="Waiting")
    desk("wake")

    assert (desk.alert.state, desk.alert.settled_at) == (AlertState.OPEN, None)


def test_a_closed_alert_takes_notes_only(desk):
    desk.alert.state, desk.alert.closed_at = AlertState.CLOSED, NOW
    desk.alert.closed_reason = "Its cause ended: fill added by Ben."

    with pytest.raises(Refused, match=r"It is closed\. Its cause ended: fill added by Ben\."):
        desk("take")
    desk("note", text="Letter filed.")

    assert texts(desk) == ["Letter filed."]


@pytest.mark.parametrize(
    ("act", "more"),
    [
        ("take", {}),
        ("acknowledge", {}),
        ("snooze", {"until": date(2026, 6, 10), "reason": "Waiting"}),
        ("false_alarm", {"reason": "Old letter"}),
        ("allow_to_lapse", {"reason": "On purpose"}),
    ],
)
def test_an_act_is_taken_back_whole_and_the_history_keeps_both(desk, act, more):
    from_rows = (desk.alert.state, desk.alert.owner_id, desk.alert.acknowledged_at, desk.alert.ladder_from)
    desk(act, **more)
    done = desk.history()[-1].text

    desk("undo")

    alert = desk.alert
    assert (alert.state, alert.owner_id, alert.acknowledged_at, alert.ladder_from) == from_rows
    assert alert.settled_at is None
    assert texts(desk) == [done, f"Taken back: {done}"]


def test_an_undo_is_not_undone(desk):
    desk("take")
    desk("undo")

    with pytest.raises(Refused, match="nothing to take back"):
        desk("undo")


def test_only_who_did_it_takes_it_back(desk, cast):
    desk("take")

    with pytest.raises(Refused, match="Ana did this"):
        desk("undo", by=cast.ben)


def test_an_act_is_taken_back_within_ten_minutes(desk):
    desk("take")

    with pytest.raises(Refused, match="for 10 minutes"):
        desk("undo", after=timedelta(minutes=10, seconds=1))
    desk.now -= timedelta(minutes=10, seconds=1)
    desk("undo", after=timedelta(minutes=10))


def test_a_note_is_not_taken_back(desk):
    desk("note", text="Called Acme.")

    with pytest.raises(Refused, match="nothing to take back"):
        desk("undo")


def test_each_act_is_audited_with_old_and_new(desk, session, cast):
    desk("snooze", until=date(2026, 6, 10), reason="Waiting")
    desk("undo")

    events = session.execute(select(AuditEvent).order_by(AuditEvent.at)).scalars().all()
    assert [(e.action, e.row_key, e.actor_id) for e in events] == [
        (AuditAction.CHANGED, desk.alert.id, cast.ana.id),
        (AuditAction.UNDONE, desk.alert.id, cast.ana.id),
    ]
    assert (events[0].old["state"], events[0].new["state"]) == ("open", "snoozed")
    assert (events[1].old["state"], events[1].new["state"]) == ("snoozed", "open")


def test_a_text_too_long_is_refused(desk):
    with pytest.raises(Refused, match="At most 1000 characters; these are 1001"):
        desk("note", text="x" * 1001)


# ------------------------------------------------------------------------------------ many at once


@pytest.fixture
def three(session, rosa):
    """Harm in six days, in sixteen, and none."""
    days = date(2026, 6, 14), date(2026, 6, 24), None
    return [kept.alert(session, rosa, key=f"k{n}", harm_on=day).id for n, day in enumerate(days)]


def many(session, cast, act, ids, **more):
    actor = Actor("Ana", cast.ana.id)
    how = {"clinic_id": cast.renal.id, "actor": actor, "now": NOW, **more}
    return alert_acts.many(session, getattr(alert_acts, act), ids, **how)


def test_many_are_assigned_at_once(session, cast, three):
    done = many(session, cast, "assign", three, user_id=cast.ben.id)

    assert (done.changed, done.refused) == (sorted(three), {})
    assert set(session.execute(select(Alert.owner_id)).scalars()) == {cast.ben.id}


def test_what_cannot_sleep_so_long_is_refused_with_its_day_and_the_others_sleep(session, cast, three):
    done = many(session, cast, "snooze", three, until=date(2026, 6, 15), reason="Holiday")

    assert set(done.changed) == set(three[1:])
    assert done.refused == {three[0]: "The last safe day is Tue 2026-06-09: snooze until then or earlier."}


def test_a_missing_reason_refuses_them_all(session, cast, three):
    with pytest.raises(Refused, match="Say why it can wait"):
        many(session, cast, "snooze", three, until=date(2026, 6, 15), reason="")


def test_another_clinics_alerts_are_not_there_in_bulk_either(session, cast, three):
    actor = Actor("Cleo", cast.cleo.id)
    done = alert_acts.many(session, alert_acts.take, three, clinic_id=cast.skin.id, actor=actor, now=NOW)

    assert done.changed == []
    assert set(done.refused.values()) == {"There is no such alert here."}


def test_one_undo_takes_back_a_bulk_act(session, cast, three):
    many(session, cast, "take", three)
    done = many(session, cast, "undo", three)

    assert len(done.changed) == 3
    assert set(session.execute(select(Alert.owner_id)).scalars()) == {None}


@pytest.mark.parametrize(("act", "more"), [("acknowledge", {}), ("note", {"text": "Payer is closed."})])
def test_the_other_bulk_acts(session, cast, three, act, more):
    done = many(session, cast, act, three, **more)

    assert done.changed == sorted(three)
    kind = AlertEventKind.NOTED if more else AlertEventKind.ACKNOWLEDGED
    count = select(AlertEvent).where(AlertEvent.kind == kind)
    assert len(session.execute(count).scalars().all()) == 3


def test_snoozed_ones_are_woken_in_bulk(session, cast, three):
    many(session, cast, "snooze", three, until=date(2026, 6, 9), reason="Holiday")
    done = many(session, cast, "wake", three)

    assert len(done.changed) == 3
    assert set(session.execute(select(Alert.state)).scalars()) == {AlertState.OPEN}
