"""Who pays: coverages, and the transplant that decides which part of Medicare does."""

from tracker.rules.words import MedicareBasis, Organ
from tracker.web.fact_forms.base import FactForm, Needed, Scene
from tracker.web.forms import (
    ChoiceField,
    CleanStringField,
    DateField,
    WholeField,
    WordField,
    YesNoUnknownField,
)


class CoverageForm(FactForm):
    plan_id = ChoiceField("Plan", [Needed("Choose the plan.")], blank="Choose")
    member_id = CleanStringField("Member ID", longest=60)
    starts_on = DateField("From", [Needed("Give the first day.")])
    ends_on = DateField("Through", description="That day still counts. Leave empty while it goes on.")
    rank = WholeField(
        "Rank", [Needed("Give the rank.")], low=1, high=9, default=1, description="1 pays first"
    )
    medicare_basis = WordField("Medicare because of", MedicareBasis, blank="Not known, or not Medicare")

    def prepare(self, scene: Scene) -> None:
        self.plan_id.offer(scene.plans)


class TransplantForm(FactForm):
    organ = WordField("Organ", Organ, blank="Not known")
    on_date = DateField("Transplant on")
    part_a_at_transplant = YesNoUnknownField("Medicare Part A at the transplant")
    approved_facility = YesNoUnknownField("Done in a Medicare-approved facility")
    discharged_on = DateField("Discharged on")
