"""Builders with boring defaults: a test states only what matters to it."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, scoped_session

from tracker.models.authorization import Authorization
from tracker.models.clinic import Clinic
from tracker.models.patient import Coverage, Patient
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.models.therapy import Fill, FillUnit, Regimen
from tracker.models.user import Role, User
from tracker.rules.words import AuthorizationKind, AuthorizationStatus, Indication, LineOfBusiness
from tracker.services import users

PASSWORD = "correct horse battery staple"
Db = Session | scoped_session[Session]


@dataclass(frozen=True)
class Cast:
    """Ana and her colleague Ben, Cleo of another clinic, Dana the administrator."""

    renal: Clinic
    skin: Clinic
    ana: User
    ben: User
    cleo: User
    dana: User


def save(session: Db, row: Any) -> Any:
    session.add(row)
    session.flush()
    return row


def clinic(session: Db, *, name: str = "Renal clinic", **more: Any) -> Clinic:
    more.setdefault("second_factor_required", False)
    return save(session, Clinic(name=name, **more))


def user(session: Db, clinic: Clinic, *, name: str = "Ana", **more: Any) -> User:
    email = more.pop("email", f"{name.lower()}@clinic.example")
    role = more.pop("role", Role.COORDINATOR)
    return users.add_user(
        session, clinic_id=clinic.id, email=email, name=name, password=PASSWORD, role=role, **more
    )


def cast(session: Db) -> Cast:
    renal, skin = clinic(session), clinic(session, name="Skin clinic")
    people = Cast(
        renal=renal,
        skin=skin,
        ana=user(session, renal),
        ben=user(session, renal, name="Ben"),
        cleo=user(session, skin, name="Cleo"),
        dana=user(session, renal, name="Dana", role=Role.ADMINISTRATOR),
    )
    session.commit()
    return people


def known_cast(session: Db) -> Cast:
    """The cast as it stands in the database already."""
    clinics = {row.name: row for row in session.scalars(select(Clinic))}
    people = {row.name.lower(): row for row in session.scalars(select(User))}
    session.commit()
    return Cast(renal=clinics["Renal clinic"], skin=clinics["Skin clinic"], **people)


def plan(session: Db, clinic: Clinic, *, payer: str = "Acme Health", name: str = "Gold", **more: Any) -> Plan:
    owner = save(session, Payer(clinic_id=clinic.id, name=payer))
    more.setdefault("line_of_business", LineOfBusiness.COMMERCIAL)
    return save(session, Plan(clinic_id=clinic.id, payer_id=owner.id, name=name, **more))


def rule(session: Db, plan: Plan, *, code: str = "J7502", **more: Any) -> FormularyRule:
    """Covered with prior authorization, no limit, no steps, from 2020 on."""
    values = {
        "starts_on": date(2020, 1, 1),
        "covered": True,
        "prior_authorization": True,
        "quantity_limit": False,
        "step_therapy": False,
        **more,
    }
    return save(session, FormularyRule(clinic_id=plan.clinic_id, plan_id=plan.id, code=code, **values))


def patient(session: Db, clinic: Clinic, *, mrn: str = "100234", **more: Any) -> Patient:
    values = {
        "family": "Alvarez",
        "given": "Rosa",
        "birth_date": date(1971, 4, 2),
        "indication": Indication.KIDNEY_TRANSPLANT,
        **more,
    }
    name_key = f"{values['family']} {values['given']}".casefold()
    return save(session, Patient(clinic_id=clinic.id, mrn=mrn, name_key=name_key, **values))


def coverage(session: Db, patient: Patient, plan: Plan, **more: Any) -> Coverage:
    values = {"starts_on": date(2020, 1, 1), "member_id": "M1", **more}
    return save(session, Coverage(**_of(patient), plan_id=plan.id, **values))


def regimen(session: Db, patient: Patient, **more: Any) -> Regimen:
    """Modified cyclosporine, 100 mg twice a day, for 30 days at a time."""
    values = {
        "drug": "cyclosporine",
        "formulation": "modified",
        "form": "capsule",
        "strengths_mg": ["100", "25"],
        "dose_mg": 100,
        "doses_per_day": 2,
        "days_supply": 30,
        "starts_on": date(2026, 1, 1),
        **more,
    }
    return save(session, Regimen(**_of(patient), **values))


def fill(session: Db, patient: Patient, *, on: date, units: int | None = 60, **more: Any) -> Fill:
    values = {"days_supply": 30, "formulation": "modified", "claim_status": "paid", **more}
    row = Fill(**_of(patient), on_date=on, **values)
    if units is not None:
        row.unit_rows = [FillUnit(clinic_id=patient.clinic_id, code="J7502", units=units)]
    return save(session, row)


def authorization(session: Db, patient: Patient, plan: Plan, **more: Any) -> Authorization:
    values = {
        "kind": AuthorizationKind.PRIOR_AUTHORIZATION,
        "number": "A123",
        "status": AuthorizationStatus.APPROVED,
        "starts_on": date(2026, 1, 1),
        "ends_on": date(2026, 6, 30),
        **more,
    }
    return save(session, Authorization(**_of(patient), plan_id=plan.id, **values))


def covered_patient(session: Db, clinic: Clinic, **more: Any) -> Patient:
    """A patient with a plan that asks for PA, a regimen and one paid fill on 2026-06-05; no authorization."""
    who = patient(session, clinic, **more)
    acme = plan(session, clinic, name=f"Gold {who.mrn}", payer=f"Acme {who.mrn}")
    rule(session, acme)
    coverage(session, who, acme)
    regimen(session, who)
    fill(session, who, on=date(2026, 6, 5))
    return who


def _of(patient: Patient) -> dict[str, str]:
    return {"clinic_id": patient.clinic_id, "patient_id": patient.id}
