"""The ladder that an unanswered alert climbs: whom a clinic calls, after how long, and what was called."""

from datetime import datetime
from enum import StrEnum

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, of_patient
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type


class Rung(StrEnum):
    """Who is told, in this order; the owner is told when the alert opens."""

    OWNER = "owner"
    BACKUP = "backup"
    LEAD = "lead"
    CLINICIAN = "clinician"

    @property
    def label(self) -> str:
        words = {Rung.BACKUP: "backup owner", Rung.LEAD: "clinic lead", Rung.CLINICIAN: "named clinician"}
        return words.get(self, self.value)


class Ladder(Base):
    """A clinic's ladder; a clinic without a row has the defaults and nobody named.

    Hours from the opening, or from the last step, to the next. Information climbs nothing.
    The clinician may have an account here (`clinician_id`); one without is called by the lead.
    """

    __tablename__ = "ladder"
    __table_args__ = (
        ForeignKeyConstraint(["clinic_id"], ["clinic.id"], ondelete="RESTRICT"),
        belongs_to("app_user", column="backup_id"),
        belongs_to("app_user", column="lead_id"),
        belongs_to("app_user", column="clinician_id"),
        at_least("critical_hours", 1, 720),
        at_least("high_hours", 1, 720),
        at_least("warning_hours", 1, 720),
        CheckConstraint(
            "clinician_name IS NOT NULL OR (clinician_contact IS NULL AND clinician_id IS NULL)",
            name="clinician_named",
        ),
    )

    clinic_id: Mapped[str] = mapped_column(row_id(), primary_key=True)
    backup_id: Mapped[str | None] = mapped_column(row_id())
    lead_id: Mapped[str | None] = mapped_column(row_id())
    clinician_id: Mapped[str | None] = mapped_column(row_id())
    clinician_name: Mapped[str | None] = mapped_column(CleanText(200))
    clinician_contact: Mapped[str | None] = mapped_column(CleanText(254))
    critical_hours: Mapped[int] = mapped_column(default=4)
    high_hours: Mapped[int] = mapped_column(default=24)
    warning_hours: Mapped[int] = mapped_column(default=72)
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Escalation(ClinicRow, Base):
    """One step of one alert, once for each round. `told_id`: whose mail it went into, if anybody's."""

    __tablename__ = "escalation"
    __table_args__ = of_patient(
        belongs_to("alert"),
        belongs_to("app_user", column="told_id"),
        UniqueConstraint("clinic_id", "alert_id", "ladder_round", "rung"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    alert_id: Mapped[str] = mapped_column(row_id())
    ladder_round: Mapped[int]
    rung: Mapped[Rung] = mapped_column(word_type(Rung, "rung"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    told_id: Mapped[str | None] = mapped_column(row_id())
