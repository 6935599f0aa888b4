"""What-if: try changed facts on a patient, see both answers side by side, then save or let go."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from wtforms import HiddenField, ValidationError

from tracker import clock
from tracker.db import db
from tracker.models.patient import Coverage, Patient
from tracker.models.payer import Payer, Plan
from tracker.models.therapy import PlannedFill, Regimen
from tracker.rules import facts
from tracker.rules import what_if as rules
from tracker.rules.words import AuthorizationKind, AuthorizationStatus
from tracker.services import checking, what_if
from tracker.services.errors import Conflict, Refused
from tracker.services.what_if import Preview
from tracker.web import access
from tracker.web.fact_forms.base import Group
from tracker.web.fact_forms.codes import own_codes, unit_label
from tracker.web.facts import alerts_said
from tracker.web.forms import (
    BaseForm,
    ChoiceField,
    CleanStringField,
    DateField,
    NumberField,
    WholeField,
    WordField,
)

blueprint = Blueprint("what_if", __name__, url_prefix="/patients/<patient_id>/what-if")
LEFT_OUT = {"csrf_token", "seen"}


class WhatIfForm(BaseForm):
    """Every field is optional; those of one group belong together. `units_<code>` are added per code."""

    seen = HiddenField()
    coverage_id = ChoiceField("Coverage that ends", blank="None")
    coverage_ends_on = DateField("Its last day")
    plan_id = ChoiceField("New plan", blank="None")
    plan_from = DateField("From")
    member_id = CleanStringField("Member ID", longest=60)
    therapy_from = DateField("Changed from")
    dose_mg = NumberField("Single dose, mg")
    doses_per_day = WholeField("Doses a day", low=1, high=24)
    days_supply = WholeField("Usual days supply", low=1, high=365)
    pa_plan_id = ChoiceField("Plan", blank="No new authorization")
    pa_kind = WordField("Kind", AuthorizationKind, blank=None, default="prior_authorization")
    pa_status = ChoiceField("Status", blank=None, default="approved")
    pa_number = CleanStringField("PA number", longest=60)
    pa_from = DateField("Approved from")
    pa_to = DateField("Approved through", description="That day still counts.")
    fill_on = DateField("Fill on")
    fill_days = WholeField("Days supply", low=1, high=365)
    fill_instead_of = ChoiceField("In place of", blank="No planned fill")
    codes: Sequence[str] = ()

    def prepare(self, patient: Patient) -> None:
        """Set what its lists offer: this clinic's plans, this patient's coverages and planned fills."""
        plans, coverages = _plans(), _of_patient(Coverage, patient)
        names = dict(plans)
        statuses = (AuthorizationStatus.APPROVED, AuthorizationStatus.SUBMITTED)
        self.plan_id.offer(plans)
        self.pa_plan_id.offer(plans)
        self.pa_status.offer([(each.value, each.label) for each in statuses])
        self.coverage_id.offer(
            [
                (each.id, f"{names.get(each.plan_id, 'plan')}, {each.starts_on} to {each.ends_on or 'open'}")
                for each in coverages
            ]
        )
        self.ranks = {each.id: each.rank for each in coverages}
        planned = [each for each in _of_patient(PlannedFill, patient) if each.on_date >= self.today]
        self.fill_instead_of.offer([(each.on_date.isoformat(), str(each.on_date)) for each in planned])

    def validate_coverage_ends_on(self, each: Any) -> None:
        _both(each, self.coverage_id, "Give its last day.", "Choose the coverage that ends on that day.")

    def validate_plan_from(self, each: Any) -> None:
        _both(each, self.plan_id, "Give the first day in the new plan.", "Choose the new plan.")

    def validate_therapy_from(self, each: Any) -> None:
        doses = [self.dose_mg, self.doses_per_day, self.days_supply]
        if any(part.data for part in doses) and not each.data and not each.errors:
            raise ValidationError("Give the day from which this holds.")
        if each.data and not any(part.data or part.errors for part in doses):
            raise ValidationError("Say what changes on that day: dose, doses a day or days supply.")

    def validate_pa_plan_id(self, each: Any) -> None:
        units = [self[f"units_{code}"] for code in self.codes]
        rest = [self.pa_from, self.pa_to, self.pa_number, *units]
        if not each.data and any(part.data is not None for part in rest):
            raise ValidationError("Choose the plan of the new authorization.")

    def validate_fill_on(self, each: Any) -> None:
        if each.data and each.data < self.today:
            raise ValidationError("This day is over: log the fill instead.")
        if not each.data and not each.errors and (self.fill_days.data or self.fill_instead_of.data):
            raise ValidationError("Give the day of the fill.")

    def validate_fill_days(self, each: Any) -> None:
        if self.fill_on.data and not each.data and not each.errors:
            raise ValidationError("Give the days supply.")

    def wish(self) -> rules.WhatIf:
        """What was asked for, as the rules read it."""
        return rules.WhatIf(
            coverage_end=self._coverage_end(),
            coverage=self._coverage(),
            therapy=self._therapy(),
            authorization=self._authorization(),
            planned_fill=facts.PlannedFill(self.fill_on.data, self.fill_days.data)
            if self.fill_on.data
            else None,
            instead_of=self._instead_of(),
        )

    def _coverage_end(self) -> rules.CoverageEnd | None:
        ends_on: date | None = self.coverage_ends_on.data
        if not self.coverage_id.data or ends_on is None:
            return None
        return rules.CoverageEnd(str(self.coverage_id.data), ends_on)

    def _coverage(self) -> facts.Coverage | None:
        """Of the rank of the coverage whose place it takes, else the first."""
        starts_on: date | None = self.plan_from.data
        if not self.plan_id.data or starts_on is None:
            return None
        return facts.Coverage(
            id=rules.NEW_COVERAGE,
            plan=str(self.plan_id.data),
            member_id=self.member_id.data,
            starts_on=starts_on,
            rank=self.ranks.get(str(self.coverage_id.data), 1),
        )

    def _therapy(self) -> rules.Therapy | None:
        if not self.therapy_from.data:
            return None
        dose: Decimal | None = self.dose_mg.data
        return rules.Therapy(self.therapy_from.data, dose, self.doses_per_day.data, self.days_supply.data)

    def _authorization(self) -> facts.Authorization | None:
        if not self.pa_plan_id.data:
            return None
        units = {code: self[f"units_{code}"].data for code in self.codes}
        lines = [facts.AuthorizationLine(code, n) for code, n in units.items() if n is not None]
        return facts.Authorization(
            id=rules.NEW_AUTHORIZATION,
            kind=AuthorizationKind(str(self.pa_kind.data)),
            number=self.pa_number.data,
            plan=str(self.pa_plan_id.data),
            status=AuthorizationStatus(str(self.pa_status.data)),
            starts_on=self.pa_from.data,
            ends_on=self.pa_to.data,
            lines=tuple(lines),
        )

    def _instead_of(self) -> date | None:
        chosen = self.fill_instead_of.data
        return date.fromisoformat(str(chosen)) if chosen else None

    def layout(self) -> list[Group]:
        """What can be changed, group by group."""
        units = [f"units_{code}" for code in self.codes]
        pa = ["pa_plan_id", "pa_kind", "pa_status", "pa_number", "pa_from", "pa_to", *units]
        return [
            Group(
                "Plan", ["coverage_id", "coverage_ends_on", "plan_id", "plan_from", "member_id"], beside=True
            ),
            Group(
                "Therapy", ["therapy_from", "dose_mg", "doses_per_day", "days_supply"], THERAPY, beside=True
            ),
            Group("New authorization", pa, UNITS, beside=True),
            Group("Planned fill", ["fill_on", "fill_days", "fill_instead_of"], beside=True),
        ]


THERAPY = "What is left empty stays as it is."
UNITS = "Units left empty: no code is named, every code is authorized without a unit limit."


def _both(day: Any, choice: Any, no_day: str, no_choice: str) -> None:
    """A choice and its day stand together."""
    if choice.data and not day.data and not day.errors:
        raise ValidationError(no_day)
    if day.data and not choice.data:
        raise ValidationError(no_choice)


@blueprint.get("")
def form(patient_id: str) -> ResponseReturnValue:
    patient = access.find_or_404(Patient, patient_id)
    return _page(patient, _form(patient), None)


@blueprint.post("")
def preview(patient_id: str) -> ResponseReturnValue:
    """Both answers. What is tried travels in the body, so no address or log holds a patient's facts."""
    patient = access.find_or_404(Patient, patient_id)
    tried = _form(patient)
    found = _preview(patient, tried)
    return _page(patient, tried, found), 200 if found else 422


@blueprint.post("/accept")
def accept(patient_id: str) -> ResponseReturnValue:
    """Save exactly what the preview showed, or show what has become of it."""
    patient = access.find_or_404(Patient, patient_id)
    tried = _form(patient)
    if not _complete(tried):
        return _page(patient, tried, None), 422
    try:
        what_if.accept(
            db.session,
            tried.wish(),
            clinic_id=patient.clinic_id,
            patient_id=patient.id,
            seen=str(tried.seen.data or ""),
            on=access.today(),
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Conflict:
        return _conflicting(patient_id)
    except Refused as refused:
        db.session.rollback()
        tried.fail(str(refused), refused.field)
        return _page(access.find_or_404(Patient, patient_id), tried, None), 422
    outcome = checking.last_outcome(db.session)
    db.session.commit()
    flash(f"Changes saved and checked. {alerts_said(outcome)}")
    return redirect(url_for("patients.show", patient_id=patient_id), 303)


def _conflicting(patient_id: str) -> ResponseReturnValue:
    """The same change, compared again with the facts as they are by now."""
    db.session.rollback()
    patient = access.find_or_404(Patient, patient_id)
    tried = _form(patient)
    found = _preview(patient, tried)
    last = what_if.last_change(db.session, clinic_id=patient.clinic_id, patient_id=patient.id)
    return _page(patient, tried, found, stale=True, last=last), 409


def _form(patient: Patient) -> WhatIfForm:
    codes = own_codes(_of_patient(Regimen, patient), (), ())
    fields: dict[str, Any] = {
        f"units_{code}": WholeField(unit_label(code, "units approved")) for code in codes
    }
    made: WhatIfForm = type("WhatIfForm", (WhatIfForm,), {**fields, "codes": tuple(codes)})()
    made.prepare(patient)
    return made


def _complete(tried: WhatIfForm) -> bool:
    """Valid, and something is changed."""
    if not tried.validate_on_submit():
        return False
    if tried.wish() == rules.WhatIf():
        tried.fail("Nothing is changed yet. Fill in one of the groups.")
        return False
    return True


def _preview(patient: Patient, tried: WhatIfForm) -> Preview | None:
    """None where it cannot be made; the form says why."""
    if not _complete(tried):
        return None
    try:
        return what_if.preview(
            db.session, tried.wish(), clinic_id=patient.clinic_id, patient_id=patient.id, on=access.today()
        )
    except Refused as refused:
        tried.fail(str(refused), refused.field)
        return None


def _page(
    patient: Patient, tried: WhatIfForm, found: Preview | None, *, stale: bool = False, last: Any = None
) -> str:
    sent = [(each.name, each._value()) for each in tried if hasattr(each, "_value")]
    chosen = [(each.name, each.data or "") for each in tried if not hasattr(each, "_value")]
    return render_template(
        "what_if/page.html",
        patient=patient,
        form=tried,
        found=found,
        stale=stale,
        last=last,
        today=access.today(),
        may_save=access.may_act(),
        sent=[(name, value) for name, value in (*sent, *chosen) if name not in LEFT_OUT and value],
    )


def _plans() -> list[tuple[str, str]]:
    query = (
        select(Plan.id, Payer.name, Plan.name)
        .join(Payer, Payer.id == Plan.payer_id)
        .where(Plan.clinic_id == access.current_clinic_id())
        .order_by(Payer.name, Plan.name)
    )
    return [(plan_id, f"{payer} {name}".strip()) for plan_id, payer, name in db.session.execute(query)]


def _of_patient(model: type[Any], patient: Patient) -> Sequence[Any]:
    query = access.scoped(model).where(model.patient_id == patient.id).order_by(model.id)
    return db.session.execute(query).scalars().all()
