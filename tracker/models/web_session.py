"""What signing in leaves behind: sessions, tries, links to choose a password. Secrets are hashed."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, at_least
from tracker.models.ids import new_id
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class Stage(StrEnum):
    """How far a sign-in has come. Only `full` opens pages with patients."""

    SECOND_FACTOR = "second_factor"
    SET_UP = "set_up"
    FULL = "full"


class WebSession(Base):
    """One browser that is signed in. `key_hash` is the SHA-256 of what its cookie holds.

    `fresh_until`: so long the person counts as having just shown who they are. `ends_at`: however busy.
    `challenge`: what a passkey is asked to sign next, once. `by_provider`: begun at the clinic's provider.
    `provider_session`: the SHA-256 of its name of the sign-in there, if it gave one.
    """

    __tablename__ = "web_session"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"], ondelete="RESTRICT"),
        UniqueConstraint("key_hash"),
        Index(None, "user_id"),
        Index(None, "ends_at"),
        at_least("tries", 0),
    )

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    key_hash: Mapped[str] = mapped_column(String(64))
    user_id: Mapped[str] = mapped_column(row_id())
    clinic_id: Mapped[str] = mapped_column(row_id())
    stage: Mapped[Stage] = mapped_column(word_type(Stage, "stage"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)
    fresh_until: Mapped[datetime] = mapped_column(UtcDateTime)
    ends_at: Mapped[datetime] = mapped_column(UtcDateTime)
    address: Mapped[str] = mapped_column(CleanText(45))
    agent: Mapped[str] = mapped_column(CleanText(120))
    challenge: Mapped[str] = mapped_column(String(200))
    tries: Mapped[int] = mapped_column(default=0)
    by_provider: Mapped[bool] = mapped_column(default=False)
    provider_session: Mapped[str | None] = mapped_column(String(64))


class Throttle(Base):
    """Tries at one account or from one network address, since the last that was right.

    `key_hash` hides which. `tries` counts since the last quiet quarter of an hour, `total` all of them.
    """

    __tablename__ = "sign_in_throttle"
    __table_args__ = (at_least("tries", 0), at_least("total", 0), Index(None, "last_at"))

    key_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    tries: Mapped[int]
    total: Mapped[int]
    last_at: Mapped[datetime] = mapped_column(UtcDateTime)
    next_at: Mapped[datetime] = mapped_column(UtcDateTime)
    locked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class SignInPlace(Base):
    """A network from which a person has signed in, by the hash of both; `seen_at` the last time."""

    __tablename__ = "sign_in_place"
    __table_args__ = (ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),)

    user_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    network_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    seen_at: Mapped[datetime] = mapped_column(UtcDateTime)


class LinkKind(StrEnum):
    RESET = "reset"
    INVITATION = "invitation"


class PasswordLink(Base):
    """A mailed link with which one person chooses a password, once."""

    __tablename__ = "password_link"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        Index(None, "user_id"),
        CheckConstraint("created_at <= expires_at", name="expires_later"),
    )

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[LinkKind] = mapped_column(word_type(LinkKind, "kind"))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    expires_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class ResetRequest(Base):
    """Someone asked for a new password for this address. Looked at later, so that the answer takes as long
    for an address that nobody has."""

    __tablename__ = "reset_request"

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    address: Mapped[str] = mapped_column(CleanText(254))
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
