"""How often browsers kept something from a page because its Content-Security-Policy forbids it."""

from datetime import date

from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, at_least
from tracker.models.types import CleanText


class PolicyReport(Base):
    """One part of the policy and one day (UTC). No address, page or person is kept."""

    __tablename__ = "policy_report"
    __table_args__ = (at_least("count", 1),)

    seen_on: Mapped[date] = mapped_column(primary_key=True)
    directive: Mapped[str] = mapped_column(CleanText(20), primary_key=True)
    count: Mapped[int]
