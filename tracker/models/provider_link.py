"""Signing in at the clinic's own provider (OpenID Connect): who is who there, and sign-ins under way."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import ForeignKeyConstraint, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base
from tracker.models.ids import new_id
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class ProviderLink(Base):
    """A person as the provider knows them: its `issuer` and the `subject` there, which never changes.

    One that was `removed_at` stays, so that it does not come back by itself; the same person can be
    connected anew from their own account.
    """

    __tablename__ = "provider_link"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        UniqueConstraint("issuer", "subject"),
        Index(
            "ix_provider_link_user_id_standing",
            "user_id",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(row_id())
    issuer: Mapped[str] = mapped_column(CleanText(500))
    subject: Mapped[str] = mapped_column(CleanText(255))
    linked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    removed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Purpose(StrEnum):
    """What the provider is asked for: a sign-in, that it is still the same person, or who an account is."""

    SIGN_IN = "sign_in"
    CONFIRM = "confirm"
    CONNECT = "connect"


class ProviderAttempt(Base):
    """Someone was sent to the provider and is awaited back, once, in the same browser.

    Nothing here helps a thief: the secrets of the exchange are made of the browser's cookie, and of the state
    only the SHA-256 is kept. `user_id`: who it must be, where somebody is signed in already.
    """

    __tablename__ = "provider_attempt"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        Index(None, "started_at"),
    )

    state_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    purpose: Mapped[Purpose] = mapped_column(word_type(Purpose, "purpose"))
    user_id: Mapped[str | None] = mapped_column(row_id())
    wanted: Mapped[str | None] = mapped_column(CleanText(2000))
    started_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProviderSignOut(Base):
    """The provider's word that someone is signed out, which counts once. Kept until it would be too old."""

    __tablename__ = "provider_sign_out"
    __table_args__ = (Index(None, "taken_at"),)

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    taken_at: Mapped[datetime] = mapped_column(UtcDateTime)
