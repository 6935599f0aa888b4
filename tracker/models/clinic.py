"""A clinic with its time zone and its policy (rulebook 11, `policy`)."""

from datetime import date

from sqlalchemy import CheckConstraint, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, at_least
from tracker.models.ids import new_id
from tracker.models.types import CleanText, row_id


class Clinic(Base):
    """Days are days; `refill_threshold_percent` is 1..100. `demo_today` moves a demo clinic's date.

    `second_factor_required`: nobody works here with a password alone (a demo clinic never asks).
    `renewals_a_week`: how many the clinic can begin; null: nobody said.
    `emergency_on`: leads of other clinics may read a patient here for `emergency_minutes`, and are reviewed.
    """

    __tablename__ = "clinic"
    __table_args__ = (
        UniqueConstraint("name"),
        CheckConstraint("demo_today IS NULL OR is_demo", name="only_demo_moves_its_date"),
        at_least("renewal_lead_days", 0, 365),
        at_least("alert_horizon_days", 0, 365),
        at_least("fill_ahead_days", 0, 365),
        at_least("refill_due_days", 0, 365),
        at_least("refill_threshold_percent", 1, 100),
        at_least("coverage_end_lead_days", 0, 365),
        at_least("coverage_change_lead_days", 0, 365),
        at_least("info_reply_days", 0, 365),
        at_least("duration_lead_days", 0, 365),
        at_least("shipping_days", 0, 365),
        at_least("preparation_days", 0, 365),
        at_least("emergency_minutes", 5, 240),
        at_least("renewals_a_week", 1, 10_000),
    )

    id: Mapped[str] = mapped_column(row_id(), primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(CleanText(200))
    time_zone: Mapped[str] = mapped_column(CleanText(60), default="America/Chicago")
    is_demo: Mapped[bool] = mapped_column(default=False)
    demo_today: Mapped[date | None]
    version: Mapped[int] = mapped_column(default=1)
    second_factor_required: Mapped[bool] = mapped_column(default=True)
    emergency_on: Mapped[bool] = mapped_column(default=False)
    emergency_minutes: Mapped[int] = mapped_column(default=60)

    renewal_lead_days: Mapped[int] = mapped_column(default=45)
    alert_horizon_days: Mapped[int] = mapped_column(default=45)
    fill_ahead_days: Mapped[int] = mapped_column(default=0)
    refill_due_days: Mapped[int] = mapped_column(default=10)
    refill_threshold_percent: Mapped[int] = mapped_column(default=75)
    coverage_end_lead_days: Mapped[int] = mapped_column(default=90)
    coverage_change_lead_days: Mapped[int] = mapped_column(default=30)
    info_reply_days: Mapped[int] = mapped_column(default=14)
    duration_lead_days: Mapped[int] = mapped_column(default=30)
    shipping_days: Mapped[int] = mapped_column(default=2)
    preparation_days: Mapped[int] = mapped_column(default=3)
    renewals_a_week: Mapped[int | None]

    __mapper_args__ = {"version_id_col": version}
