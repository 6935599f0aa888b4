"""When a clinic's people are mailed, and what each of them chose. No row: the defaults."""

from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, owned
from tracker.models.types import row_id, word_type

DIGEST_HOUR = 6
QUIET_FROM, QUIET_TO = 20, 6
BUDGET = 12


class AtOnce(StrEnum):
    """Which alerts are mailed as they open; the others are in the digest."""

    CRITICAL_AND_HIGH = "critical_and_high"
    CRITICAL = "critical"
    NONE = "none"


class DigestDays(StrEnum):
    EVERY_DAY = "every_day"
    WORKING_DAYS = "working_days"
    NEVER = "never"


class MailPolicy(Base):
    """A clinic's hours, 0 to 23 in its zone, and how many mails about alerts a person gets in a day."""

    __tablename__ = "mail_policy"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"], ondelete="RESTRICT"),
        at_least("digest_hour", 0, 23),
        at_least("quiet_from", 0, 23),
        at_least("quiet_to", 0, 23),
        at_least("budget", 1, 100),
    )

    clinic_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    digest_hour: Mapped[int] = mapped_column(default=DIGEST_HOUR)
    quiet_from: Mapped[int] = mapped_column(default=QUIET_FROM)
    quiet_to: Mapped[int] = mapped_column(default=QUIET_TO)
    budget: Mapped[int] = mapped_column(default=BUDGET)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class MailChoice(ClinicRow, Base):
    """What one person chose. Quiet hours of their own, or the clinic's where both are empty."""

    __tablename__ = "mail_choice"
    __table_args__ = owned(
        belongs_to("app_user", column="user_id"),
        at_least("quiet_from", 0, 23),
        at_least("quiet_to", 0, 23),
        CheckConstraint("(quiet_from IS NULL) = (quiet_to IS NULL)", name="quiet_whole"),
    )

    user_id: Mapped[str] = mapped_column(row_id(), unique=True)
    at_once: Mapped[AtOnce] = mapped_column(word_type(AtOnce, "at_once"), default=AtOnce.CRITICAL_AND_HIGH)
    digest: Mapped[DigestDays] = mapped_column(word_type(DigestDays, "digest"), default=DigestDays.EVERY_DAY)
    quiet_from: Mapped[int | None]
    quiet_to: Mapped[int | None]
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}
