"""Calls, faxes and moves of the demo clinic's requests, told around today."""

from datetime import UTC, date, datetime, time, timedelta

from tracker.models.authorization import Authorization
from tracker.models.authorization_log import AuthorizationMove, Channel, ContactLog
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.rules.moves import Move
from tracker.rules.words import AuthorizationStatus

CALLER = "Ben Cole"


def logged(
    session: Db,
    row: Authorization,
    today: datetime,
    days_ago: int,
    channel: Channel,
    said: str,
    **more: object,
) -> None:
    """An entry about an authorization; `promised` counts days from today."""
    at = today - timedelta(days=days_ago)
    promised = more.pop("promised", None)
    session.add(
        ContactLog(
            id=new_id(),
            clinic_id=row.clinic_id,
            patient_id=row.patient_id,
            authorization_id=row.id,
            at=at,
            actor=CALLER,
            channel=channel,
            on_date=at.date(),
            said=said,
            promised_on=(today + timedelta(days=promised)).date() if isinstance(promised, int) else None,
            **more,
        )
    )


def moved(
    session: Db,
    row: Authorization,
    today: datetime,
    days_ago: int,
    what: Move,
    origin: AuthorizationStatus,
    **more: str,
) -> None:
    """The last move of an authorization, to the status it has."""
    at = today - timedelta(days=days_ago)
    session.add(
        AuthorizationMove(
            id=new_id(),
            clinic_id=row.clinic_id,
            patient_id=row.patient_id,
            authorization_id=row.id,
            at=at,
            actor=CALLER,
            move=what,
            from_status=origin,
            to_status=row.status,
            on_date=at.date(),
            **more,
        )
    )


def waiting(session: Db, row: Authorization, today: datetime) -> None:
    """Faxed, then called; the answer that was promised for yesterday has not come."""
    session.flush()
    moved(session, row, today, 5, Move.SUBMIT, AuthorizationStatus.DRAFT)
    logged(session, row, today, 5, Channel.FAX, "Request with chart note, 6 pages; confirmation kept")
    logged(
        session,
        row,
        today,
        2,
        Channel.CALL,
        "In review with the pharmacist, nothing missing",
        with_whom="Jo, provider line",
        reference="7714-2",
        promised=-1,
    )


def papers_asked(session: Db, row: Authorization, today: datetime) -> None:
    """The payer asked for papers; the lab has promised its level for tomorrow."""
    session.flush()
    reason = "Chart note and level missing"
    moved(session, row, today, 2, Move.PEND, AuthorizationStatus.SUBMITTED, reason=reason)
    logged(session, row, today, 2, Channel.PORTAL, "Payer asks for chart note and level", reference="B-90211")
    logged(
        session,
        row,
        today,
        1,
        Channel.CALL,
        "Asked for the cyclosporine level of last week",
        with_whom="Transplant lab",
        promised=1,
    )


def morning(day: date) -> datetime:
    """The demo's day at 15:00 UTC, as an instant."""
    return datetime.combine(day, time(15), UTC)
