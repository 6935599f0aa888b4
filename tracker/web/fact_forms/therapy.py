"""What the patient takes, and what was or will be dispensed."""

from typing import Any

from wtforms import BooleanField

from tracker.rules import catalogue
from tracker.rules.words import ClaimStatus, Drug, Form, Formulation, OverrideKind
from tracker.web.fact_forms.base import (
    FactForm,
    Group,
    Needed,
    Scene,
    StrengthsField,
    TokensField,
    asked,
    units_of,
)
from tracker.web.forms import ChoiceField, CleanStringField, DateField, NumberField, WholeField, WordField

UNITS_NOTE = "Billing units, not milligrams. Leave all empty if the units are not known."


class RegimenForm(FactForm):
    drug = WordField("Drug", Drug, [Needed("Choose the drug.")], blank=None, default=Drug.CYCLOSPORINE)
    formulation = WordField("Formulation", Formulation, blank="Not known, or only one")
    form = WordField("Form", Form, [Needed("Choose the form.")], blank=None, default=Form.CAPSULE)
    strengths_mg = StrengthsField("Capsule or tablet strengths, mg", description="As in 100, 25")
    dose_mg = NumberField("Single dose, mg", [asked("Give the single dose.")])
    doses_per_day = WholeField("Doses a day", [asked("Give the doses a day.")], low=1, high=24)
    days_supply = WholeField(
        "Usual days supply", [asked("Give the days supply.")], low=1, high=365, default=30
    )
    starts_on = DateField("From", [asked("Give the first day.")])
    ends_on = DateField("Through", description="That day still counts. Leave empty while it goes on.")
    ordered_on = DateField("Ordered on")

    def validate_formulation(self, each: Any) -> None:
        drug = Drug(str(self.drug.data))
        if each.data is not None and each.data not in catalogue.FORMULATIONS.get(drug, ()):
            raise ValueError(f"{drug.label.capitalize()} has no {each.data.label} formulation.")
        if each.data is None and drug in catalogue.FORMULATION_REQUIRED:
            raise ValueError("Choose the formulation: its billing code depends on it.")

    def validate_strengths_mg(self, each: Any) -> None:
        if self.form.data in {Form.CAPSULE, Form.TABLET} and not each.data and not each.typed:
            raise ValueError("Give the strengths, as in 100, 25.")

    def values(self) -> dict[str, Any]:
        found = super().values()
        return {**found, "drug": found["drug"].value, "strengths_mg": found["strengths_mg"] or []}


class FillForm(FactForm):
    """Units fields are added per code of the patient's drug."""

    on_date = DateField("Dispensed on", [asked("Give the day.")])
    days_supply = WholeField("Days supply", [asked("Give the days supply.")], low=1, high=365, default=30)
    formulation = WordField("Formulation", Formulation, blank="Not on file")
    authorization_id = ChoiceField("Charged to authorization", blank="The one that covers it")
    claim_status = WordField("Claim", ClaimStatus, blank="Not on file")
    claim_carc = CleanStringField("Claim adjustment reason (CARC)", longest=10)
    claim_rarc = TokensField("Remark codes (RARC)")
    claim_received_on = DateField("Answer received on")
    modifiers = TokensField("Modifiers", description="As in KX")
    reversed = BooleanField("Reversed", description="Its units and days are given back.")
    sequence = WholeField("Number on that day", low=1, high=9, default=1)

    def prepare(self, scene: Scene) -> None:
        self.authorization_id.offer(scene.authorizations)

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        units = {f"units_{unit.code}": unit.units for unit in row.unit_rows}
        return {**super().initial(row), **units}

    def values(self) -> dict[str, Any]:
        found = {k: v for k, v in super().values().items() if not k.startswith("units_")}
        lists = {"modifiers": found["modifiers"] or [], "claim_rarc": found["claim_rarc"] or []}
        return {**found, **lists, "sequence": found["sequence"] or 1, "units": units_of(self)}

    def layout(self) -> list[Group]:
        units = [each.name for each in self if each.name.startswith("units_")]
        return [
            Group("What was dispensed", ["on_date", "days_supply", "formulation", "sequence"]),
            Group("Units", units, UNITS_NOTE, beside=True),
            Group(
                "The claim",
                ["claim_status", "claim_carc", "claim_rarc", "claim_received_on", "modifiers"],
            ),
            Group("Charged to", ["authorization_id", "reversed"]),
        ]


class PlannedFillForm(FactForm):
    """Units fields are added per code of the patient's drug."""

    on_date = DateField("Planned for", [asked("Give the day.")])
    days_supply = WholeField("Days supply", [asked("Give the days supply.")], low=1, high=365, default=30)
    formulation = WordField("Formulation", Formulation, blank="As the regimen")
    override_kind = WordField("Override", OverrideKind, blank="None")
    override_reason = CleanStringField("Reason", longest=500)
    override_person = CleanStringField("Granted by")
    override_on = DateField("Granted on")

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        units = {f"units_{code}": count for code, count in (row.units or {}).items()}
        return {**super().initial(row), **units}

    def validate_override_kind(self, each: Any) -> None:
        rest = [self.override_reason.data, self.override_person.data, self.override_on.data]
        if each.data and not all(rest):
            raise ValueError("An override needs its reason, who granted it and when.")
        if not each.data and any(rest):
            raise ValueError("Choose the kind of override, or empty its reason, person and date.")

    def values(self) -> dict[str, Any]:
        found = {k: v for k, v in super().values().items() if not k.startswith("units_")}
        return {**found, "units": units_of(self)}

    def layout(self) -> list[Group]:
        units = [each.name for each in self if each.name.startswith("units_")]
        override = ["override_kind", "override_reason", "override_person", "override_on"]
        return [
            Group("What is planned", ["on_date", "days_supply", "formulation"]),
            Group("Units", units, "Leave all empty: worked out from the regimen.", beside=True),
            Group("Refill-too-soon override", override, "Only if the payer lets an early fill pass."),
        ]


class RefillContactForm(FactForm):
    on_date = DateField("Contact on", [asked("Give the day.")])
    affirmed = ChoiceField(
        "The patient said",
        pairs=[("yes", "Yes, please refill"), ("no", "No, not now")],
        blank="Answer not on file",
    )

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        return {**super().initial(row), "affirmed": {True: "yes", False: "no", None: None}[row.affirmed]}

    def values(self) -> dict[str, Any]:
        return {**super().values(), "affirmed": {"yes": True, "no": False}.get(str(self.affirmed.data))}
