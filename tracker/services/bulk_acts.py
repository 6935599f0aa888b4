"""One act on many alerts of the worklist: which ones, what would change, and taking the last one back.

The acts are those of `alert_acts`, and tagging. None of them is a decision.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from tracker.models.alert import AlertEvent
from tracker.models.base import Db
from tracker.rules.words import Word
from tracker.services import alert_acts, tag_undo, tags
from tracker.services.actor import Actor
from tracker.services.alert_acts import Done
from tracker.services.alert_hand import TAKEN_BACK, UNDO_MINUTES
from tracker.services.errors import Refused
from tracker.services.tag_undo import Tagging, last_tagging

MOST = 500


class Act(Word):
    ASSIGN = "assign", "Assign"
    SNOOZE = "snooze", "Snooze"
    NOTE = "note", "Write a note on"
    ACKNOWLEDGE = "acknowledge", "Acknowledge"
    TAG = "tag", "Tag the patients of"
    UNTAG = "untag", "Remove a tag from the patients of"


@dataclass(frozen=True, slots=True)
class Wish:
    """An act with what it needs: `user_id` to assign to (None: nobody), a day and a reason, or a note.

    `text` is a tag's name as well, and its id to remove it.
    """

    act: Act
    user_id: str | None = None
    until: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class LastAct:
    """What a person did last, at one instant, to how many alerts; it can still be taken back.

    `tagging`: it was done to so many patients instead.
    """

    at: datetime
    said: str
    count: int
    tagging: Tagging | None = None


def do(
    session: Db, wish: Wish, alert_ids: Sequence[str], *, clinic_id: str, actor: Actor, now: datetime
) -> Done:
    """Do it. What is refused is told, and changes nothing of the others."""
    _few_enough(alert_ids)
    place: dict[str, Any] = {"clinic_id": clinic_id, "actor": actor, "now": now}
    if wish.act is Act.ASSIGN:
        return alert_acts.many(session, alert_acts.assign, alert_ids, **place, user_id=wish.user_id)
    if wish.act is Act.SNOOZE:
        if wish.until is None:
            raise Refused("Give the day on which they come back.", field="until")
        how: dict[str, Any] = {"until": wish.until, "reason": wish.text}
        return alert_acts.many(session, alert_acts.snooze, alert_ids, **place, **how)
    if wish.act is Act.NOTE:
        return alert_acts.many(session, alert_acts.note, alert_ids, **place, text=wish.text)
    if wish.act is Act.TAG:
        return tags.add_to_alerts(session, alert_ids, wish.text, **place)
    if wish.act is Act.UNTAG:
        return tags.remove_from_alerts(session, alert_ids, wish.text, **place)
    return alert_acts.many(session, alert_acts.acknowledge, alert_ids, **place)


def foretell(
    session: Db, wish: Wish, alert_ids: Sequence[str], *, clinic_id: str, actor: Actor, now: datetime
) -> Done:
    """What `do` would change and refuse; nothing of it stays."""
    nested = session.begin_nested()
    try:
        return do(session, wish, alert_ids, clinic_id=clinic_id, actor=actor, now=now)
    finally:
        nested.rollback()
        session.expire_all()


def last_act(session: Db, *, clinic_id: str, user_id: str, now: datetime) -> LastAct | None:
    """A person's last act of the last ten minutes, if it can be taken back."""
    query = (
        select(AlertEvent.at, AlertEvent.kind, func.count())
        .where(
            AlertEvent.clinic_id == clinic_id,
            AlertEvent.actor_id == user_id,
            AlertEvent.at >= now - timedelta(minutes=UNDO_MINUTES),
        )
        .group_by(AlertEvent.at, AlertEvent.kind)
        .order_by(AlertEvent.at.desc())
        .limit(1)
    )
    row = session.execute(query).one_or_none()
    tagging = last_tagging(session, clinic_id=clinic_id, user_id=user_id, now=now)
    if tagging and (row is None or row[0] < tagging.at):
        return LastAct(tagging.at, tagging.said, tagging.count, tagging)
    if row is None or row[1] not in TAKEN_BACK:
        return None
    return LastAct(row[0], row[1].value.replace("_", " "), row[2])


def undo(session: Db, at: datetime, *, clinic_id: str, actor: Actor, now: datetime) -> Done:
    """Take back what this person did at that instant. Refused if it is not the last act, or too old."""
    assert actor.user_id is not None
    last = last_act(session, clinic_id=clinic_id, user_id=actor.user_id, now=now)
    if last is None or last.at != at:
        raise Refused(f"This can no longer be taken back: more than {UNDO_MINUTES} minutes, or a later act.")
    if last.tagging:
        changed = tag_undo.undo(session, last.tagging, clinic_id=clinic_id, actor=actor, now=now)
        return Done(changed=list(changed), noun="patient")
    ids = select(AlertEvent.alert_id).where(
        AlertEvent.clinic_id == clinic_id, AlertEvent.actor_id == actor.user_id, AlertEvent.at == at
    )
    found = session.execute(ids).scalars().all()
    return alert_acts.many(session, alert_acts.undo, found, clinic_id=clinic_id, actor=actor, now=now)


def by_reason(refused: Mapping[str, str]) -> dict[str, list[str]]:
    """The ids that were refused, by the sentence that says why."""
    found: dict[str, list[str]] = {}
    for alert_id, why in refused.items():
        found.setdefault(why, []).append(alert_id)
    return found


def _few_enough(alert_ids: Sequence[str]) -> None:
    if not alert_ids:
        raise Refused("Tick at least one alert first.")
    if len(alert_ids) > MOST:
        raise Refused(f"At most {MOST} alerts at a time. Narrow the filters first.")
