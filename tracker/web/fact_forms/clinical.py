"""Step trials, weights and labs."""

from tracker.rules.words import TrialOutcome
from tracker.web.fact_forms.base import FactForm, Needed
from tracker.web.forms import CleanStringField, CleanTextField, DateField, NumberField, WordField


class TrialForm(FactForm):
    drug = CleanStringField(
        "Drug tried", [Needed("Name the drug, as the plan's rule names it.")], longest=100
    )
    starts_on = DateField("From")
    ends_on = DateField("Through")
    dose = CleanStringField("Dose", description="As in 15 mg a week")
    outcome = WordField("Outcome", TrialOutcome, blank="Not on file")
    reason = CleanTextField("Response, reason")
    documented_on = DateField("Documented in the chart on")


class WeightForm(FactForm):
    on_date = DateField("Weighed on", [Needed("Give the day.")])
    kg = NumberField("Weight, kg", [Needed("Give the weight.")], low="0.1", high="700")


class LabForm(FactForm):
    kind = CleanStringField("Test", [Needed("Name the test.")], longest=60, default="creatinine")
    on_date = DateField("Drawn on", [Needed("Give the day.")])
