"""Work that waits until a person says that it may go on."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base
from tracker.models.types import CleanText, UtcDateTime


class Hold(Base):
    """One kind of work that is held: since when and why. No row: it goes on."""

    __tablename__ = "hold"

    name: Mapped[str] = mapped_column(CleanText(60), primary_key=True)
    since_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(CleanText(300))
