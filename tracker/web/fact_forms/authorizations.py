"""A payer's decision: what was asked stands beside what was approved. And the denials of it."""

from collections.abc import Sequence
from typing import Any

from wtforms import BooleanField

from tracker.rules import catalogue
from tracker.rules.words import (
    AuthorizationKind,
    AuthorizationStatus,
    DenialLevel,
    Formulation,
    LimitMethod,
)
from tracker.web.fact_forms.base import FactForm, Group, MomentField, Needed, Scene, TokensField
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
    given = [part for part in parts if part.data]
    if given and len(given) < len(parts):
        raise ValueError("Give quantity, days, what is counted and how, or none of them.")
    if form.limit_max_per_day.data and not given:
        raise ValueError("A daily maximum needs the quantity limit it belongs to.")


class AuthorizationForm(FactForm):
    """Asked and approved units are added per code of the patient's drug."""

    codes: Sequence[str] = ()
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
    limit_quantity = NumberField("Quantity allowed")
    limit_per_days = WholeField("per days", low=1, high=365)
    limit_unit = ChoiceField("counted in", blank="Choose")
    limit_method = WordField("by", LimitMethod, blank="Choose")
    limit_max_per_day = NumberField("At most a day")

    def prepare(self, scene: Scene) -> None:
        self.plan_id.offer(scene.plans)
        self.renews_id.offer(scene.authorizations)
        self.limit_unit.offer(limit_units())
        for each in (self.received_at, self.statement_at):
            each.zone = scene.zone

    def validate_limit_quantity(self, each: Any) -> None:
        check_limit(self, each)

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
        found = {name: value for name, value in super().values().items() if hasattr(AuthorizationForm, name)}
        return {**found, "expedited": bool(found["expedited"]), "lines": self._lines()}

    def _lines(self) -> list[dict[str, Any]]:
        lines = []
        for code in self.codes:
            asked, given = self[f"asked_{code}"].data, self[f"given_{code}"].data
            units, wanted = self[f"given_units_{code}"].data, self[f"asked_units_{code}"].data
            if asked or given or units is not None or wanted is not None:
                lines.append(
                    {
                        "code": code,
                        "approved": bool(given or units is not None),
                        "units": units,
                        "units_used_before": self[f"used_{code}"].data or 0,
                        "requested": bool(asked or wanted is not None),
                        "requested_units": wanted,
                    }
                )
        return lines

    def layout(self) -> list[Group]:
        requested = [
            "requested_on",
            "requested_starts_on",
            "requested_ends_on",
            "received_at",
            "statement_at",
        ]
        approved = ["decided_on", "starts_on", "ends_on", "reply_by"]
        lines = [
            name
            for code in self.codes
            for name in (
                f"asked_{code}",
                f"given_{code}",
                f"asked_units_{code}",
                f"given_units_{code}",
                f"used_{code}",
            )
        ]
        limit = ["limit_quantity", "limit_per_days", "limit_unit", "limit_method", "limit_max_per_day"]
        return [
            Group("", ["plan_id", "kind", "status", "number", "formulation", "renews_id"], beside=True),
            Group("Asked", [*requested, "expedited"], beside=True),
            Group("Approved", approved, beside=True),
            Group("Codes and units", lines, CODES_NOTE, beside=True),
            Group("Quantity limit override", limit, "Only for that kind: the limit it grants.", beside=True),
            Group("", ["reason"]),
        ]


CODES_NOTE = "Tick no code if the payer named none: then every code is authorized, without a unit limit."


def line_fields(codes: Sequence[str]) -> dict[str, Any]:
    """For each code: asked and approved, each with its units, and what was used before."""
    fields: dict[str, Any] = {"codes": tuple(codes)}
    for code in codes:
        text = catalogue.label_of(code)
        fields[f"asked_{code}"] = BooleanField(f"{code} asked", description=text)
        fields[f"given_{code}"] = BooleanField(f"{code} approved")
        fields[f"asked_units_{code}"] = WholeField(f"{code} units asked", description="Empty: no limit")
        fields[f"given_units_{code}"] = WholeField(f"{code} units approved", description="Empty: no limit")
        fields[f"used_{code}"] = WholeField(f"{code} units used before the fills on file")
    return fields


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
            raise ValueError("Choose the denied fill or the denied authorization, one of them.")

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        return {**super().initial(row), "rarc": (row.rarc or "").split() or None}

    def values(self) -> dict[str, Any]:
        found = super().values()
        return {**found, "rarc": " ".join(found["rarc"] or []) or None}
