"""The rows of Today's deadlines and calls in words: how long is left, whom to call, what was said last."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from flask import url_for

from tracker.models.clinic import Clinic
from tracker.rules.words import AlertCode
from tracker.services.clinic_day import day_in, moment_in
from tracker.services.deadlines import Deadline
from tracker.services.patients import Who
from tracker.services.payer_desk import Desk
from tracker.web.filters import distance
from tracker.web.open_hours import said

HOUR = 3600
LONGEST_IN_HOURS = 72


@dataclass(frozen=True, slots=True)
class DueRow:
    """`when`: how long is left or how late it is; `late` puts it in orange. `call_url` logs a call.

    `payer`, `phone`: whom to call; empty where no payer is known, or no number.
    """

    who: Who
    what: str
    url: str
    when: str
    late: bool
    payer: str
    phone: str | None
    notes: Sequence[str]
    call_url: str


def answer_row(each: Deadline, clinic: Clinic, now: datetime) -> DueRow:
    """What is due: the time left, to the minute where it is an instant."""
    today, moment = day_in(clinic, now), moment_in(clinic, now)
    if each.at is None:
        when, late = distance(each.on, today), each.on < today
    else:
        when, late = f"{_clock(each.at, clinic, now)}, {hours_left(each.at, moment)}", False
    return _row(each, when, late, [*_case(each.desk), _message(each)])


def chase_row(each: Deadline, clinic: Clinic, now: datetime) -> DueRow:
    """Whom to call: telephone, hours, case number, last contact."""
    today, moment = day_in(clinic, now), moment_in(clinic, now)
    notes = [*_hours(each.desk, clinic, now), *_case(each.desk), *_last(each)]
    if each.alert is not None and each.alert.code == AlertCode.REFILL_AT_RISK:
        return _row(each, f"fill {distance(each.on, today)}", each.on <= today, notes)
    if each.at is not None and each.on == today:
        return _row(each, f"{_span(moment, each.at)} late", True, notes)
    days = (today - each.on).days
    return _row(each, f"{days} {'day' if days == 1 else 'days'} late", True, notes)


def hours_left(at: datetime, moment: datetime) -> str:
    """`in 1 h 22 min`; in days beyond three of them."""
    seconds = (at - moment).total_seconds()
    if seconds >= LONGEST_IN_HOURS * HOUR:
        return f"in {int(seconds // (24 * HOUR))} days"
    return f"in {_span(at, moment)}"


def _span(later: datetime, earlier: datetime) -> str:
    minutes = max(0, int((later - earlier).total_seconds() // 60))
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _clock(at: datetime, clinic: Clinic, now: datetime) -> str:
    local = at.astimezone(ZoneInfo(clinic.time_zone))
    return f"{local:%H:%M}" if local.date() == day_in(clinic, now) else f"{local:%a %Y-%m-%d %H:%M}"


def _row(each: Deadline, when: str, late: bool, notes: Sequence[str]) -> DueRow:
    if each.alert is not None:
        url = url_for("alerts.show", alert_id=each.alert.id)
    else:
        url = f"{url_for('patients.show', patient_id=each.who.id)}#contacts"
    call = url_for("contacts.add", patient_id=each.who.id, authorization=each.authorization_id)
    return DueRow(
        who=each.who,
        what=each.what,
        url=url,
        when=when,
        late=late,
        payer=each.desk.payer if each.desk else "",
        phone=each.desk.phone if each.desk else None,
        notes=[note for note in notes if note],
        call_url=call,
    )


def _hours(desk: Desk | None, clinic: Clinic, now: datetime) -> list[str]:
    """Whether somebody answers now; the note where that is not known."""
    if desk is None:
        return []
    if desk.open_hours is not None:
        return [said(desk.open_hours, clinic, now).text]
    return [desk.hours] if desk.hours else []


def _case(desk: Desk | None) -> list[str]:
    return [f"case {desk.case}"] if desk and desk.case else []


def _message(each: Deadline) -> str:
    if each.promise is not None:
        return f"promised on {each.promise.said_on:%a} {each.promise.said_on}: {each.promise.said}"
    return each.alert.message if each.alert else ""


def _last(each: Deadline) -> list[str]:
    """The last contact about the request, or the one that promised an answer."""
    if each.promise is not None:
        return [
            f"promised by {each.promise.channel.lower()} of {each.promise.said_on:%a} {each.promise.said_on}"
        ]
    last = each.desk.last if each.desk else None
    return [f"last {last.channel.lower()} {last.on:%a} {last.on}"] if last else ["no contact logged"]
