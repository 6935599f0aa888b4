"""People who sign in. One clinic each; roles beyond that come with their own tables."""

from enum import StrEnum

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, owned
from tracker.models.types import CleanText, word_type


class Role(StrEnum):
    VIEWER = "viewer"
    COORDINATOR = "coordinator"
    LEAD = "lead"
    ADMINISTRATOR = "administrator"


class User(ClinicRow, Base):
    """A local account. `email` is kept in lower case."""

    __tablename__ = "app_user"
    __table_args__ = owned(UniqueConstraint("email"), Index(None, "clinic_id", "active"))

    email: Mapped[str] = mapped_column(CleanText(254))
    name: Mapped[str] = mapped_column(CleanText(200))
    password_hash: Mapped[str] = mapped_column(CleanText(200))
    role: Mapped[Role] = mapped_column(word_type(Role, "role"), default=Role.COORDINATOR)
    active: Mapped[bool] = mapped_column(default=True)
    is_demo: Mapped[bool] = mapped_column(default=False)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}

    # What a login library asks of an account.
    is_authenticated = True
    is_anonymous = False

    @property
    def is_active(self) -> bool:
        return self.active

    def get_id(self) -> str:
        return self.id
