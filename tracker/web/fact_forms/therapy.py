"""What the patient takes, and what was or will be dispensed."""

from typing import Any

from wtforms import BooleanField, ValidationError

from tracker.rules import catalogue
from tracker.rules.words import ClaimStatus, Drug, Form, Formulation, OverrideKind
from tracker.web.fact_forms.base import FactForm, Group, Needed, Scene, StrengthsField, TokensField
from tracker.web.fact_forms.codes import units_of
from tracker.web.forms import ChoiceField, CleanStringField, DateField, NumberField, WholeField, WordField

UNITS_NOTE = "Billing units, not milligrams. Leave all empty if the units are not known."


class RegimenForm(FactForm):
    drug = WordField("Drug", Drug, [Needed("Choose the drug.")], blank=None, default=Drug.CYCLOSPORINE)
    formulation = WordField("Formulation", Formulation, blank="Not known, or only one")
    form = WordField("Form", Form, [Needed("Choose the form.")], blank=None, default=Form.CAPSULE)
    strengths_mg = StrengthsField(
        "Capsule or tablet strengths, mg", description="As in 100, 25. Needed for these forms."
    )
    dose_mg = NumberField("Single dose, mg", [Needed("Give the single dose.")])
    doses_per_day = WholeField("Doses a day", [Needed("Give the doses a day.")], low=1, high=24)
    days_supply = WholeField(
        "Usual days supply", [Needed("Give the days supply.")], low=1, high=365, default=30
    )
    starts_on = DateField("From", [Needed("Give the first day.")])
    ends_on = DateField("Through", description="That day still counts. Leave empty while it goes on.")
    ordered_on = DateField("Ordered on")

    def validate_formulation(self, each: Any) -> None:
        if each.errors or self.drug.errors:
            return
        drug = Drug(str(self.drug.data))
        if each.data is not None and each.data not in catalogue.FORMULATIONS.get(drug, ()):
            raise ValidationError(f"{drug.label.capitalize()} has no {each.data.label} formulation.")
        if each.data is None and drug in catalogue.FORMULATION_REQUIRED:
            raise ValidationError("Choose the formulation: its billing code depends on it.")

    def validate_strengths_mg(self, each: Any) -> None:
        if self.form.data in {Form.CAPSULE, Form.TABLET} and not each.data and not each.errors:
            raise ValidationError("Give the strengths, as in 100, 25.")

    def values(self) -> dict[str, Any]:
        found = super().values()
        return {**found, "drug": found["drug"].value, "strengths_mg": found["strengths_mg"] or []}


def unit_groups(form: Any, note: str) -> list[Group]:
    """The units of each code, then those of a code not listed."""
    own = [f"units_{code}" for code in form.codes]
    other = ["code_other", "units_other"]
    return [Group("Units", own, note, beside=True), Group("", other, beside=True)]


class FillForm(FactForm):
    """Units fields are added per code of the patient's drug."""

    on_date = DateField("Dispensed on", [Needed("Give the day.")])
    days_supply = WholeField("Days supply", [Needed("Give the days supply.")], low=1, high=365, default=30)
    formulation = WordField("Formulation", Formulation, blank="Not on file")
    authorization_id = ChoiceField("Charged to authorization", blank="The one that covers it")
    claim_status = WordField("Claim", ClaimStatus, blank="Not on file")
    claim_carc = CleanStringField("Claim adjustment reason (CARC)", longest=10)
    claim_rarc = TokensField("Remark codes (RARC)")
    claim_received_on = DateField("Answer received on")
    modifiers = TokensField("Modifiers", description="As in KX")
    ndc = CleanStringField("NDC dispensed", longest=20)
    reversed = BooleanField("Reversed", description="Its units and days are given back.")
    sequence = WholeField(
        "Number on that day", low=1, high=9, default=1, description="2 for a second fill of the same day"
    )

    def prepare(self, scene: Scene) -> None:
        self.authorization_id.offer(scene.authorizations)

    def validate_on_date(self, each: Any) -> None:
        if each.data and each.data > self.today:
            raise ValidationError("This day is still to come: plan the fill instead.")

    @classmethod
    def codes_on(cls, row: Any) -> list[str]:
        return [unit.code for unit in row.unit_rows]

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        units = {f"units_{unit.code}": unit.units for unit in row.unit_rows}
        return {**super().initial(row), **units}

    def values(self) -> dict[str, Any]:
        found = super().values()
        lists = {"modifiers": found["modifiers"] or [], "claim_rarc": found["claim_rarc"] or []}
        return {**found, **lists, "sequence": found["sequence"] or 1, "units": units_of(self)}

    def layout(self) -> list[Group]:
        claim = ["claim_status", "claim_received_on", "claim_carc", "claim_rarc", "modifiers"]
        return [
            Group("What was dispensed", ["on_date", "days_supply", "formulation", "ndc"], beside=True),
            *unit_groups(self, UNITS_NOTE),
            Group("The claim", claim, beside=True),
            Group("Charged to", ["authorization_id", "reversed", "sequence"]),
        ]


class PlannedFillForm(FactForm):
    """Units fields are added per code of the patient's drug."""

    on_date = DateField("Planned for", [Needed("Give the day.")])
    days_supply = WholeField("Days supply", [Needed("Give the days supply.")], low=1, high=365, default=30)
    formulation = WordField("Formulation", Formulation, blank="As the regimen")
    override_kind = WordField("Override", OverrideKind, blank="None")
    override_reason = CleanStringField("Reason", longest=500)
    override_person = CleanStringField("Granted by")
    override_on = DateField("Granted on")

    @classmethod
    def codes_on(cls, row: Any) -> list[str]:
        return list(row.units or {})

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        units = {f"units_{code}": count for code, count in (row.units or {}).items()}
        return {**super().initial(row), **units}

    def validate_override_kind(self, each: Any) -> None:
        rest: list[Any] = [self.override_reason, self.override_person, self.override_on]
        if each.data and not all(part.data or part.process_errors for part in rest):
            raise ValidationError("An override needs its reason, who granted it and when.")
        if not each.data and any(part.data for part in rest):
            raise ValidationError("Choose the kind of override, or empty its reason, person and date.")

    def values(self) -> dict[str, Any]:
        return {**super().values(), "units": units_of(self)}

    def layout(self) -> list[Group]:
        override = ["override_kind", "override_reason", "override_person", "override_on"]
        return [
            Group("What is planned", ["on_date", "days_supply", "formulation"]),
            *unit_groups(self, "Leave all empty: worked out from the regimen."),
            Group("Refill-too-soon override", override, "Only if the payer lets an early fill pass."),
        ]


class RefillContactForm(FactForm):
    on_date = DateField("Contact on", [Needed("Give the day.")])
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
