"""A person's calendar feed: a secret address that other calendars read without a sign-in."""

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, owned
from tracker.models.types import CleanText, UtcDateTime, row_id


class CalendarFeed(ClinicRow, Base):
    """At most one a person. Only the SHA-256 of its secret is kept; a new one ends the old one."""

    __tablename__ = "calendar_feed"
    __table_args__ = owned(
        belongs_to("app_user", column="user_id"), UniqueConstraint("user_id"), UniqueConstraint("secret_hash")
    )

    user_id: Mapped[str] = mapped_column(row_id())
    secret_hash: Mapped[str] = mapped_column(CleanText(64))
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
