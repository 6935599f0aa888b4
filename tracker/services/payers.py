"""What a plan's rules may not say, and whom a change of a plan touches."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func, or_, select

from tracker.models.authorization import Authorization
from tracker.models.base import Db
from tracker.models.patient import Coverage, PatientCheck
from tracker.models.payer import FormularyRule
from tracker.services import facts
from tracker.services.actor import Actor
from tracker.services.errors import Refused


def refuse_overlap(
    session: Db,
    *,
    plan_id: str,
    code: str,
    starts_on: date | None,
    ends_on: date | None,
    but: str | None = None,
) -> None:
    """Two rules of one code cannot hold on one day; `but` is the rule that is being changed.

    Left in, they would make every fact of every patient of the plan impossible to save.
    """
    query = select(FormularyRule).where(FormularyRule.plan_id == plan_id, FormularyRule.code == code)
    if starts_on is not None:
        query = query.where(or_(FormularyRule.ends_on.is_(None), FormularyRule.ends_on >= starts_on))
    if ends_on is not None:
        query = query.where(or_(FormularyRule.starts_on.is_(None), FormularyRule.starts_on <= ends_on))
    if but is not None:
        query = query.where(FormularyRule.id != but)
    other = session.execute(query.limit(1)).scalar_one_or_none()
    if other is None:
        return
    first, last = other.starts_on or "ever", other.ends_on or "further notice"
    raise Refused(
        f"There is a rule of {code} from {first} to {last} already. End it the day before, or change it.",
        field="starts_on",
    )


def new_version(
    session: Db, old: FormularyRule, values: Mapping[str, Any], *, actor: Actor, now: datetime
) -> FormularyRule:
    """A rule that follows another of its code; the old one ends the day before it begins.

    Raises Refused without a first day, or for one that is not after the old version's.
    """
    starts_on: date | None = values["starts_on"]
    if starts_on is None:
        raise Refused("Give the day from which the new version holds.", field="starts_on")
    if old.starts_on is not None and starts_on <= old.starts_on:
        raise Refused(
            f"The version on file holds from {old.starts_on}. Give a later day, or change it.",
            field="starts_on",
        )
    if values["code"] != old.code:
        raise Refused(
            f"A version is of the same code, {old.code}. For another code add a rule.", field="code"
        )
    if old.ends_on is None or old.ends_on >= starts_on:
        before = {"ends_on": starts_on - timedelta(days=1)}
        facts.change(session, old, before, version=old.version, actor=actor, now=now)
    refuse_overlap(
        session, plan_id=old.plan_id, code=old.code, starts_on=starts_on, ends_on=values["ends_on"]
    )
    row = facts.add(session, FormularyRule, values, clinic_id=old.clinic_id, actor=actor, now=now)
    assert isinstance(row, FormularyRule)
    return row


def marked_count(session: Db, *, clinic_id: str, plan_ids: Collection[str]) -> int:
    """How many patients with a coverage or an authorization of these plans wait for a new check."""
    of_plans = [
        select(table.patient_id).where(table.clinic_id == clinic_id, table.plan_id.in_(plan_ids))
        for table in (Coverage, Authorization)
    ]
    query = select(func.count()).where(
        PatientCheck.clinic_id == clinic_id,
        PatientCheck.due,
        or_(*(PatientCheck.patient_id.in_(each) for each in of_plans)),
    )
    return session.execute(query).scalar_one()
