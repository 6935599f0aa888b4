"""Filters of the worklist that a person gave a name."""

from datetime import datetime

from sqlalchemy import JSON, CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, owned
from tracker.models.types import CleanText, UtcDateTime, row_id


class SavedView(ClinicRow, Base):
    """`query` is what the address carries: a list of values by the filter's name."""

    __tablename__ = "saved_view"
    __table_args__ = owned(
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        UniqueConstraint("clinic_id", "user_id", "name"),
        CheckConstraint("name <> ''", name="name_given"),
    )

    user_id: Mapped[str] = mapped_column(row_id())
    name: Mapped[str] = mapped_column(CleanText(60))
    query: Mapped[dict[str, list[str]]] = mapped_column(JSON)
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
