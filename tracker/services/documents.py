"""Papers of a patient: take one in, hand it out, take it off the pages with a reason. Nothing is deleted."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from tracker.formats.papers import BadPaper, PaperType, paper_type
from tracker.models.audit import AuditAction
from tracker.models.authorization import Authorization, Denial, Trial
from tracker.models.base import Db
from tracker.models.document import Document, DocumentContent, MediaType
from tracker.models.patient import Patient
from tracker.models.types import REFUSED
from tracker.rules.words import DocumentKind
from tracker.services import audit, upload_quota
from tracker.services.actor import Actor
from tracker.services.errors import BadFile, Conflict, NotFound, Refused

PROVES = {"authorization": Authorization, "trial": Trial, "denial": Denial}
LONGEST_NAME = 150


@dataclass(frozen=True, slots=True)
class Paper:
    """A file as it was uploaded, and what it proves: (`authorization`, id), a trial, a denial, or nothing."""

    kind: DocumentKind
    name: str
    content: bytes
    proves: tuple[str, str] | None = None
    dated_on: date | None = None


def add(session: Db, patient: Patient, paper: Paper, *, actor: Actor, now: datetime) -> Document:
    """Keep a file. Raises BadFile for one that is not taken, Refused for the same once more, or too many."""
    try:
        found = paper_type(paper.content)
    except BadPaper as fault:
        raise BadFile(str(fault)) from None
    digest = hashlib.sha256(paper.content).hexdigest()
    own = Document.clinic_id == patient.clinic_id, Document.patient_id == patient.id
    same = select(Document.id).where(*own, Document.sha256 == digest, Document.removed_at.is_(None))
    if session.execute(same).first():
        raise Refused("This very file is already on file for this patient.", field="file")
    size = len(paper.content)
    upload_quota.check_document(session, size, clinic_id=patient.clinic_id, actor=actor, now=now)
    row = Document(
        clinic_id=patient.clinic_id,
        patient_id=patient.id,
        kind=paper.kind,
        media_type=MediaType(found.value),
        name=safe_name(paper.name, found),
        size=size,
        sha256=digest,
        dated_on=paper.dated_on,
        added_at=now,
        added_by=actor.name,
        added_by_id=actor.user_id,
        **_proof(session, patient, paper),
    )
    session.add(row)
    session.flush()
    session.add(DocumentContent(document_id=row.id, clinic_id=row.clinic_id, content=paper.content))
    session.flush()
    new = {"kind": row.kind.value, "name": row.name, "size": row.size, "sha256": digest}
    _record(session, row, actor, AuditAction.ADDED, now, old=None, new=new)
    return row


def remove(session: Db, row: Document, *, reason: str, actor: Actor, now: datetime) -> None:
    """Take it off the pages. The content stays, for leads and for whoever must prove what was there."""
    if row.removed_at is not None:
        raise Conflict("Someone else removed this document already.")
    row.removed_at, row.removed_by, row.removed_reason = now, actor.name, reason
    session.flush()
    old = {"kind": row.kind.value, "name": row.name}
    _record(session, row, actor, AuditAction.REMOVED, now, old=old, new={"reason": reason})


def content_of(session: Db, row: Document) -> bytes:
    """The bytes. Raises BadFile if they are not what was uploaded."""
    query = select(DocumentContent.content).where(
        DocumentContent.clinic_id == row.clinic_id, DocumentContent.document_id == row.id
    )
    content = session.execute(query).scalar_one()
    if hashlib.sha256(content).hexdigest() != row.sha256:
        raise BadFile("This document is damaged in the database. Restore it from a backup.")
    return content


def documents_of(session: Db, *, clinic_id: str, patient_id: str) -> Sequence[Document]:
    """All of a patient, newest first, removed ones among them; without their content."""
    query = select(Document).where(Document.clinic_id == clinic_id, Document.patient_id == patient_id)
    return session.execute(query.order_by(Document.added_at.desc(), Document.id.desc())).scalars().all()


def letters_of(session: Db, *, clinic_id: str, authorization_id: str) -> Sequence[Document]:
    """The letters attached to an authorization, newest first."""
    query = select(Document).where(
        Document.clinic_id == clinic_id,
        Document.authorization_id == authorization_id,
        Document.removed_at.is_(None),
    )
    return session.execute(query.order_by(Document.added_at.desc(), Document.id.desc())).scalars().all()


def provable(session: Db, *, clinic_id: str, patient_id: str) -> list[tuple[str, str]]:
    """(`authorization:id`, words) of what a document of this patient can be attached to."""
    found: list[tuple[str, str]] = []
    own = {"clinic_id": clinic_id, "patient_id": patient_id}
    for pa in session.execute(select(Authorization).filter_by(**own)).scalars():
        days = f"{pa.starts_on or 'open'} to {pa.ends_on or 'open'}"
        found.append((f"authorization:{pa.id}", f"Authorization {pa.number or 'without number'}, {days}"))
    for trial in session.execute(select(Trial).filter_by(**own)).scalars():
        found.append((f"trial:{trial.id}", f"Trial of {trial.drug}, from {trial.starts_on or 'not on file'}"))
    for denial in session.execute(select(Denial).filter_by(**own)).scalars():
        found.append((f"denial:{denial.id}", f"Denial, notice of {denial.notice_on or 'an unknown day'}"))
    return found


def safe_name(name: str, found: PaperType) -> str:
    """The last part of a file's name without what cannot be stored, with the ending of what it is."""
    last = REFUSED.sub("", name.replace("\\", "/").rsplit("/", 1)[-1])
    stem = "".join(c for c in last if c.isprintable() and c not in '<>:"|?*').strip(". ")
    stem = stem.rsplit(".", 1)[0] if "." in stem else stem
    return (stem[:LONGEST_NAME].strip(". ") or "document") + found.ending


def _proof(session: Db, patient: Patient, paper: Paper) -> dict[str, str]:
    if paper.proves is None:
        return {}
    what, row_id = paper.proves
    model: Any = PROVES[what]
    query = select(model.id).where(
        model.clinic_id == patient.clinic_id, model.patient_id == patient.id, model.id == row_id
    )
    if session.execute(query).first() is None:
        raise NotFound(f"There is no such {what} of this patient.")
    return {f"{what}_id": row_id}


def _record(
    session: Db,
    row: Document,
    actor: Actor,
    action: AuditAction,
    now: datetime,
    *,
    old: Mapping[str, object] | None,
    new: Mapping[str, object],
) -> None:
    audit.record(
        session,
        clinic_id=row.clinic_id,
        actor=actor,
        action=action,
        at=now,
        table_name="document",
        row_key=row.id,
        patient_id=row.patient_id,
        old=old,
        new=new,
    )
