"""A payer's decision: what was asked stands beside what was approved. And the denials of it."""

from collections.abc import Callable, Sequence
from typing import Any

from wtforms import BooleanField, ValidationError

from tracker.rules import catalogue
from tracker.rules.words import (
    AuthorizationKind,
    AuthorizationStatus,
    DenialLevel,
    Formulation,
    LimitMethod,
)
from tracker.web.fact_forms.base import (
    FactForm,
    Group,
    MomentField,
    Needed,
    Part,
    Row,
    Scene,
    Sides,
    Table,
    TokensField,
    keep_offered,
)
from tracker.web.fact_forms.codes import OTHER, named_codes, unit_label, with_other
from tracker.web.forms import (
    ChoiceField,
    CleanStringField,
    CleanTextField,
    DateField,
    NumberField,
    WholeField,
    WordField,
)

LIMIT_UNITS = [("capsule", "capsules or tablets"), ("mg", "milligrams")]


def limit_units() -> list[tuple[str, str]]:
    """What a quantity limit can count: capsules, milligrams, or units of one code."""
    return [*LIMIT_UNITS, *((each.code, f"units of {each.code}") for each in catalogue.CODES)]


def check_limit(form: Any, each: Any) -> None:
    """A limit is whole: quantity, days, unit and method, or nothing."""
    parts = [form.limit_quantity, form.limit_per_days, form.limit_unit, form.limit_method]
    if any(part.process_errors for part in parts):
        return
    given = [part for part in parts if part.data]
    if given and len(given) < len(parts):
        raise ValidationError("Give quantity, days, what is counted and how, or none of them.")
    if form.limit_max_per_day.data and not given:
        raise ValidationError("A daily maximum needs the quantity limit it belongs to.")


class AuthorizationForm(FactForm):
    """Asked and approved units are added per code of the patient's drug."""

    plan_id = ChoiceField("Plan", [Needed("Choose the plan.")], blank="Choose")
    kind = WordField(
        "Kind", AuthorizationKind, [Needed("Choose the kind.")], blank=None, default="prior_authorization"
    )
    status = WordField("Status", AuthorizationStatus, [Needed("Choose the status.")], blank="Choose")
    number = CleanStringField("PA number", longest=60)
    formulation = WordField("Only for formulation", Formulation, blank="Any")
    requested_on = DateField("Asked on")
    requested_starts_on = DateField("Asked from")
    requested_ends_on = DateField("Asked through")
    received_at = MomentField("Received by the payer at", description="Starts its clock: 2026-06-05 16:40")
    statement_at = MomentField("Supporting statement at", description="Part D exceptions count from here")
    expedited = BooleanField("Expedited")
    starts_on = DateField("Approved from")
    ends_on = DateField("Approved through", description="That day still counts.")
    decided_on = DateField("Decided on")
    reply_by = DateField("Papers asked by")
    reason = CleanTextField("Reason, or what the payer said")
    renews_id = ChoiceField("Renews", blank="Nothing: it is new")
    pharmacy = CleanStringField("Only at pharmacy")
    prescriber = CleanStringField("Only for prescriber")
    letter_on = DateField("Letter dated", description="Empty until the clinic has it.")
    limit_quantity = NumberField("Quantity allowed")
    limit_per_days = WholeField("Per how many days", low=1, high=365)
    limit_unit = ChoiceField("Counted in", blank="Choose")
    limit_method = WordField("Counted by", LimitMethod, blank="Choose")
    limit_max_per_day = NumberField("At most a day")

    def prepare(self, scene: Scene) -> None:
        self.plan_id.offer(scene.plans)
        self.renews_id.offer(scene.authorizations)
        self.limit_unit.offer(limit_units())
        keep_offered(self.limit_unit)

    def validate_limit_quantity(self, each: Any) -> None:
        check_limit(self, each)

    @classmethod
    def codes_on(cls, row: Any) -> list[str]:
        return [line.code for line in row.lines]

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        lines: dict[str, Any] = {}
        for line in row.lines:
            lines |= {
                f"asked_{line.code}": line.requested,
                f"asked_units_{line.code}": line.requested_units,
                f"given_{line.code}": line.approved,
                f"given_units_{line.code}": line.units,
                f"used_{line.code}": line.units_used_before or None,
            }
        return {**super().initial(row), **lines}

    def values(self) -> dict[str, Any]:
        found = super().values()
        lines = [_line(self, ending, code) for ending, code in named_codes(self)]
        named = [line for line in lines if line["approved"] or line["requested"]]
        return {**found, "expedited": bool(found["expedited"]), "lines": named}

    def layout(self) -> list[Part]:
        first = ["plan_id", "kind", "status", "number", "formulation", "renews_id", "pharmacy", "prescriber"]
        asked = ["requested_on", "requested_starts_on", "requested_ends_on", "received_at", "statement_at"]
        approved = ["decided_on", "letter_on", "starts_on", "ends_on", "reply_by", "reason"]
        limit = ["limit_quantity", "limit_per_days", "limit_unit", "limit_method", "limit_max_per_day"]
        rows = [Row(code, catalogue.label_of(code), _names(code)) for code in self.codes]
        other = Row("", "", _names(OTHER), head="code_other")
        return [
            Group("", first, beside=True),
            Sides([Group("Asked", [*asked, "expedited"]), Group("Approved", approved)]),
            Table("Codes and units", CODES_NOTE, CODE_HEADS, [*rows, other]),
            Group("Quantity limit override", limit, "Only for that kind: the limit it grants.", beside=True),
        ]


CODES_NOTE = (
    "Tick no code if the payer named none: then every code is authorized, without a unit limit. "
    "Units left empty: that code has no unit limit."
)
CODE_HEADS = ("Asked", "Units asked", "Approved", "Units approved", "Used before")
PARTS = ("asked", "asked_units", "given", "given_units", "used")


def _names(ending: str) -> list[str]:
    return [f"{part}_{ending}" for part in PARTS]


def _line(form: Any, ending: str, code: str) -> dict[str, Any]:
    """One code, asked and approved."""
    asked, wanted, given, units, used = (form[name].data for name in _names(ending))
    return {
        "code": code,
        "approved": bool(given),
        "units": units,
        "units_used_before": used or 0,
        "requested": bool(asked),
        "requested_units": wanted,
    }


def line_fields(codes: Sequence[str]) -> dict[str, Any]:
    """For each code, and for one not listed: asked and approved, their units, and those used before."""
    fields: dict[str, Any] = {}
    for ending in (*codes, OTHER):
        code = "Other code" if ending == OTHER else ending
        fields[f"asked_{ending}"] = BooleanField(f"{code} asked")
        fields[f"given_{ending}"] = BooleanField(f"{code} approved")
        fields[f"asked_units_{ending}"] = WholeField(unit_label(code, "units asked"))
        fields[f"given_units_{ending}"] = WholeField(unit_label(code, "units approved"))
        fields[f"used_{ending}"] = WholeField(unit_label(code, "units used before the fills on file"))
        fields[f"validate_asked_units_{ending}"] = _ticked(f"asked_{ending}", "asked")
        fields[f"validate_given_units_{ending}"] = _ticked(f"given_{ending}", "approved")
        fields[f"validate_used_{ending}"] = _of_approved(ending)
    checks = {name: fields.pop(name) for name in list(fields) if name.startswith("validate_")}
    return {**with_other(fields, codes), **checks}


def _ticked(box: str, word: str) -> Callable[[Any, Any], None]:
    """Units typed say the same as the tick; a tick taken away contradicts units left standing."""

    def check(form: Any, each: Any) -> None:
        if each.data is None or form[box].data:
            return
        if form[box].object_data and form.read_version == form.version.object_data:
            raise ValidationError(f"Empty the units, or tick {word} again.")
        form[box].data = True

    return check


def _of_approved(ending: str) -> Callable[[Any, Any], None]:
    def check(form: Any, each: Any) -> None:
        if each.data and not form[f"given_{ending}"].data:
            raise ValidationError("Units can only be used of an approved code: tick approved.")

    return check


class DenialForm(FactForm):
    fill_id = ChoiceField("Denied fill", blank="Not about a fill")
    authorization_id = ChoiceField("Denied authorization", blank="Not about an authorization")
    level = WordField("Appeal level", DenialLevel, [Needed("Choose the level.")], blank="Choose")
    notice_on = DateField("Notice dated")
    received_on = DateField("Notice received on")
    appeal_by = DateField("Appeal by, as the notice says")
    carc = CleanStringField("Claim adjustment reason (CARC)", longest=10)
    rarc = TokensField("Remark codes (RARC)")

    def prepare(self, scene: Scene) -> None:
        self.fill_id.offer(scene.fills)
        self.authorization_id.offer(scene.authorizations)

    def validate_fill_id(self, each: Any) -> None:
        if bool(each.data) == bool(self.authorization_id.data):
            raise ValidationError("Choose the denied fill or the denied authorization, one of them.")

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        return {**super().initial(row), "rarc": (row.rarc or "").split() or None}

    def values(self) -> dict[str, Any]:
        found = super().values()
        return {**found, "rarc": " ".join(found["rarc"] or []) or None}
