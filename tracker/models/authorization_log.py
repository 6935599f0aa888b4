"""What happened around an authorization: its moves from status to status, and the calls, faxes and letters.

Both are append-only: a row is written once and never changed.
"""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, belongs_to, of_patient
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type
from tracker.rules.moves import Move
from tracker.rules.words import AuthorizationStatus, Word


class Channel(Word):
    CALL = "call", "Call"
    FAX = "fax", "Fax"
    PORTAL = "portal", "Portal"
    LETTER = "letter", "Letter"
    NOTE = "note", "Note"


class AuthorizationMove(ClinicRow, Base):
    """Who moved an authorization from which status to which, when and why. `on_date`: when it happened."""

    __tablename__ = "authorization_move"
    __table_args__ = of_patient(
        belongs_to("payer_authorization", column="authorization_id"),
        Index(None, "clinic_id", "authorization_id", "at"),
        Index(None, "clinic_id", "at"),
        CheckConstraint("from_status <> to_status", name="moves"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    authorization_id: Mapped[str] = mapped_column(row_id())
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    actor_id: Mapped[str | None] = mapped_column(row_id())
    move: Mapped[Move] = mapped_column(word_type(Move, "move"))
    from_status: Mapped[AuthorizationStatus] = mapped_column(word_type(AuthorizationStatus, "from_status"))
    to_status: Mapped[AuthorizationStatus] = mapped_column(word_type(AuthorizationStatus, "to_status"))
    on_date: Mapped[date | None]
    reason: Mapped[str | None] = mapped_column(CleanText(500))


class ContactLog(ClinicRow, Base):
    """One call, fax, portal message, letter or note. `promised_on`: when an answer was promised.

    `answers_id`: the entry whose promise this one keeps.
    """

    __tablename__ = "contact_log"
    __table_args__ = of_patient(
        belongs_to("payer_authorization", column="authorization_id"),
        belongs_to("payer"),
        belongs_to("contact_log", column="answers_id"),
        Index(None, "clinic_id", "authorization_id"),
        Index(None, "clinic_id", "promised_on"),
        Index(None, "clinic_id", "at"),
        CheckConstraint("answers_id IS NULL OR answers_id <> id", name="answers_another"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    authorization_id: Mapped[str | None] = mapped_column(row_id())
    payer_id: Mapped[str | None] = mapped_column(row_id())
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    actor_id: Mapped[str | None] = mapped_column(row_id())
    channel: Mapped[Channel] = mapped_column(word_type(Channel, "channel"))
    on_date: Mapped[date]
    with_whom: Mapped[str | None] = mapped_column(CleanText(200))
    reference: Mapped[str | None] = mapped_column(CleanText(60))
    said: Mapped[str] = mapped_column(CleanText(1000))
    promised_on: Mapped[date | None]
    answers_id: Mapped[str | None] = mapped_column(row_id())
