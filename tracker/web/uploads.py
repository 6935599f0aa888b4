"""Files from outside, looked through for viruses before anything is made of them, where a scanner is set."""

import logging
from typing import Protocol

from flask import current_app

from tracker import clock
from tracker.antivirus import NotScanned, Scanner
from tracker.db import db, writing
from tracker.models.audit import AuditAction
from tracker.services import audit
from tracker.services.errors import BadFile
from tracker.settings import Settings
from tracker.web import access

log = logging.getLogger(__name__)
INFECTED = (
    "A virus was found in this file, so it was not taken. Do not open it. Delete it, and tell your "
    "administrator."
)
DOWN = (
    "The virus scanner gave no answer, so this file was not taken. Keep it and send it again in a few "
    "minutes. If it stays so, tell your administrator: tracker doctor says what is wrong."
)


class Upload(Protocol):
    def read(self) -> bytes: ...


def content_of(upload: Upload, *, patient_id: str | None = None) -> bytes:
    """The bytes of a file. Raises BadFile for one with a virus, which goes on record, or not looked through.

    Ends the transaction: nobody waits for the database while the scanner looks.
    """
    settings: Settings = current_app.extensions["settings"]
    content = upload.read()
    if not settings.clamd:
        return content
    db.session.commit()
    try:
        virus = Scanner(settings.clamd).virus_in(content)
    except NotScanned as failure:
        log.error("a file was not taken: the virus scanner gave no verdict, %s", failure)
        raise BadFile(DOWN) from None
    if virus is not None:
        _put_on_record(virus, len(content), patient_id)
        raise BadFile(INFECTED)
    return content


def _put_on_record(virus: str, size: int, patient_id: str | None) -> None:
    log.warning("a file with a virus was refused", extra={"user_id": access.signed_in().id})
    with writing():
        audit.record(
            db.session,
            clinic_id=access.current_clinic_id(),
            actor=access.current_actor(),
            action=AuditAction.DENIED,
            at=clock.now(),
            table_name=f"file with the virus {virus}"[:60],
            patient_id=patient_id,
            new={"virus": virus, "size": size},
        )
        db.session.commit()
