"""The people of one clinic, as its administrators see and change them.

An administrator decides about the account of those at home here; of those from elsewhere, only about their
role here. The last administrator of a clinic can neither leave nor step down.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Select, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.provider_link import ProviderLink
from tracker.models.second_factor import AuthenticatorApp, Passkey
from tracker.models.user import Membership, Role, User
from tracker.services import handover, memberships, notices, second_factors, throttle, users, web_sessions
from tracker.services.actor import Actor
from tracker.services.audit import clinic_changed, record
from tracker.services.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Desk:
    """An administrator at work: of which clinic, who, when."""

    clinic_id: str
    actor: Actor
    now: datetime


@dataclass(frozen=True, slots=True)
class Person:
    """One line of the list. `at_home`: the account is this clinic's. `connected`: for single sign-on."""

    id: str
    name: str
    email: str
    role: Role
    active: bool
    at_home: bool
    has_password: bool
    connected: bool
    has_second_factor: bool
    second_factor_required: bool
    locked: bool


@dataclass(frozen=True, slots=True)
class Ways:
    """Beside a password: a second factor, and a link to the sign-in provider."""

    second: bool
    link: bool


def people_of(session: Db, clinic_id: str, *, now: datetime) -> Sequence[Person]:
    """Everyone who works in a clinic: those who are on first, by name."""
    second = or_(
        exists().where(AuthenticatorApp.user_id == User.id, AuthenticatorApp.confirmed_at.is_not(None)),
        exists().where(Passkey.user_id == User.id),
    )
    linked = _links_of(User.id).exists()
    joined = (Membership.user_id == User.id) & (Membership.clinic_id == clinic_id)
    query = (
        select(User, Membership.role, second, linked)
        .outerjoin(Membership, joined)
        .where(or_(User.clinic_id == clinic_id, Membership.clinic_id == clinic_id))
        .order_by(User.active.desc(), User.name, User.id)
    )
    rows = session.execute(query).all()
    return [
        _person(session, clinic_id, user, role, Ways(bool(has), bool(link)), now)
        for user, role, has, link in rows
    ]


def _links_of(user_id: str | InstrumentedAttribute[str]) -> Select[str]:
    """Who they are at the sign-in provider, as it stands."""
    return select(ProviderLink.id).where(ProviderLink.user_id == user_id, ProviderLink.removed_at.is_(None))


def person_in(session: Db, clinic_id: str, user_id: str, *, now: datetime) -> Person:
    """One of them, or NotFound."""
    for person in people_of(session, clinic_id, now=now):
        if person.id == user_id:
            return person
    raise NotFound("There is nobody like this in your clinic.")


def _person(session: Db, clinic_id: str, user: User, role: Role | None, ways: Ways, now: datetime) -> Person:
    at_home = user.clinic_id == clinic_id
    return Person(
        id=user.id,
        name=user.name,
        email=user.email,
        role=user.role if at_home or role is None else role,
        active=user.active,
        at_home=at_home,
        has_password=user.password_hash != users.NO_PASSWORD,
        connected=ways.link,
        has_second_factor=ways.second,
        second_factor_required=user.second_factor_required,
        locked=is_locked(session, user, now=now),
    )


def invite(session: Db, desk: Desk, *, email: str, name: str, role: Role) -> None:
    """Let a person work here. Who has no account yet gets one, and a link by mail to choose a password."""
    known = users.by_email(session, users.known_address(email))
    if known is not None:
        memberships.open_clinic(session, user=known, clinic_id=desk.clinic_id, role=role)
        notices.tell(session, known, notices.Notice.CLINIC_OPENED, now=desk.now)
        _note(session, desk, known.id, new={"role": role.value, "member": True})
        return
    user = users.add_user(session, clinic_id=desk.clinic_id, email=email, name=name, password=None, role=role)
    notices.tell(session, user, notices.Notice.INVITATION, now=desk.now)
    _note(session, desk, user.id, new={"email": user.email, "role": role.value})


def invite_again(session: Db, desk: Desk, user_id: str) -> None:
    """Send the link once more, to someone who has not been here yet."""
    user = _at_home(session, desk, user_id)
    if user.password_hash != users.NO_PASSWORD:
        raise Refused(f"{user.name} has a password already.")
    if session.execute(_links_of(user.id)).first() is not None:
        raise Refused(f"{user.name} comes in by single sign-on already.")
    notices.tell(session, user, notices.Notice.INVITATION, now=desk.now)


def change_role(session: Db, desk: Desk, user_id: str, role: Role) -> None:
    """The role in this clinic. It counts from the next request on."""
    person = person_in(session, desk.clinic_id, user_id, now=desk.now)
    if person.role is role:
        return
    if person.role is Role.ADMINISTRATOR:
        _refuse_the_last(session, desk, user_id)
    if person.at_home:
        session.get_one(User, user_id).role = role
    else:
        query = select(Membership).where(
            Membership.clinic_id == desk.clinic_id, Membership.user_id == user_id
        )
        session.execute(query).scalar_one().role = role
    _note(session, desk, user_id, old={"role": person.role.value}, new={"role": role.value})
    session.flush()


def switch(session: Db, desk: Desk, user_id: str, *, active: bool) -> None:
    """Off ends the sessions at once and hands patients and alerts over. A member from elsewhere leaves."""
    person = person_in(session, desk.clinic_id, user_id, now=desk.now)
    if not active and person.active and person.role is Role.ADMINISTRATOR:
        _refuse_the_last(session, desk, user_id)
    if person.at_home and not active:
        handover.switch_off(session, session.get_one(User, user_id), actor=desk.actor, now=desk.now)
        return
    if person.at_home:
        users.switch(session, session.get_one(User, user_id), active=True)
    elif not active:
        memberships.close_clinic(session, user_id=user_id, clinic_id=desk.clinic_id)
    _note(session, desk, user_id, old={"active": not active}, new={"active": active})


def end_sessions(session: Db, desk: Desk, user_id: str) -> None:
    """Sign someone out of every browser, as after a lost laptop. The account stays as it is."""
    user = _at_home(session, desk, user_id)
    web_sessions.end_all(session, user.id)
    _note(session, desk, user.id, new={"sessions": "ended"})


def unlock(session: Db, desk: Desk, user_id: str) -> None:
    """Forget the wrong tries at this account."""
    open_sign_in(session, _at_home(session, desk, user_id))
    _note(session, desk, user_id, new={"sign_in": "unlocked"})


def open_sign_in(session: Db, user: User) -> None:
    throttle.forget(session, throttle.ACCOUNT, user.email)
    throttle.forget(session, throttle.FACTOR, user.id)


def is_locked(session: Db, user: User, *, now: datetime) -> bool:
    return throttle.is_locked(session, throttle.ACCOUNT, user.email, now=now) or throttle.is_locked(
        session, throttle.FACTOR, user.id, now=now
    )


def require_second_factor(session: Db, desk: Desk, user_id: str, *, required: bool) -> None:
    """Ask this person for a second factor, from their next sign-in on, whatever the clinic asks of all."""
    user = _at_home(session, desk, user_id)
    user.second_factor_required = required
    _note(session, desk, user_id, new={"second_factor_required": required})
    session.flush()


def start_over(session: Db, desk: Desk, user_id: str) -> None:
    """Forget someone's second factors, as after a lost telephone. They set up a new one if they must."""
    user = _at_home(session, desk, user_id)
    second_factors.forget_all(session, user_id)
    notices.tell(session, user, notices.Notice.FACTORS_CHANGED, now=desk.now)
    _note(session, desk, user_id, new={"second_factor": "forgotten"})


def require_of_clinic(session: Db, desk: Desk, *, required: bool) -> None:
    """Whether everyone of a clinic needs a second factor."""
    clinic = session.get_one(Clinic, desk.clinic_id)
    old = {"second_factor_required": clinic.second_factor_required}
    clinic.second_factor_required = required
    new = {"second_factor_required": required}
    clinic_changed(session, desk.clinic_id, old=old, new=new, actor=desk.actor, at=desk.now)
    session.flush()


def _at_home(session: Db, desk: Desk, user_id: str) -> User:
    """A person whose account is this clinic's, or NotFound."""
    query = select(User).where(User.clinic_id == desk.clinic_id, User.id == user_id)
    user = session.execute(query).scalar_one_or_none()
    if user is None:
        raise NotFound("This account belongs to another clinic, or to none.")
    return user


def _refuse_the_last(session: Db, desk: Desk, user_id: str) -> None:
    others = [
        person
        for person in people_of(session, desk.clinic_id, now=desk.now)
        if person.active and person.role is Role.ADMINISTRATOR and person.id != user_id
    ]
    if not others:
        raise Refused("This is the clinic's only administrator. Make someone else one first.")


def _note(
    session: Db,
    desk: Desk,
    user_id: str,
    *,
    new: dict[str, object],
    old: dict[str, object] | None = None,
) -> None:
    record(
        session,
        clinic_id=desk.clinic_id,
        actor=desk.actor,
        action=AuditAction.CHANGED,
        at=desk.now,
        table_name="app_user",
        row_key=user_id,
        old=old,
        new=new,
    )
