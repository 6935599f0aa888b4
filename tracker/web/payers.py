"""Payers, their plans, and what each plan asks for: lists and forms."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import selectinload
from wtforms import BooleanField, FieldList, Form, FormField, SelectMultipleField
from wtforms.fields import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from tracker import clock
from tracker.db import db
from tracker.models.patient import PatientCheck
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.rules import catalogue
from tracker.rules.words import LimitMethod, LineOfBusiness, TrialOutcome
from tracker.services import facts
from tracker.services.errors import Conflict, Refused
from tracker.web import access, conflict
from tracker.web.fact_forms.authorizations import check_limit, limit_units
from tracker.web.fact_forms.base import FactForm, Group, Needed, asked
from tracker.web.forms import (
    ChoiceField,
    CleanStringField,
    DateField,
    NumberField,
    WholeField,
    WordField,
    YesNoUnknownField,
)

blueprint = Blueprint("payers", __name__, url_prefix="/payers")
MOST_STEPS = 4
ACCEPTED = (TrialOutcome.INADEQUATE_RESPONSE, TrialOutcome.INTOLERANCE, TrialOutcome.CONTRAINDICATION)


class PayerForm(FactForm):
    name = CleanStringField("Name", [Needed("Give the payer's name.")])
    phone = CleanStringField("Phone", longest=60)
    fax = CleanStringField("Fax", longest=60)
    hours = CleanStringField("Open hours")
    portal = CleanStringField("Portal", longest=300)


class PlanForm(FactForm):
    name = CleanStringField("Name of the plan", [Needed("Give the plan's name.")])
    line_of_business = WordField(
        "Line of business", LineOfBusiness, [Needed("Choose the line of business.")], blank="Choose"
    )
    decision_hours_standard = WholeField(
        "Hours to decide, standard", low=1, high=8760, description="Empty: the usual clock of its line"
    )
    decision_hours_expedited = WholeField("Hours to decide, expedited", low=1, high=8760)


class StepForm(Form):
    """One step; a step without options is left out."""

    need = WholeField("How many of them", low=1, high=9)
    options = CleanStringField("Drugs, with commas between", longest=500)
    min_days = WholeField("Days at least", low=1, high=3650)
    lookback_days = WholeField("Look-back, days", low=1, high=3650)
    outcomes = SelectMultipleField(
        "Accepted outcomes",
        choices=[SelectChoice(word.value, word.label) for word in ACCEPTED],
        default=[word.value for word in ACCEPTED],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    document_required = BooleanField("A document is required")

    def drugs(self) -> list[str]:
        return [name.strip() for name in (self.options.data or "").split(",") if name.strip()]

    def validate_options(self, each: Any) -> None:
        if not each.data:
            return
        if (self.need.data or 1) > len(self.drugs()):
            raise ValueError("More drugs are needed than are named.")
        if not self.outcomes.data:
            raise ValueError("Tick the outcomes that count.")

    def values(self) -> dict[str, Any]:
        return {
            "need": self.need.data or 1,
            "options": self.drugs(),
            "min_days": self.min_days.data,
            "lookback_days": self.lookback_days.data,
            "outcomes": list(self.outcomes.data or []),
            "document_required": bool(self.document_required.data),
        }


class RuleForm(FactForm):
    code = ChoiceField("Billing code", [Needed("Choose the code.")], blank="Choose")
    starts_on = DateField("In force from", [asked("Give the first day.")])
    ends_on = DateField("In force through", description="That day still counts. Leave empty while it holds.")
    covered = YesNoUnknownField("Covered")
    prior_authorization = YesNoUnknownField("Prior authorization asked")
    prior_authorization_new_starts_only = BooleanField("Only of patients new to the drug")
    quantity_limit = YesNoUnknownField("Quantity limit")
    limit_quantity = NumberField("Quantity")
    limit_per_days = WholeField("per days", low=1, high=365)
    limit_unit = ChoiceField("counted in", pairs=limit_units(), blank="Choose")
    limit_method = WordField("by", LimitMethod, blank="Choose")
    limit_max_per_day = NumberField("At most a day")
    max_days_supply = WholeField("Longest days supply", low=1, high=365)
    refill_threshold_percent = WholeField("Refill allowed after, % used", low=1, high=100)
    step_therapy = YesNoUnknownField("Step therapy")
    step_new_starts_only = BooleanField("Steps only of patients new to the drug")
    steps = FieldList(FormField(StepForm), min_entries=MOST_STEPS, max_entries=MOST_STEPS)
    source = CleanStringField("Source", longest=300, description="Document and page, or its address")
    verified_on = DateField("Verified on")
    verified_by = CleanStringField("Verified by")

    def validate_quantity_limit(self, each: Any) -> None:
        check_limit(self, each)
        if self.limit_quantity.data and each.answer is not True:
            raise ValueError("Say yes, or empty the limit below.")

    def validate_step_therapy(self, each: Any) -> None:
        if any(step.form.drugs() for step in self.steps) and each.answer is not True:
            raise ValueError("Say yes, or empty the steps below.")

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        steps = [{**_step(step), "options": ", ".join(step.options)} for step in row.steps]
        return {**super().initial(row), "steps": steps}

    def values(self) -> dict[str, Any]:
        steps = [step.form.values() for step in self.steps if step.form.drugs()]
        flags = ("prior_authorization_new_starts_only", "step_new_starts_only")
        found = super().values()
        return {**found, **{name: bool(found[name]) for name in flags}, "steps": steps}

    def layout(self) -> list[Group]:
        limit = ["limit_quantity", "limit_per_days", "limit_unit", "limit_method", "limit_max_per_day"]
        return [
            Group("Which drug, which days", ["code", "starts_on", "ends_on"]),
            Group("What it asks", ["covered", "prior_authorization", "prior_authorization_new_starts_only"]),
            Group("Quantity limit", ["quantity_limit", *limit], "As in 180 per 30 days.", beside=True),
            Group("Refills", ["max_days_supply", "refill_threshold_percent"], beside=True),
            Group("Step therapy", ["step_therapy", "step_new_starts_only"]),
        ]


def _step(step: Any) -> dict[str, Any]:
    names = ("need", "options", "min_days", "lookback_days", "outcomes", "document_required")
    return {name: getattr(step, name) for name in names}


@blueprint.get("/")
def index() -> ResponseReturnValue:
    query = (
        access.scoped(Payer)
        .options(selectinload(Payer.plans).selectinload(Plan.rules))
        .order_by(func.lower(Payer.name))
    )
    return render_template("payers/index.html", payers=db.session.execute(query).scalars().all())


@blueprint.get("/plans/<plan_id>")
def plan(plan_id: str) -> ResponseReturnValue:
    return render_template(
        "payers/plan.html", plan=access.find_or_404(Plan, plan_id), label_of=catalogue.label_of
    )


@blueprint.route("/new", methods=["GET", "POST"])
def add_payer() -> ResponseReturnValue:
    return _add(Payer, PayerForm(), {}, "payer")


@blueprint.route("/<payer_id>/change", methods=["GET", "POST"])
def change_payer(payer_id: str) -> ResponseReturnValue:
    return _change(Payer, payer_id, PayerForm, "payer")


@blueprint.route("/<payer_id>/plans/new", methods=["GET", "POST"])
def add_plan(payer_id: str) -> ResponseReturnValue:
    payer = access.find_or_404(Payer, payer_id)
    return _add(Plan, PlanForm(), {"payer_id": payer.id}, f"plan of {payer.name}")


@blueprint.route("/plans/<plan_id>/change", methods=["GET", "POST"])
def change_plan(plan_id: str) -> ResponseReturnValue:
    return _change(Plan, plan_id, PlanForm, "plan")


@blueprint.route("/plans/<plan_id>/rules/new", methods=["GET", "POST"])
def add_rule(plan_id: str) -> ResponseReturnValue:
    owner = access.find_or_404(Plan, plan_id)
    form = _prepared(RuleForm(data={"starts_on": access.today().replace(month=1, day=1)}))
    return _add(FormularyRule, form, {"plan_id": owner.id}, f"rule of {owner.payer.name} {owner.name}")


@blueprint.route("/rules/<rule_id>/change", methods=["GET", "POST"])
def change_rule(rule_id: str) -> ResponseReturnValue:
    return _change(FormularyRule, rule_id, RuleForm, "rule")


def _prepared(form: FactForm) -> FactForm:
    if isinstance(form, RuleForm):
        form.code.offer([(each.code, f"{each.code}: {each.text}") for each in catalogue.CODES])
    return form


def _add(model: type[Any], form: FactForm, more: Mapping[str, Any], name: str) -> ResponseReturnValue:
    if not form.validate_on_submit():
        return _page(form, name, None), 422 if form.is_submitted() else 200
    try:
        row = facts.add(
            db.session,
            model,
            {**form.values(), **more},
            clinic_id=access.current_clinic_id(),
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(form, name, None), 422
    return _saved(row, "added")


def _change(model: type[Any], row_id: str, form_class: type[FactForm], name: str) -> ResponseReturnValue:
    row = access.find_or_404(model, row_id)
    form = _prepared(form_class(data=form_class.initial(row)))
    if not form.validate_on_submit():
        return _page(form, name, row), 422 if form.is_submitted() else 200
    try:
        facts.change(
            db.session,
            row,
            form.values(),
            version=form.read_version,
            actor=access.current_actor(),
            now=clock.now(),
        )
    except Conflict:
        db.session.rollback()
        row = access.find_or_404(model, row_id)
        on_file = _prepared(form_class(formdata=None, data=form_class.initial(row)))
        return conflict.page(mine=form, on_file=on_file, row=row, title=name.capitalize(), back=_home(row))
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(form, name, access.find_or_404(model, row_id)), 422
    return _saved(row, "saved")


def _page(form: FactForm, name: str, row: Any) -> str:
    if row is not None and not form.is_submitted():
        form.version.data = str(row.version)
    return render_template("payers/form.html", form=form, name=name, row=row, action=request.path)


def _saved(row: Any, done: str) -> ResponseReturnValue:
    back, word = _home(row), facts.WORDS[row.__tablename__]
    due = _due_count()
    db.session.commit()
    follow = f" {due} patients are checked again within a minute." if due else ""
    flash(f"{word.capitalize()} {done}.{follow}")
    return redirect(back, 303)


def _due_count() -> int:
    query = select(func.count()).where(PatientCheck.clinic_id == access.current_clinic_id(), PatientCheck.due)
    return db.session.execute(query).scalar_one()


def _home(row: Any) -> str:
    if isinstance(row, FormularyRule):
        return url_for("payers.plan", plan_id=row.plan_id)
    if isinstance(row, Plan):
        return url_for("payers.plan", plan_id=row.id)
    return url_for("payers.index")
