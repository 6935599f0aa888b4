"""Short free tags that a clinic puts on its patients, to find them together on the worklist.

A tag stays with the patient while alerts open and close. Only its id stands in an address: what people write
may be about a patient.
"""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, case, delete, func, insert, select
from sqlalchemy.exc import IntegrityError

from tracker.models.alert import Alert
from tracker.models.audit import AuditAction
from tracker.models.base import Db
from tracker.models.ids import new_id
from tracker.models.patient import Patient
from tracker.models.tag import PatientTag, Tag
from tracker.models.types import REFUSED
from tracker.services import alert_hand, audit
from tracker.services.actor import Actor
from tracker.services.alert_acts import Done
from tracker.services.alert_hand import Hand
from tracker.services.errors import Conflict, NotFound, Refused

LONGEST = 30
MOST_OF_PATIENT = 10
MOST_OF_CLINIC = 100
FIELD = "tag_name"
TABLE = "patient_tag"


def of_patient(session: Db, *, clinic_id: str, patient_id: str) -> Sequence[tuple[str, str]]:
    """(id, name) of a patient's tags, by name."""
    query = _borne(clinic_id).where(PatientTag.patient_id == patient_id).order_by(Tag.name_key)
    return [(tag_id, name) for _, tag_id, name in session.execute(query)]


def of_patients(session: Db, clinic_id: str, patient_ids: Collection[str]) -> Mapping[str, Sequence[str]]:
    """The names of each patient's tags, by name; who bears none is left out."""
    query = _borne(clinic_id).where(PatientTag.patient_id.in_(patient_ids)).order_by(Tag.name_key)
    found: dict[str, list[str]] = {}
    for patient_id, _, name in session.execute(query):
        found.setdefault(patient_id, []).append(name)
    return found


def in_use(session: Db, clinic_id: str) -> dict[str, str]:
    """Names by id of the tags that somebody bears, by name."""
    borne = select(PatientTag.id).where(PatientTag.clinic_id == clinic_id, PatientTag.tag_id == Tag.id)
    query = select(Tag.id, Tag.name).where(Tag.clinic_id == clinic_id, borne.exists()).order_by(Tag.name_key)
    return {row[0]: row[1] for row in session.execute(query)}


def add(session: Db, name: str, *, clinic_id: str, patient_id: str, actor: Actor, now: datetime) -> None:
    """Tag one patient. Refused for a bad name, a second time, or beyond MOST_OF_PATIENT."""
    _patient(session, clinic_id, patient_id)
    refused = _tag(session, Hand(clinic_id, actor, now), [patient_id], name)
    if refused:
        raise Refused(refused[patient_id], field=FIELD)


def remove(session: Db, tag_id: str, *, clinic_id: str, patient_id: str, actor: Actor, now: datetime) -> None:
    _patient(session, clinic_id, patient_id)
    if not _untag(session, Hand(clinic_id, actor, now), [patient_id], tag_id):
        raise NotFound("This patient has no such tag any more.")


def add_to_alerts(
    session: Db, alert_ids: Sequence[str], name: str, *, clinic_id: str, actor: Actor, now: datetime
) -> Done:
    """Tag the patients of these alerts; those who have it, or have too many, are refused by their alerts."""
    patients = _patients_of(session, clinic_id, alert_ids)
    refused = _tag(session, Hand(clinic_id, actor, now), sorted({*patients.values()}), name)
    return _done(alert_ids, patients, refused)


def remove_from_alerts(
    session: Db, alert_ids: Sequence[str], tag_id: str, *, clinic_id: str, actor: Actor, now: datetime
) -> Done:
    """Take the tag off the patients of these alerts; those who do not bear it are refused."""
    patients = _patients_of(session, clinic_id, alert_ids)
    gone = _untag(session, Hand(clinic_id, actor, now), sorted({*patients.values()}), tag_id)
    without = {each: "They do not have this tag." for each in patients.values() if each not in gone}
    return _done(alert_ids, patients, without)


def put_back(session: Db, patient_ids: Sequence[str], name: str, *, bear: bool, hand: Hand) -> Sequence[str]:
    """Make these patients bear a tag again, or bear it no longer; the ids of those for whom that was new."""
    tag = _named(session, hand.clinic_id, name)
    theirs = _of(tag, patient_ids)
    have = set(session.execute(select(PatientTag.patient_id).where(theirs)).scalars())
    changed = [each for each in patient_ids if (each in have) is not bear]
    told = {"tag": tag.name}
    if bear:
        _write(session, hand, changed, tag)
        _record(session, hand, changed, AuditAction.UNDONE, new=told)
    else:
        session.execute(delete(PatientTag).where(theirs))
        _record(session, hand, changed, AuditAction.UNDONE, old=told)
    return changed


def _borne(clinic_id: str) -> Select[str, str, str]:
    """Patient, id and name of every tag that is borne."""
    return (
        select(PatientTag.patient_id, Tag.id, Tag.name)
        .join(Tag, and_(Tag.clinic_id == PatientTag.clinic_id, Tag.id == PatientTag.tag_id))
        .where(PatientTag.clinic_id == clinic_id)
    )


def _of(tag: Tag, patient_ids: Collection[str]) -> ColumnElement[bool]:
    """That these patients bear this tag."""
    return and_(
        PatientTag.clinic_id == tag.clinic_id,
        PatientTag.tag_id == tag.id,
        PatientTag.patient_id.in_(patient_ids),
    )


def _patients_of(session: Db, clinic_id: str, alert_ids: Sequence[str]) -> dict[str, str]:
    """The patient of each alert, held against whoever tags them at the same moment."""
    alert_hand.hold_patients(session, clinic_id, list(alert_ids))
    query = select(Alert.id, Alert.patient_id).where(Alert.clinic_id == clinic_id, Alert.id.in_(alert_ids))
    return {row[0]: row[1] for row in session.execute(query)}


def _done(alert_ids: Sequence[str], patients: Mapping[str, str], refused: Mapping[str, str]) -> Done:
    mine = [each for each in alert_ids if each in patients]
    return Done(
        changed=[each for each in mine if patients[each] not in refused],
        refused={each: refused[patients[each]] for each in mine if patients[each] in refused},
    )


def _tag(session: Db, hand: Hand, patient_ids: Sequence[str], name: str) -> dict[str, str]:
    """Tag those who can be; why not, by the id of each who cannot."""
    tag = _named(session, hand.clinic_id, name)
    ours = PatientTag.clinic_id == hand.clinic_id, PatientTag.patient_id.in_(patient_ids)
    counted = select(
        PatientTag.patient_id, func.count(), func.max(case((PatientTag.tag_id == tag.id, 1), else_=0))
    )
    refused = {}
    for patient_id, count, has_it in session.execute(counted.where(*ours).group_by(PatientTag.patient_id)):
        if has_it:
            refused[patient_id] = f"They are tagged {tag.name} already."
        elif count >= MOST_OF_PATIENT:
            refused[patient_id] = f"They have {MOST_OF_PATIENT} tags. Remove one first."
    new = [each for each in patient_ids if each not in refused]
    _write(session, hand, new, tag)
    _record(session, hand, new, AuditAction.ADDED, new={"tag": tag.name})
    return refused


def _write(session: Db, hand: Hand, patient_ids: Sequence[str], tag: Tag) -> None:
    common = {
        "clinic_id": hand.clinic_id,
        "tag_id": tag.id,
        "added_at": hand.now,
        "added_by": hand.actor.name,
    }
    rows = [{"id": new_id(), "patient_id": each, **common} for each in patient_ids]
    if not rows:
        return
    try:
        with session.begin_nested():
            session.execute(insert(PatientTag), rows)
    except IntegrityError:
        raise Conflict("Somebody else tagged one of them at the same moment. Try again.") from None


def _untag(session: Db, hand: Hand, patient_ids: Sequence[str], tag_id: str) -> set[str]:
    """Take a tag off; the ids of those who bore it."""
    tag = session.execute(
        select(Tag).where(Tag.clinic_id == hand.clinic_id, Tag.id == tag_id)
    ).scalar_one_or_none()
    if tag is None:
        raise NotFound("There is no such tag here.")
    theirs = _of(tag, patient_ids)
    bore = session.execute(select(PatientTag.patient_id).where(theirs)).scalars().all()
    session.execute(delete(PatientTag).where(theirs))
    _record(session, hand, bore, AuditAction.REMOVED, old={"tag": tag.name})
    return set(bore)


def _named(session: Db, clinic_id: str, name: str) -> Tag:
    """The clinic's tag of this name, new if it has none yet; in the spelling of whoever wrote it first."""
    name = " ".join(name.split())
    if not name:
        raise Refused("Write the tag.", field=FIELD)
    if len(name) > LONGEST or REFUSED.search(name):
        raise Refused(f"Use at most {LONGEST} characters, without control characters.", field=FIELD)
    of_key = select(Tag).where(Tag.clinic_id == clinic_id, Tag.name_key == name.casefold())
    found = session.execute(of_key).scalar_one_or_none()
    if found is not None:
        return found
    if len(in_use(session, clinic_id)) >= MOST_OF_CLINIC:
        raise Refused(f"The clinic uses {MOST_OF_CLINIC} tags. Use one of them.", field=FIELD)
    try:
        with session.begin_nested():
            tag = Tag(clinic_id=clinic_id, name=name, name_key=name.casefold())
            session.add(tag)
    except IntegrityError:
        return session.execute(of_key).scalar_one()
    return tag


def _patient(session: Db, clinic_id: str, patient_id: str) -> None:
    query = select(Patient.id).where(Patient.clinic_id == clinic_id, Patient.id == patient_id)
    if session.execute(query.with_for_update()).scalar_one_or_none() is None:
        raise NotFound("There is no such patient here.")


def _record(
    session: Db,
    hand: Hand,
    patient_ids: Sequence[str],
    action: AuditAction,
    *,
    old: Mapping[str, str] | None = None,
    new: Mapping[str, str] | None = None,
) -> None:
    """What the tag is called goes on record, for a number would tell nobody anything."""
    for patient_id in patient_ids:
        audit.record(
            session,
            clinic_id=hand.clinic_id,
            actor=hand.actor,
            action=action,
            at=hand.now,
            table_name=TABLE,
            patient_id=patient_id,
            old=old,
            new=new,
        )
