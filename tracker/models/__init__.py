"""Tables. Constraints live in the database; every clinic-owned row leads its indexes with `clinic_id`.

The list of modules here is what migrations and tests see.
"""

from tracker.models import (
    alert,
    audit,
    authorization_log,
    bulk_reading,
    calendar,
    clinic,
    document,
    emergency,
    hold,
    imports,
    ladder,
    mail_choice,
    outbox,
    patient,
    payer,
    policy_report,
    provider_link,
    saved_view,
    scan,
    second_factor,
    therapy,
    user,
    web_session,
)
from tracker.models.authorization import Authorization, AuthorizationLine, Denial, Trial
from tracker.models.base import Base

__all__ = [
    "Authorization",
    "AuthorizationLine",
    "Base",
    "Denial",
    "Trial",
    "alert",
    "audit",
    "authorization_log",
    "bulk_reading",
    "calendar",
    "clinic",
    "document",
    "emergency",
    "hold",
    "imports",
    "ladder",
    "mail_choice",
    "outbox",
    "patient",
    "payer",
    "policy_report",
    "provider_link",
    "saved_view",
    "scan",
    "second_factor",
    "therapy",
    "user",
    "web_session",
]
