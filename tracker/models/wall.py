"""The second wall between clinics, on PostgreSQL: rows about patients of other clinics are out of sight.

Every question names its clinic already. Should one forget to, the database itself holds back what is not of
the clinic for which the transaction was begun (`tracker.clinic`, see `db.see_clinic`). Work that is nobody's
request names none, and sees all. A superuser is not held back: the program's role should not be one.
"""

from sqlalchemy import DDL, event

from tracker.models.alert import Alert, AlertEvent
from tracker.models.authorization import Authorization, AuthorizationLine, Denial, Trial
from tracker.models.authorization_log import AuthorizationMove, ContactLog
from tracker.models.base import Base
from tracker.models.document import Document, DocumentContent
from tracker.models.imports import ImportBatch, ImportChange
from tracker.models.ladder import Escalation
from tracker.models.patient import Coverage, Lab, Patient, PatientCheck, Transplant, Weight
from tracker.models.tag import PatientTag
from tracker.models.therapy import Fill, FillUnit, PlannedFill, RefillContact, Regimen

POLICY = "one_clinic"
OF_THE_CLINIC = "COALESCE(current_setting('tracker.clinic', true), '') IN ('', clinic_id)"

# Not the audit trail and emergency access: one clinic's person writes there into another's record.
WALLED: tuple[type[Base], ...] = (
    *(Alert, AlertEvent, Authorization, AuthorizationLine, AuthorizationMove, ContactLog, Coverage, Denial),
    *(Document, DocumentContent, Escalation, Fill, FillUnit, ImportBatch, ImportChange, Lab, Patient),
    *(PatientCheck, PatientTag, PlannedFill, RefillContact, Regimen, Transplant, Trial, Weight),
)


def statements(table: str) -> tuple[str, ...]:
    """What puts one table behind the wall, for its owner as well."""
    return (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY",
        f"CREATE POLICY {POLICY} ON {table} USING ({OF_THE_CLINIC})",
    )


for _model in WALLED:
    for _text in statements(_model.__tablename__):
        _ddl = DDL(_text).execute_if(dialect="postgresql")  # type: ignore[no-untyped-call]
        event.listen(_model.__table__, "after_create", _ddl)
