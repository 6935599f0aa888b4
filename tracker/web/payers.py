"""Payers, their plans, and what each plan asks for: pages, and adding and changing them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func
from sqlalchemy.orm import selectinload

from tracker import clock
from tracker.db import db
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.rules import catalogue
from tracker.services import decision_times, facts, payers
from tracker.services.blast_radius import Blast, blast_radius
from tracker.services.clinic_day import day_in
from tracker.services.errors import Conflict, Refused
from tracker.web import access, conflict
from tracker.web.blast_page import preview
from tracker.web.fact_forms.base import FactForm, Scene
from tracker.web.payer_forms import PayerForm, PlanForm, RuleForm

blueprint = Blueprint("payers", __name__, url_prefix="/payers")


@blueprint.get("/")
def index() -> ResponseReturnValue:
    query = (
        access.scoped(Payer)
        .options(selectinload(Payer.plans).selectinload(Plan.rules))
        .order_by(func.lower(Payer.name))
    )
    return render_template("payers/index.html", payers=db.session.execute(query).scalars().all())


@blueprint.get("/<payer_id>")
def payer(payer_id: str) -> ResponseReturnValue:
    found = access.find_or_404(Payer, payer_id)
    times = decision_times.decision_times(db.session, clinic_id=access.current_clinic_id(), payer_id=found.id)
    return render_template("payers/payer.html", payer=found, times=times, enough=decision_times.ENOUGH)


@blueprint.get("/plans/<plan_id>")
def plan(plan_id: str) -> ResponseReturnValue:
    found = access.find_or_404(Plan, plan_id)
    return render_template("payers/plan.html", plan=found, label_of=catalogue.label_of)


@blueprint.get("/rules/<rule_id>")
def rule(rule_id: str) -> ResponseReturnValue:
    found = access.find_or_404(FormularyRule, rule_id)
    versions = [each for each in found.plan.rules if each.code == found.code]
    return render_template(
        "payers/rule.html",
        rule=found,
        versions=versions,
        today=access.today(),
        label_of=catalogue.label_of,
    )


@blueprint.route("/new", methods=["GET", "POST"])
def add_payer() -> ResponseReturnValue:
    return _add(Payer, PayerForm(), {}, "payer", url_for("payers.index"))


@blueprint.route("/<payer_id>/change", methods=["GET", "POST"])
def change_payer(payer_id: str) -> ResponseReturnValue:
    return _change(Payer, payer_id, PayerForm)


@blueprint.route("/<payer_id>/plans/new", methods=["GET", "POST"])
def add_plan(payer_id: str) -> ResponseReturnValue:
    owner = access.find_or_404(Payer, payer_id)
    return _add(Plan, PlanForm(), {"payer_id": owner.id}, f"plan of {owner.name}", _home(owner))


@blueprint.route("/plans/<plan_id>/change", methods=["GET", "POST"])
def change_plan(plan_id: str) -> ResponseReturnValue:
    return _change(Plan, plan_id, PlanForm)


@blueprint.route("/plans/<plan_id>/rules/new", methods=["GET", "POST"])
def add_rule(plan_id: str) -> ResponseReturnValue:
    owner = access.find_or_404(Plan, plan_id)
    form = RuleForm(data={"starts_on": access.today().replace(month=1, day=1)})
    return _add(FormularyRule, form, {"plan_id": owner.id}, f"rule of {_title(owner)}", _home(owner))


@blueprint.route("/rules/<rule_id>/version", methods=["GET", "POST"])
def new_version(rule_id: str) -> ResponseReturnValue:
    """The same rule from another day on: the old version ends the day before."""
    old = access.find_or_404(FormularyRule, rule_id)
    form = RuleForm(data={**RuleForm.initial(old), "starts_on": None, "verified_on": None})
    form.prepare(Scene())
    name, back = f"new version of {_name(old)}", _home(old)
    if not form.validate_on_submit():
        return _page(form, name, None, back), 422 if form.is_submitted() else 200
    values = {**form.values(), "plan_id": old.plan_id}

    def work() -> Any:
        return payers.new_version(db.session, old, values, actor=access.current_actor(), now=clock.now())

    try:
        blast = _blast(FormularyRule, [old.plan_id], work)
        if blast is not None:
            return preview(form, name, back, blast)
        row = work()
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(form, name, None, back), 422
    return _saved(row, "added")


@blueprint.route("/rules/<rule_id>/change", methods=["GET", "POST"])
def change_rule(rule_id: str) -> ResponseReturnValue:
    return _change(FormularyRule, rule_id, RuleForm)


def _add(
    model: type[Any], form: FactForm, more: Mapping[str, Any], name: str, back: str
) -> ResponseReturnValue:
    form.prepare(Scene())
    if not form.validate_on_submit():
        return _page(form, name, None, back), 422 if form.is_submitted() else 200
    values = {**form.values(), **more}

    def work() -> Any:
        _fits(model, values, None)
        return facts.add(
            db.session,
            model,
            values,
            clinic_id=access.current_clinic_id(),
            actor=access.current_actor(),
            now=clock.now(),
        )

    try:
        blast = _blast(model, [more["plan_id"]] if "plan_id" in more else [], work)
        if blast is not None:
            return preview(form, name, back, blast)
        row = work()
    except Refused as refused:
        db.session.rollback()
        form.fail(str(refused), refused.field)
        return _page(form, name, None, back), 422
    return _saved(row, "added")


def _change(model: type[Any], row_id: str, form_class: type[FactForm]) -> ResponseReturnValue:
    row = access.find_or_404(model, row_id)
    form = _filled(form_class, row)
    if not form.validate_on_submit():
        return _page(form, _name(row), row, _home(row)), 422 if form.is_submitted() else 200
    values, read, actor = form.values(), form.read_version, access.current_actor()

    def work() -> None:
        _fits(model, values, row)
        facts.change(db.session, row, values, version=read, actor=actor, now=clock.now())

    try:
        blast = _blast(model, _plans_of(row), work)
        if blast is not None:
            return preview(form, _name(row), _home(row), blast)
        work()
    except Conflict:
        return _conflicting(form, model, row_id)
    except Refused as refused:
        db.session.rollback()
        row = access.find_or_404(model, row_id)
        form.fail(str(refused), refused.field)
        return _page(form, _name(row), row, _home(row)), 422
    return _saved(row, "saved")


def _blast(model: type[Any], plan_ids: Sequence[str], work: Callable[[], object]) -> Blast | None:
    """What the change would do, if a person must see it first: a plan's or a rule's that touches someone."""
    if model is Payer or not plan_ids or request.form.get("seen") == "y":
        return None
    clinic = access.current_clinic()
    found = blast_radius(db.session, clinic, plan_ids=plan_ids, today=day_in(clinic, clock.now()), apply=work)
    return found if found.impacts or found.partial else None


def _filled(form_class: type[FactForm], row: Any, **source: Any) -> FactForm:
    form = form_class(data=form_class.initial(row), **source)
    form.prepare(Scene())
    return form


def _fits(model: type[Any], values: Mapping[str, Any], row: Any) -> None:
    """Raises Refused for a rule that holds at the same time as another of its code."""
    if model is FormularyRule:
        payers.refuse_overlap(
            db.session,
            plan_id=row.plan_id if row else values["plan_id"],
            code=values["code"],
            starts_on=values["starts_on"],
            ends_on=values["ends_on"],
            but=row.id if row else None,
        )


def _conflicting(form: FactForm, model: type[Any], row_id: str) -> ResponseReturnValue:
    db.session.rollback()
    row = access.find_or_404(model, row_id)
    on_file = _filled(type(form), row, formdata=None)
    return conflict.page(mine=form, on_file=on_file, row=row, title=f"Change {_name(row)}", back=_home(row))


def _page(form: FactForm, name: str, row: Any, back: str) -> str:
    if row is not None and not form.is_submitted():
        form.version.data = str(row.version)
    return render_template("payers/form.html", form=form, name=name, row=row, action=request.path, back=back)


def _saved(row: Any, done: str) -> ResponseReturnValue:
    back, word = _home(row), facts.WORDS[row.__tablename__]
    clinic_id = access.current_clinic_id()
    count = payers.marked_count(db.session, clinic_id=clinic_id, plan_ids=_plans_of(row))
    db.session.commit()
    noun = "patient is" if count == 1 else "patients are"
    flash(f"{word.capitalize()} {done}. {count} {noun} marked for a new check.")
    return redirect(back, 303)


def _plans_of(row: Any) -> list[str]:
    if isinstance(row, FormularyRule):
        return [row.plan_id]
    return [row.id] if isinstance(row, Plan) else [plan.id for plan in row.plans]


def _name(row: Any) -> str:
    """What a record is, for a heading."""
    if isinstance(row, FormularyRule):
        return f"rule of {_title(row.plan)}"
    return f"plan of {row.payer.name}" if isinstance(row, Plan) else "payer"


def _title(owner: Plan) -> str:
    return f"{owner.payer.name} {owner.name}"


def _home(row: Any) -> str:
    """The page of a record."""
    if isinstance(row, FormularyRule):
        return url_for("payers.rule", rule_id=row.id)
    if isinstance(row, Plan):
        return url_for("payers.plan", plan_id=row.id)
    return url_for("payers.payer", payer_id=row.id)
