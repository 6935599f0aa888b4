"""Findings that are kept, owned and worked on until their cause ends."""

from collections.abc import Mapping
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, CheckConstraint, Connection, Index, UniqueConstraint, event, inspect, update
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, ClinicRow, at_least, belongs_to, of_patient
from tracker.models.patient import Patient
from tracker.models.types import CleanText, UtcDateTime, row_id, word_type
from tracker.rules.words import Severity

LONGEST_WORDS = 400  # an index entry of PostgreSQL holds 2,704 bytes
DUE_FACTS = "reply_by", "due_at", "due_on"


class AlertState(StrEnum):
    """Closed: its cause ended. False alarm and lapsed: settled by hand, though the cause goes on."""

    OPEN = "open"
    SNOOZED = "snoozed"
    FALSE_ALARM = "false_alarm"
    LAPSED = "lapsed"
    CLOSED = "closed"

    @property
    def label(self) -> str:
        return "Allowed to lapse" if self is AlertState.LAPSED else self.value.replace("_", " ").capitalize()


SETTLED = AlertState.FALSE_ALARM, AlertState.LAPSED


class AlertEventKind(StrEnum):
    OPENED = "opened"
    CHANGED = "changed"
    CLOSED = "closed"
    REOPENED = "reopened"
    ASSIGNED = "assigned"
    ACKNOWLEDGED = "acknowledged"
    SNOOZED = "snoozed"
    RETURNED = "returned"
    NOTED = "noted"
    FALSE_ALARM = "false_alarm"
    LAPSED = "lapsed"
    ESCALATED = "escalated"
    UNDONE = "undone"


# The columns of the worklist's indexes: a page and each of its counts reads one index and no alert.
LISTED = "clinic_id", "state"
PLACE = "plan_id", "drug"
OWNERS = "owner_id", "patient_owner_id"
WHEN = "due_on", "harm_on", "run_out_on", "id"


class Alert(ClinicRow, Base):
    """One cause, one row. `key` is stable: code, object and the object's own key date.

    `severity_rank` is 0 for critical .. 3 for info, so that a worklist sorts in the database.
    `snoozed_*` stay after it returned (`returned_at`), until the next act, to say who had snoozed it.
    `settled_rank` and `settled_harm_on` are what was settled: a worse or earlier finding opens it again.
    `ladder_from` is when its ladder, or the last step on it, began; `ladder_round` counts the beginnings.
    What a worklist filters and counts by stands in the row itself, and in its indexes whole: `plan_id` and
    `drug` that the cause concerns, `run_out_on` of the patient (each check writes these), `patient_owner_id`
    (see `_follow_owner`), `due_on` and `words` (see `_derive`).
    """

    __tablename__ = "alert"
    __table_args__ = of_patient(
        UniqueConstraint("clinic_id", "patient_id", "key"),
        Index("ix_alert_by_severity_and_code", *LISTED, "severity_rank", "code", *PLACE, *OWNERS, *WHEN),
        Index("ix_alert_by_plan_and_drug", *LISTED, *PLACE, "severity_rank", "code", *OWNERS, *WHEN),
        Index("ix_alert_by_owner", *LISTED, *OWNERS, *WHEN, "severity_rank", "code", *PLACE),
        Index("ix_alert_by_due", *LISTED, *WHEN, *OWNERS, "severity_rank", "code", *PLACE),
        Index(
            "ix_alert_by_harm",
            *LISTED,
            *("harm_on", "due_on", "severity_rank", "id", "code"),
            *PLACE,
            *OWNERS,
        ),
        Index("ix_alert_by_words", *LISTED, "words", "severity_rank", "code", *PLACE, *OWNERS, *WHEN),
        CheckConstraint("(state = 'closed') = (closed_at IS NOT NULL)", name="closed_has_time"),
        at_least("severity_rank", 0, 3),
        at_least("times_opened", 1),
        at_least("escalation_level", 0, 3),
        at_least("ladder_round", 1),
        CheckConstraint(
            "(acknowledged_at IS NULL) = (acknowledged_by IS NULL)", name="acknowledgement_whole"
        ),
        CheckConstraint(
            "state <> 'snoozed' OR (snoozed_until IS NOT NULL AND snoozed_by IS NOT NULL"
            " AND snooze_reason IS NOT NULL AND snooze_reason <> '')",
            name="snooze_whole",
        ),
        CheckConstraint("returned_at IS NULL OR state = 'open'", name="only_open_has_returned"),
        CheckConstraint(
            "state <> 'snoozed' OR harm_on IS NULL OR snoozed_until <= harm_on", name="no_snooze_past_harm"
        ),
        CheckConstraint(
            "(state IN ('false_alarm', 'lapsed')) = (settled_at IS NOT NULL)", name="settled_has_time"
        ),
        CheckConstraint(
            "settled_at IS NULL OR (settled_by IS NOT NULL AND settled_rank IS NOT NULL"
            " AND settled_reason IS NOT NULL AND settled_reason <> '')",
            name="settlement_whole",
        ),
        belongs_to("app_user", column="owner_id"),
        belongs_to("app_user", column="backup_id"),
        Index(None, "clinic_id", "state", "snoozed_until"),
        Index(None, "clinic_id", "state", "ladder_from"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    key: Mapped[str] = mapped_column(CleanText(200))
    code: Mapped[str] = mapped_column(CleanText(60))
    severity: Mapped[Severity] = mapped_column(word_type(Severity, "severity"))
    severity_rank: Mapped[int]
    about_kind: Mapped[str] = mapped_column(CleanText(40))
    about_id: Mapped[str | None] = mapped_column(CleanText(60))
    harm_on: Mapped[date | None]
    message: Mapped[str] = mapped_column(CleanText(1000))
    clears_when: Mapped[str] = mapped_column(CleanText(1000))
    facts: Mapped[dict[str, Any]] = mapped_column(JSON)
    proof: Mapped[dict[str, Any]] = mapped_column(JSON)
    state: Mapped[AlertState] = mapped_column(word_type(AlertState, "state"), default=AlertState.OPEN)
    opened_at: Mapped[datetime] = mapped_column(UtcDateTime)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    closed_reason: Mapped[str | None] = mapped_column(CleanText(500))
    times_opened: Mapped[int] = mapped_column(default=1)
    owner_id: Mapped[str | None] = mapped_column(row_id())
    backup_id: Mapped[str | None] = mapped_column(row_id())
    acknowledged_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    acknowledged_by: Mapped[str | None] = mapped_column(CleanText(200))
    snoozed_until: Mapped[date | None]
    snoozed_by: Mapped[str | None] = mapped_column(CleanText(200))
    snooze_reason: Mapped[str | None] = mapped_column(CleanText(500))
    returned_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_by: Mapped[str | None] = mapped_column(CleanText(200))
    settled_reason: Mapped[str | None] = mapped_column(CleanText(500))
    settled_rank: Mapped[int | None]
    settled_harm_on: Mapped[date | None]
    escalation_level: Mapped[int] = mapped_column(default=0)
    ladder_from: Mapped[datetime | None] = mapped_column(UtcDateTime)
    ladder_round: Mapped[int] = mapped_column(default=1)
    patient_owner_id: Mapped[str | None] = mapped_column(row_id())
    plan_id: Mapped[str | None] = mapped_column(row_id())
    drug: Mapped[str | None] = mapped_column(CleanText(60))
    run_out_on: Mapped[date | None]
    due_on: Mapped[date | None]
    words: Mapped[str] = mapped_column(CleanText(LONGEST_WORDS), default="")


def due_on(facts: Mapping[str, Any], harm_on: date | None) -> date | None:
    """The day on which an answer, a reply or an appeal is due; else the harm date."""
    written = next((facts[name] for name in DUE_FACTS if facts.get(name)), None)
    return date.fromisoformat(written[:10]) if written else harm_on


@event.listens_for(Alert, "before_insert")
@event.listens_for(Alert, "before_update")
def _derive(_mapper: object, _connection: object, alert: Alert) -> None:
    """Keep what lists sort and search by true to the alert, whoever writes it."""
    alert.due_on = due_on(alert.facts, alert.harm_on)
    alert.words = alert.message.casefold()[:LONGEST_WORDS]


@event.listens_for(Patient, "after_update")
def _follow_owner(_mapper: object, connection: Connection, patient: Patient) -> None:
    """Keep every alert of a patient, closed ones too, with who is in charge of the patient now."""
    if inspect(patient).attrs.owner_id.history.has_changes():
        mine = Alert.clinic_id == patient.clinic_id, Alert.patient_id == patient.id
        connection.execute(update(Alert).where(*mine).values(patient_owner_id=patient.owner_id))


class AlertEvent(ClinicRow, Base):
    """The history of an alert: append-only.

    `before` is what an act by hand changed, as it was: what can be undone. `actor_id` is the account.
    `run_out_on`: the day on which drug ended, where a refusal ended or a fill came after that day.
    """

    __tablename__ = "alert_event"
    __table_args__ = of_patient(
        belongs_to("alert"),
        Index(None, "clinic_id", "alert_id", "at"),
        # What happened since an instant, by kind, newest first, is read without the rows.
        Index("ix_alert_event_happened", "clinic_id", "at", "id", "kind", "actor_id", "patient_id"),
    )

    patient_id: Mapped[str] = mapped_column(row_id())
    alert_id: Mapped[str] = mapped_column(row_id())
    kind: Mapped[AlertEventKind] = mapped_column(word_type(AlertEventKind, "kind"))
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    actor: Mapped[str] = mapped_column(CleanText(200))
    severity: Mapped[Severity] = mapped_column(word_type(Severity, "severity"))
    text: Mapped[str] = mapped_column(CleanText(1000))
    actor_id: Mapped[str | None] = mapped_column(row_id())
    before: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    run_out_on: Mapped[date | None]
