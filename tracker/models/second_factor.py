"""What a person shows beside the password: an authenticator app, passkeys, recovery codes on paper."""

from datetime import datetime

from sqlalchemy import ForeignKeyConstraint, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, at_least
from tracker.models.ids import new_id
from tracker.models.types import CleanText, UtcDateTime, row_id


class AuthenticatorApp(Base):
    """The app that makes six-digit codes. `secret` is sealed for its person; `last_counter` is the last
    code's, so that none counts twice. Not in use until a first code has `confirmed_at`.

    `clock_steps`: by how many half minutes the clock of the telephone is ahead of ours, as two codes in a row
    have shown. `near_counter`, `near_steps`: the last code that was refused because it was of another half
    minute, and how far off.
    """

    __tablename__ = "authenticator_app"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        at_least("last_counter", 0),
        at_least("clock_steps", -2, 2),
    )

    user_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    secret: Mapped[str] = mapped_column(String(500))
    last_counter: Mapped[int | None]
    clock_steps: Mapped[int] = mapped_column(default=0)
    near_counter: Mapped[int | None]
    near_steps: Mapped[int | None]
    confirmed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class RecoveryCode(Base):
    """A code on paper, for the day the telephone is lost. Good once."""

    __tablename__ = "recovery_code"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        UniqueConstraint("user_id", "code_hash"),
    )

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(row_id())
    code_hash: Mapped[str] = mapped_column(String(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Passkey(Base):
    """A key in a telephone, a computer or a security key; ours is only its public half."""

    __tablename__ = "passkey"
    __table_args__ = (
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        UniqueConstraint("credential_id"),
        Index(None, "user_id"),
        at_least("sign_count", 0),
    )

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    user_id: Mapped[str] = mapped_column(row_id())
    name: Mapped[str] = mapped_column(CleanText(60))
    credential_id: Mapped[str] = mapped_column(String(1400))
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    sign_count: Mapped[int]
    added_at: Mapped[datetime] = mapped_column(UtcDateTime)
    used_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
