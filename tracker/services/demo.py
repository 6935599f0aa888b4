"""The demo clinic: sixty invented patients around today, most of them quiet, some of them in trouble.

Every person is invented. The same day gives the same clinic.
"""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from random import Random

from sqlalchemy import select

from tracker.models.base import Db
from tracker.models.clinic import Clinic
from tracker.models.ids import new_id
from tracker.models.patient import Patient, PatientCheck, Transplant
from tracker.models.payer import FormularyRule, Payer, Plan, RulePaper, RuleStep
from tracker.models.therapy import Fill, FillUnit, Regimen
from tracker.models.user import Role, User
from tracker.rules.words import (
    ClaimStatus,
    DocumentKind,
    Form,
    Formulation,
    Indication,
    LimitMethod,
    LineOfBusiness,
    Organ,
)
from tracker.services import checking, demo_desk, users
from tracker.services.actor import Actor
from tracker.services.clinic_day import day_in
from tracker.services.demo_stories import ENTERED_BY, STORIES, Told, quiet
from tracker.services.names import name_key

CLINIC = "Demo renal clinic"
SIZE = 60
ZONES = {"Beacon": "America/Chicago", "Northstar": "America/Los_Angeles"}
FAMILIES = """
    Alvarez Brennan Castellanos Duarte Eriksen Farrow Gupta Haddad Ionescu Jankowski Kaur Lindqvist Mendes
    Nakamura Osei Petrov Quirke Rossi Santos Tremblay Ueda Vance Whitfield Xiong Yilmaz Zieliński
""".split()  # noqa: SIM905 - a list of names reads better as text
GIVENS = """
    Rosa Daniel Maja Theresa Samir Linh Ana José Grace Paolo
    Yuki Denise Kwame Beatriz Jürgen Mary Luis Hana Wei Nora
""".split()  # noqa: SIM905


def exists(session: Db) -> bool:
    """Whether any clinic is there; the demo is loaded into an empty database only."""
    return session.scalar(select(Clinic.id).limit(1)) is not None


def load(session: Db, *, email: str, password: str, now: datetime, as_of: date | None = None) -> Clinic:
    """Make the demo clinic with its people, plans and patients, and check everyone."""
    clinic = Clinic(
        id=new_id(),
        name=CLINIC,
        is_demo=True,
        demo_today=as_of,
        second_factor_required=False,
        renewals_a_week=5,
    )
    session.add(clinic)
    session.flush()
    people = list(_people(session, clinic, email, password))
    plans = _plans(session, clinic)
    chance = Random(7502)  # nosec B311 # the same patients every time, nothing secret
    today = day_in(clinic, now)
    ids = [_patient(session, clinic, plans, people, today, chance, number) for number in range(SIZE)]
    session.flush()
    checking.recheck_many(
        session, clinic_id=clinic.id, patient_ids=ids, now=now, actor=Actor(ENTERED_BY), validated=True
    )
    demo_desk.play(session, clinic, people, now)
    return clinic


def _people(session: Db, clinic: Clinic, email: str, password: str) -> Iterator[User]:
    for name, address, role in (
        ("Ana Ruiz", email, Role.LEAD),
        ("Ben Cole", "ben@demo.example", Role.COORDINATOR),
    ):
        yield users.add_user(
            session,
            clinic_id=clinic.id,
            email=address,
            name=name,
            password=password,
            role=role,
            is_demo=True,
        )


# --------------------------------------------------------------------------------------------- plans


def _plans(session: Db, clinic: Clinic) -> dict[str, Plan]:
    rows = (
        ("Acme Health", "Gold", LineOfBusiness.COMMERCIAL, "800-555-0110"),
        ("Beacon", "Choice HMO", LineOfBusiness.MEDICARE_ADVANTAGE, "800-555-0119"),
        ("Northstar", "Medicaid", LineOfBusiness.MEDICAID, "800-555-0127"),
        ("Unity", "Part D", LineOfBusiness.MEDICARE_PART_D, "800-555-0142"),
        ("Medicare", "Part B", LineOfBusiness.MEDICARE_PART_B, "800-555-0155"),
        ("Prairie", "PPO", LineOfBusiness.COMMERCIAL, "800-555-0163"),
    )
    plans = {}
    for payer_name, name, line, phone in rows:
        payer = Payer(id=new_id(), clinic_id=clinic.id, name=payer_name, phone=phone, entered_by=ENTERED_BY)
        payer.open_days, payer.hours_zone = "12345", ZONES.get(payer_name, "America/New_York")
        payer.opens_minute, payer.closes_minute = 8 * 60, 18 * 60
        plan = Plan(
            id=new_id(),
            clinic_id=clinic.id,
            payer_id=payer.id,
            name=name,
            line_of_business=line,
            entered_by=ENTERED_BY,
        )
        session.add(payer)
        session.flush()
        session.add(plan)
        session.flush()
        plans[payer_name] = plan
    for payer_name in plans:
        _rules(session, plans[payer_name], payer_name)
    session.flush()
    return plans


def _rules(session: Db, plan: Plan, payer: str) -> None:
    """Prairie's file leaves the flags blank; Original Medicare asks for nothing."""
    if payer == "Medicare":
        return
    known = payer != "Prairie"
    rule = FormularyRule(
        id=new_id(),
        clinic_id=plan.clinic_id,
        plan_id=plan.id,
        code="J7502",
        starts_on=date(2025, 1, 1),
        covered=True if known else None,
        prior_authorization=True if known else None,
        quantity_limit=(payer == "Acme Health") if known else None,
        max_days_supply=90,
        step_therapy=(payer == "Unity") if known else None,
        source=f"{payer} formulary 2026",
        verified_on=date(2026, 1, 5),
        verified_by="Ana Ruiz",
        entered_by=ENTERED_BY,
    )
    if payer == "Acme Health":
        rule.limit_quantity, rule.limit_per_days = Decimal(180), 30
        rule.limit_unit, rule.limit_method = "capsule", LimitMethod.PER_FILL
    if payer == "Unity":
        rule.steps = [_topical_first(plan.clinic_id), _methotrexate_first(plan.clinic_id)]
    if known:
        rule.papers_asked, rule.papers = True, _papers(plan.clinic_id)
    session.add(rule)


def _papers(clinic_id: str) -> list[RulePaper]:
    """A chart note of the last half year and a recent lab."""
    asked = (
        (DocumentKind.CHART_NOTE, 180, "stable on the drug"),
        (DocumentKind.LAB_REPORT, 90, "creatinine"),
    )
    return [
        RulePaper(id=new_id(), clinic_id=clinic_id, position=place, kind=kind, max_age_days=days, note=note)
        for place, (kind, days, note) in enumerate(asked, 1)
    ]


def _topical_first(clinic_id: str) -> RuleStep:
    return RuleStep(
        id=new_id(),
        clinic_id=clinic_id,
        position=1,
        need=1,
        options=["betamethasone", "calcipotriene"],
        min_days=28,
        outcomes=["inadequate_response", "intolerance"],
    )


def _methotrexate_first(clinic_id: str) -> RuleStep:
    return RuleStep(
        id=new_id(),
        clinic_id=clinic_id,
        position=2,
        need=1,
        options=["methotrexate", "acitretin"],
        min_days=90,
        lookback_days=365,
        outcomes=["inadequate_response", "intolerance", "contraindication"],
    )


# ------------------------------------------------------------------------------------------- patients


def _patient(
    session: Db,
    clinic: Clinic,
    plans: dict[str, Plan],
    people: list[User],
    today: date,
    chance: Random,
    number: int,
) -> str:
    story = STORIES.get(number, quiet)
    family, given = FAMILIES[number % len(FAMILIES)], GIVENS[(number * 7) % len(GIVENS)]
    patient = Patient(
        id=new_id(),
        clinic_id=clinic.id,
        mrn=str(100200 + number),
        family=family,
        given=given,
        name_key=name_key(family, given),
        birth_date=date(1945 + (number * 11) % 50, 1 + number % 12, 1 + (number * 5) % 28),
        indication=Indication.KIDNEY_TRANSPLANT,
        owner_id=people[number % 2].id if number % 9 else None,
        entered_by=ENTERED_BY,
    )
    session.add(patient)
    session.flush()
    session.add(PatientCheck(patient_id=patient.id, clinic_id=clinic.id))
    left = 3 + number % 12 if number in STORIES else 11 + chance.randrange(19)
    last = _therapy(session, patient, today + timedelta(days=left), number)
    story(Told(session, patient, plans, today, last))
    session.flush()
    return patient.id


def _therapy(session: Db, patient: Patient, run_out: date, number: int) -> Fill:
    """A transplant two to nine years ago, a regimen, and six fills that run out on `run_out`."""
    on = {"clinic_id": patient.clinic_id, "patient_id": patient.id, "entered_by": ENTERED_BY}
    transplanted = run_out - timedelta(days=800 + 97 * (number % 25))
    caps = 2 + 2 * (number % 2)
    session.add(
        Transplant(
            id=new_id(),
            organ=Organ.KIDNEY,
            on_date=transplanted,
            part_a_at_transplant=True,
            approved_facility=True,
            **on,
        )
    )
    session.add(
        Regimen(
            id=new_id(),
            drug="cyclosporine",
            formulation=Formulation.MODIFIED,
            form=Form.CAPSULE,
            strengths_mg=["100", "25"],
            dose_mg=Decimal(100 * caps // 2),
            doses_per_day=2,
            days_supply=30,
            starts_on=run_out - timedelta(days=400),
            ordered_on=run_out - timedelta(days=400),
            **on,
        )
    )
    fills = [
        Fill(
            id=new_id(),
            on_date=run_out - timedelta(days=30 * back),
            days_supply=30,
            formulation=Formulation.MODIFIED,
            claim_status=ClaimStatus.PAID,
            unit_rows=[FillUnit(clinic_id=patient.clinic_id, code="J7502", units=30 * caps)],
            **on,
        )
        for back in range(6, 0, -1)
    ]
    session.add_all(fills)
    session.flush()
    return fills[-1]
