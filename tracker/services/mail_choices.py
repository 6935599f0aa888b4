"""When each person may be mailed: what they chose, else what their clinic says, else the defaults."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import and_, select

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.mail_choice import (
    BUDGET,
    DIGEST_HOUR,
    QUIET_FROM,
    QUIET_TO,
    AtOnce,
    DigestDays,
    MailChoice,
    MailPolicy,
)
from tracker.models.user import User
from tracker.rules.words import Severity
from tracker.services import audit
from tracker.services.actor import Actor

SATURDAY = 5
_AT_ONCE = {
    AtOnce.CRITICAL_AND_HIGH: {Severity.CRITICAL, Severity.HIGH},
    AtOnce.CRITICAL: {Severity.CRITICAL},
    AtOnce.NONE: set(),
}


@dataclass(frozen=True, slots=True)
class Wishes:
    """One person's mail in one clinic; hours are 0 to 23 in the clinic's zone."""

    zone: str
    at_once: AtOnce = AtOnce.CRITICAL_AND_HIGH
    digest: DigestDays = DigestDays.EVERY_DAY
    digest_hour: int = DIGEST_HOUR
    quiet_from: int = QUIET_FROM
    quiet_to: int = QUIET_TO
    budget: int = BUDGET
    own_quiet: bool = False
    clinic_quiet: tuple[int, int] = (QUIET_FROM, QUIET_TO)

    def at_once_for(self, severity: Severity) -> bool:
        """Is an alert of this severity mailed as it opens?"""
        return severity in _AT_ONCE[self.at_once]

    def not_before(self, severity: Severity, now: datetime) -> datetime:
        """Critical alerts never wait; others wait for the end of the quiet hours."""
        if severity is Severity.CRITICAL or not self._quiet(now):
            return now
        local = now.astimezone(ZoneInfo(self.zone))
        end = local.replace(hour=self.quiet_to, minute=0, second=0, microsecond=0)
        if end <= local:
            end = datetime.combine(local.date() + timedelta(days=1), time(self.quiet_to), ZoneInfo(self.zone))
        return end.astimezone(now.tzinfo)

    def _quiet(self, now: datetime) -> bool:
        hour = now.astimezone(ZoneInfo(self.zone)).hour
        if self.quiet_from <= self.quiet_to:
            return self.quiet_from <= hour < self.quiet_to
        return hour >= self.quiet_from or hour < self.quiet_to

    def digest_on(self, day: date) -> bool:
        """Does this person get a digest on this day?"""
        if self.digest is DigestDays.WORKING_DAYS:
            return day.weekday() < SATURDAY
        return self.digest is DigestDays.EVERY_DAY


def wishes_of(session: Db, *, clinic_id: str, user_id: str) -> Wishes:
    """What one person chose."""
    return all_wishes(session, clinic_id=clinic_id)[user_id]


def all_wishes(session: Db, *, clinic_id: str) -> dict[str, Wishes]:
    """What everyone of a clinic chose, by user id."""
    query = (
        select(User.id, Clinic.time_zone, MailPolicy, MailChoice)
        .join(Clinic, Clinic.id == User.clinic_id)
        .outerjoin(MailPolicy, MailPolicy.clinic_id == User.clinic_id)
        .outerjoin(MailChoice, and_(MailChoice.clinic_id == User.clinic_id, MailChoice.user_id == User.id))
        .where(User.clinic_id == clinic_id)
    )
    return {
        user_id: _wishes(zone, policy, choice) for user_id, zone, policy, choice in session.execute(query)
    }


def _wishes(zone: str, policy: MailPolicy | None, choice: MailChoice | None) -> Wishes:
    own_quiet = choice is not None and choice.quiet_from is not None
    quiet = choice if own_quiet else policy
    return Wishes(
        zone=zone,
        at_once=choice.at_once if choice else AtOnce.CRITICAL_AND_HIGH,
        digest=choice.digest if choice else DigestDays.EVERY_DAY,
        digest_hour=policy.digest_hour if policy else DIGEST_HOUR,
        quiet_from=_hour(quiet.quiet_from if quiet else None, QUIET_FROM),
        quiet_to=_hour(quiet.quiet_to if quiet else None, QUIET_TO),
        budget=policy.budget if policy else BUDGET,
        own_quiet=own_quiet,
        clinic_quiet=(policy.quiet_from, policy.quiet_to) if policy else (QUIET_FROM, QUIET_TO),
    )


def _hour(chosen: int | None, usual: int) -> int:
    return usual if chosen is None else chosen


def choose(session: Db, *, user: User, values: Mapping[str, Any], actor: Actor, now: datetime) -> None:
    """Keep what a person chose for their own mail."""
    query = select(MailChoice).where(MailChoice.clinic_id == user.clinic_id, MailChoice.user_id == user.id)
    row = session.execute(query).scalar_one_or_none()
    row = row or MailChoice(clinic_id=user.clinic_id, user_id=user.id)
    _keep(session, row, values, clinic_id=user.clinic_id, actor=actor, now=now)


def set_policy(
    session: Db, *, clinic_id: str, values: Mapping[str, Any], actor: Actor, now: datetime
) -> None:
    """Keep a clinic's hours and budget."""
    row = session.get(MailPolicy, clinic_id) or MailPolicy(clinic_id=clinic_id)
    _keep(session, row, values, clinic_id=clinic_id, actor=actor, now=now)


def _keep(
    session: Db, row: Any, values: Mapping[str, Any], *, clinic_id: str, actor: Actor, now: datetime
) -> None:
    before = audit.snapshot(row)
    for name, value in values.items():
        setattr(row, name, value)
    session.add(row)
    session.flush()
    session.info.pop("wishes", None)
    old, new = audit.difference(before, audit.snapshot(row))
    if new:
        audit.record(
            session,
            clinic_id=clinic_id,
            actor=actor,
            action=AuditAction.CHANGED,
            at=now,
            table_name=row.__tablename__,
            row_key=getattr(row, "id", clinic_id),
            old=old,
            new=new,
        )
