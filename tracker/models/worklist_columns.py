"""Which columns of the worklist a person chose to see."""

from sqlalchemy import JSON, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, owned
from tracker.models.types import row_id


class WorklistColumns(ClinicRow, Base):
    """`shown`: their words. Who never chose has no row, and sees what everyone sees at first."""

    __tablename__ = "worklist_columns"
    __table_args__ = owned(
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="CASCADE"),
        UniqueConstraint("clinic_id", "user_id"),
    )

    user_id: Mapped[str] = mapped_column(row_id())
    shown: Mapped[list[str]] = mapped_column(JSON)
