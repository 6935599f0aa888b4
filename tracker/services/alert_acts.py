"""What a person does with an alert: take, assign, acknowledge, snooze, note, settle, and take an act back.

Each act is an event of the alert's history and one of the audit trail, in the caller's transaction. `seen` is
the last event that the page showed: an act on what a colleague has changed since is a Conflict.
`many` does an act to each of many alerts: it goes on past what is refused, and says both.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime

from tracker.models.alert import Alert, AlertEventKind, AlertState
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.services import alert_hand, alert_history, outbox, ownership, snoozing
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.errors import Conflict, NotFound, Refused

LONGEST_REASON = 500
LONGEST_NOTE = 1000


@dataclass(frozen=True, slots=True)
class Done:
    """What a bulk act changed (ids), and what it refused: id to sentence. `noun`: what the ids are of."""

    changed: list[str] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)
    noun: str = "alert"


Act = Callable[..., Alert]
TYPED = "reason", "text"  # the fields of `alert_hand.typed`


# --------------------------------------------------------------------------------------- the acts


def take(
    session: Db, *, clinic_id: str, alert_id: str, actor: Actor, now: datetime, seen: str | None = None
) -> Alert:
    """Make it mine, which answers it."""
    if actor.user_id is None:
        raise Refused("Only a person who signed in can take an alert.")
    hand = alert_hand.Hand(clinic_id, actor, now)
    person = ownership.someone_to_give_to(session, clinic_id=clinic_id, user_id=actor.user_id)
    alert, before = alert_hand.held(session, hand, alert_id, seen)
    alert_hand.live(alert)
    if alert.owner_id == person.id and alert.acknowledged_at:
        raise Refused("It is yours already.")
    alert.owner_id = person.id
    alert_hand.answered(alert, hand)
    return alert_hand.written(session, hand, alert, before, AlertEventKind.ASSIGNED, "Taken.")


def assign(
    session: Db,
    *,
    clinic_id: str,
    alert_id: str,
    user_id: str | None,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> Alert:
    """Give it to a colleague, who is told; None gives it back to the patient's owner. Answers it."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    person = user_id and ownership.someone_to_give_to(session, clinic_id=clinic_id, user_id=user_id)
    alert, before = alert_hand.held(session, hand, alert_id, seen)
    alert_hand.live(alert)
    if alert.owner_id == user_id:
        raise Refused("It is theirs already." if user_id else "It has no owner of its own.", field="user_id")
    alert.owner_id = user_id or None
    if not person:
        snoozing.begin_ladder(alert, now)
        return alert_hand.written(
            session, hand, alert, before, AlertEventKind.ASSIGNED, "Given back: no owner of its own."
        )
    alert_hand.answered(alert, hand)
    alert_hand.written(session, hand, alert, before, AlertEventKind.ASSIGNED, f"Assigned to {person.name}.")
    if person.id != actor.user_id:
        occasion = f"assigned:{now:%Y%m%d%H%M%S%f}"
        outbox.tell(session, alert=alert, occasion=occasion, now=now, to=[person.id])
    return alert


def acknowledge(
    session: Db, *, clinic_id: str, alert_id: str, actor: Actor, now: datetime, seen: str | None = None
) -> Alert:
    """Say that it is known: the ladder stops until it returns or gets worse."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    alert, before = alert_hand.held(session, hand, alert_id, seen)
    alert_hand.live(alert)
    if alert.acknowledged_at:
        raise Refused(f"{alert.acknowledged_by} has acknowledged it already.")
    alert_hand.answered(alert, hand)
    return alert_hand.written(session, hand, alert, before, AlertEventKind.ACKNOWLEDGED, "Acknowledged.")


def snooze(
    session: Db,
    *,
    clinic_id: str,
    alert_id: str,
    until: date,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> Alert:
    """Put it away until the morning of a day, never past the last safe day (see `snoozing`)."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    why = alert_hand.typed(reason, "Say why it can wait.", LONGEST_REASON)
    alert, before = alert_hand.held(session, hand, alert_id, seen)
    alert_hand.live(alert)
    clinic = session.get_one(Clinic, clinic_id)
    today = day_in(clinic, now)
    safe = snoozing.last_safe_day(alert, clinic=clinic, today=today)
    snoozing.check_until(until, safe=safe, today=today)
    alert.snoozed_until, alert.snoozed_by, alert.snooze_reason = until, actor.name, why
    alert.state, alert.returned_at = AlertState.SNOOZED, None
    text = f"Snoozed until {until:%a %Y-%m-%d}: {why}"
    return alert_hand.written(session, hand, alert, before, AlertEventKind.SNOOZED, text)


def wake(
    session: Db, *, clinic_id: str, alert_id: str, actor: Actor, now: datetime, seen: str | None = None
) -> Alert:
    """Open a snoozed or settled alert again, before its day."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    alert, before = alert_hand.held(session, hand, alert_id, seen)
    if alert.state is AlertState.OPEN:
        raise Refused("It is open already.")
    if alert.state is AlertState.CLOSED:
        raise Refused(alert_hand.closed_words(alert))
    alert.state = AlertState.OPEN
    snoozing.unsettle(alert)
    alert_hand.answered(alert, hand)
    return alert_hand.written(session, hand, alert, before, AlertEventKind.RETURNED, "Opened again by hand.")


def note(
    session: Db,
    *,
    clinic_id: str,
    alert_id: str,
    text: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> Alert:
    """Write something down. A note stays: it is neither changed nor taken back."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    words = alert_hand.typed(text, "Write the note.", LONGEST_NOTE, field="text")
    alert, _ = alert_hand.held(session, hand, alert_id, None)
    alert_history.write(session, alert, kind=AlertEventKind.NOTED, text=words, now=now, actor=actor)
    alert_history.audited(
        session, alert, action=AuditAction.ADDED, now=now, actor=actor, old=None, new={"note": words}
    )
    session.flush()
    return alert


def false_alarm(
    session: Db,
    *,
    clinic_id: str,
    alert_id: str,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> Alert:
    """Settle it as no problem at all. It opens again if the finding gets worse or its harm comes earlier."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    why = alert_hand.typed(reason, "Say why it is a false alarm.", LONGEST_REASON)
    return alert_hand.settle(session, hand, alert_id, seen, AlertState.FALSE_ALARM, why)


def allow_to_lapse(
    session: Db,
    *,
    clinic_id: str,
    alert_id: str,
    reason: str,
    actor: Actor,
    now: datetime,
    seen: str | None = None,
) -> Alert:
    """Settle it as wanted: what ends, ends on purpose. It opens again as a false alarm does."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    why = alert_hand.typed(reason, "Say why it may lapse.", LONGEST_REASON)
    return alert_hand.settle(session, hand, alert_id, seen, AlertState.LAPSED, why)


def undo(session: Db, *, clinic_id: str, alert_id: str, actor: Actor, now: datetime) -> Alert:
    """Take back the last act, if it was this person's, is minutes old, and nothing came after it."""
    hand = alert_hand.Hand(clinic_id, actor, now)
    alert, before = alert_hand.held(session, hand, alert_id, None)
    last = alert_hand.last_event(session, alert)
    alert_hand.undoable(last, hand)
    assert last is not None
    assert last.before is not None
    alert_history.restore(alert, last.before)
    alert_hand.still_safe(session, alert, hand)
    return alert_hand.written(
        session, hand, alert, before, AlertEventKind.UNDONE, f"Taken back: {last.text}", final=True
    )


def can_undo(session: Db, *, alert: Alert, actor: Actor, now: datetime) -> bool:
    """Whether `undo` would do something for this person."""
    hand = alert_hand.Hand(alert.clinic_id, actor, now)
    return alert_hand.may_undo(alert_hand.last_event(session, alert), hand)


# ------------------------------------------------------------------------------------ many at once


def many(
    session: Db,
    act: Act,
    alert_ids: Iterable[str],
    *,
    clinic_id: str,
    actor: Actor,
    now: datetime,
    **how: object,
) -> Done:
    """One act on each alert by itself: a refusal leaves the others' changes. `how`: what else it takes.

    A text that is missing or too long is wrong for all alike, and refuses the whole.
    """
    done = Done()
    ids = sorted(set(alert_ids))
    alert_hand.hold_patients(session, clinic_id, ids)
    for alert_id in ids:
        try:
            with session.begin_nested():
                act(session, clinic_id=clinic_id, alert_id=alert_id, actor=actor, now=now, **how)
        except (Refused, NotFound, Conflict) as error:
            if isinstance(error, Refused) and error.field in TYPED:
                raise
            done.refused[alert_id] = str(error)
        else:
            done.changed.append(alert_id)
    return done
