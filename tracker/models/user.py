"""People who sign in. Their account stands in one clinic, their home; memberships open others to them."""

from datetime import date
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, in_order, owned
from tracker.models.types import CleanText, row_id, word_type


class Role(StrEnum):
    VIEWER = "viewer"
    COORDINATOR = "coordinator"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"

    @property
    def rank(self) -> int:
        """Each role may do what those before it may."""
        return list(Role).index(self)

    def at_least(self, other: "Role") -> bool:
        return self.rank >= other.rank


class User(ClinicRow, Base):
    """A local account. `email` is kept in lower case.

    `clinic_id` is the home clinic and `role` the role there: patients are assigned and mails sent there.
    A page asks `access.signed_in()` instead, which knows the clinic that is open.
    Away from `away_from` to `away_to`, both inclusive (open end: null): `backup_id` stands in.
    `keys_on`: single keys act on pages. `password_is_short`: it is good enough only beside a second factor.
    """

    __tablename__ = "app_user"
    __table_args__ = owned(
        UniqueConstraint("email"),
        Index(None, "clinic_id", "active"),
        belongs_to("app_user", column="backup_id"),
        in_order("away_from", "away_to"),
        CheckConstraint("away_to IS NULL OR away_from IS NOT NULL", name="away_has_start"),
        CheckConstraint("backup_id <> id", name="backup_is_another"),
    )

    email: Mapped[str] = mapped_column(CleanText(254))
    name: Mapped[str] = mapped_column(CleanText(200))
    password_hash: Mapped[str] = mapped_column(CleanText(200))
    role: Mapped[Role] = mapped_column(word_type(Role, "role"), default=Role.COORDINATOR)
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    backup_id: Mapped[str | None] = mapped_column(row_id())
    away_from: Mapped[date | None]
    away_to: Mapped[date | None]
    keys_on: Mapped[bool] = mapped_column(default=True)
    second_factor_required: Mapped[bool] = mapped_column(default=False)
    password_is_short: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    def is_away(self, today: date) -> bool:
        """Whether the backup stands in on this day."""
        if self.away_from is None:
            return False
        return self.away_from <= today and (self.away_to is None or today <= self.away_to)


class Membership(ClinicRow, Base):
    """Another clinic that a person works in, and the role there."""

    __tablename__ = "membership"
    __table_args__ = owned(
        ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="RESTRICT"),
        UniqueConstraint("clinic_id", "user_id"),
        Index(None, "user_id"),
    )

    user_id: Mapped[str] = mapped_column(row_id())
    role: Mapped[Role] = mapped_column(word_type(Role, "role"))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
