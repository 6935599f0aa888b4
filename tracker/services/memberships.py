"""Which clinics a person works in, with which role: the home clinic of the account, and others."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select, union_all
from sqlalchemy.exc import IntegrityError

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.user import Membership, Role, User
from tracker.services.errors import NotFound, Refused


@dataclass(frozen=True, slots=True)
class Place:
    """A clinic that is open to a person."""

    clinic_id: str
    clinic_name: str
    role: Role


def role_in(session: Db, user: User, clinic_id: str) -> Role | None:
    """The person's role in a clinic; None: not one of theirs."""
    if clinic_id == user.clinic_id:
        return user.role
    query = select(Membership.role).where(Membership.clinic_id == clinic_id, Membership.user_id == user.id)
    return session.execute(query).scalar_one_or_none()


def places_of(session: Db, user: User) -> Sequence[Place]:
    """Every clinic of a person, by name."""
    home = select(Clinic.id, Clinic.name, User.role).join(User, User.clinic_id == Clinic.id)
    others = select(Clinic.id, Clinic.name, Membership.role).join(
        Membership, Membership.clinic_id == Clinic.id
    )
    both = union_all(home.where(User.id == user.id), others.where(Membership.user_id == user.id))
    rows = session.execute(both).all()
    return sorted((Place(row[0], row[1], Role(row[2])) for row in rows), key=lambda place: place.clinic_name)


def open_clinic(session: Db, *, user: User, clinic_id: str, role: Role) -> Membership:
    """Let a person of another clinic work in this one. Raises Refused if they already do."""
    if user.clinic_id == clinic_id:
        raise Refused(f"{user.email} already works here.", field="email")
    row = Membership(clinic_id=clinic_id, user_id=user.id, role=role)
    try:
        with session.begin_nested():
            session.add(row)
            session.flush()
    except IntegrityError:
        raise Refused(f"{user.email} already works here.", field="email") from None
    return row


def close_clinic(session: Db, *, user_id: str, clinic_id: str) -> None:
    """End a membership. The home clinic has none to end: switch the account off instead."""
    query = select(Membership).where(Membership.clinic_id == clinic_id, Membership.user_id == user_id)
    row = session.execute(query).scalar_one_or_none()
    if row is None:
        raise NotFound("There is no such membership here.")
    session.delete(row)
    session.flush()
