"""Forms of payers, their plans, and what each plan asks for."""

from typing import Any

from wtforms import BooleanField, FieldList, Form, FormField, SelectMultipleField, ValidationError
from wtforms.fields import SelectChoice
from wtforms.widgets import CheckboxInput, ListWidget

from tracker.rules import catalogue
from tracker.rules.words import DocumentKind, LimitMethod, LineOfBusiness, TrialOutcome
from tracker.web.fact_forms.authorizations import check_limit, limit_units
from tracker.web.fact_forms.base import FactForm, Group, Needed, Scene, keep_offered
from tracker.web.forms import (
    ChoiceField,
    CleanStringField,
    DateField,
    NumberField,
    WholeField,
    WordField,
    YesNoUnknownField,
)
from tracker.web.open_hours import DAYS, ZONES, ClockField

MOST_STEPS = 4
MOST_PAPERS = 3
MOST_ON_FILE = 20
ACCEPTED = (TrialOutcome.INADEQUATE_RESPONSE, TrialOutcome.INTOLERANCE, TrialOutcome.CONTRAINDICATION)


class PayerForm(FactForm):
    name = CleanStringField("Name", [Needed("Give the payer's name.")])
    phone = CleanStringField("Phone", longest=60)
    fax = CleanStringField("Fax", longest=60)
    portal = CleanStringField("Portal", longest=300)
    open_days = SelectMultipleField(
        "Days on which they answer",
        choices=[SelectChoice(value, name) for value, name in DAYS],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    opens_minute = ClockField("From", description="As in 08:00 or 8 am")
    closes_minute = ClockField("To", description="As in 17:00 or 5 pm")
    break_starts_minute = ClockField("Closed at midday from", description="As in 12:00; empty: no break")
    break_ends_minute = ClockField("Open again from", description="As in 13:00")
    hours_zone = ChoiceField("On the clock of", pairs=ZONES, blank="Choose")
    hours = CleanStringField("Note on the hours", description="As in: press 2 for prior authorization")

    def prepare(self, scene: Scene) -> None:
        keep_offered(self.hours_zone)

    def validate_open_days(self, each: Any) -> None:
        times = (self.opens_minute, self.closes_minute, self.break_starts_minute, self.break_ends_minute)
        if not each.data and any(time.data is not None for time in times):
            raise ValidationError("Tick the days on which they answer, or empty the times.")

    def validate_opens_minute(self, each: Any) -> None:
        if self.open_days.data and each.data is None and not each.process_errors:
            raise ValidationError("Give the time from which they answer, as in 08:00, or untick the days.")

    def validate_closes_minute(self, each: Any) -> None:
        if self.open_days.data and each.data is None and not each.process_errors:
            raise ValidationError("Give the time until which they answer, as in 17:00, or untick the days.")
        opens = self.opens_minute.data
        if each.data is not None and opens is not None and each.data <= opens:
            raise ValidationError(
                "It closes before it opens: give a later time, as in 08:00 to 17:00. Midnight is 24:00."
            )

    def validate_break_starts_minute(self, each: Any) -> None:
        opens = self.opens_minute.data
        if each.data is None:
            if self.break_ends_minute.data is not None and not each.process_errors:
                raise ValidationError("Give the time from which they are closed, or empty the end.")
        elif opens is not None and each.data <= opens:
            raise ValidationError("The break must begin after they open: give a later time, or empty it.")

    def validate_break_ends_minute(self, each: Any) -> None:
        starts, closes = self.break_starts_minute.data, self.closes_minute.data
        if each.data is None:
            if starts is not None and not each.process_errors:
                raise ValidationError("Give the time from which they answer again, as in 13:00.")
        elif (starts is not None and each.data <= starts) or (closes is not None and each.data >= closes):
            raise ValidationError("The break must end after it begins and before they close.")

    def validate_hours_zone(self, each: Any) -> None:
        if self.open_days.data and not each.data:
            raise ValidationError("Choose the clock on which these hours are said: the payer's own.")

    def values(self) -> dict[str, Any]:
        """No days: no hours on file, whatever clock was chosen."""
        found = super().values()
        days = "".join(sorted(self.open_days.data or ()))
        if not days:
            return found | {"open_days": None, "hours_zone": None}
        return found | {"open_days": days}

    def layout(self) -> list[Group]:
        return [Group("", ["name", "phone", "fax", "portal"])]


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
        choices=[SelectChoice(word.value, word.label) for word in TrialOutcome],
        default=[word.value for word in ACCEPTED],
        widget=ListWidget(prefix_label=False),
        option_widget=CheckboxInput(),
    )
    document_required = BooleanField("A document is required")

    def drugs(self) -> list[str]:
        return [name.strip() for name in (self.options.data or "").split(",") if name.strip()]

    def validate_options(self, each: Any) -> None:
        rest = (self.need, self.min_days, self.lookback_days, self.document_required)
        if not each.data and any(part.data or part.process_errors for part in rest):
            raise ValidationError("Name the drugs of this step, or empty its other fields.")
        if each.data and (self.need.data or 1) > len(self.drugs()):
            raise ValidationError("More drugs are needed than are named.")

    def validate_outcomes(self, each: Any) -> None:
        if self.drugs() and not each.data:
            raise ValidationError("Tick the outcomes that count.")

    def said(self) -> str:
        """The step in words; nothing for one that is left out."""
        if not self.drugs():
            return ""
        words = [str(choice.label) for choice in self.outcomes.choices if choice.value in self.outcomes.data]
        parts = [
            f"{self.need.data or 1} of {', '.join(self.drugs())}",
            f"{self.min_days.data} days" if self.min_days.data else "",
            f"look-back {self.lookback_days.data} days" if self.lookback_days.data else "",
            " or ".join(words),
            "with a document" if self.document_required.data else "",
        ]
        return ", ".join(part for part in parts if part)

    def values(self) -> dict[str, Any]:
        return {
            "need": self.need.data or 1,
            "options": self.drugs(),
            "min_days": self.min_days.data,
            "lookback_days": self.lookback_days.data,
            "outcomes": list(self.outcomes.data or []),
            "document_required": bool(self.document_required.data),
        }


class PaperForm(Form):
    """One paper that a request needs; one without a kind is left out."""

    kind = WordField("Paper", DocumentKind, blank="None")
    max_age_days = WholeField("Not older than, days", low=1, high=3650)
    note = CleanStringField("What it must show", longest=200)

    def validate_kind(self, each: Any) -> None:
        if not each.data and (self.max_age_days.data or self.max_age_days.process_errors or self.note.data):
            raise ValidationError("Say which paper this is, or empty its other fields.")

    def said(self) -> str:
        """The paper in words; nothing for one that is left out."""
        if not self.kind.data:
            return ""
        age = f"not older than {self.max_age_days.data} days" if self.max_age_days.data else ""
        label = DocumentKind(str(self.kind.data)).label
        return ", ".join(part for part in (label, age, self.note.data or "") if part)

    def values(self) -> dict[str, Any]:
        return {
            "kind": DocumentKind(str(self.kind.data)),
            "max_age_days": self.max_age_days.data,
            "note": self.note.data,
        }


class RuleForm(FactForm):
    code = ChoiceField("Billing code", [Needed("Choose the code.")], blank="Choose")
    starts_on = DateField("In force from", description="Leave empty if it always held.")
    ends_on = DateField("In force through", description="That day still counts. Leave empty while it holds.")
    covered = YesNoUnknownField("Covered")
    prior_authorization = YesNoUnknownField("Prior authorization asked")
    prior_authorization_new_starts_only = BooleanField("Only of patients new to the drug")
    quantity_limit = YesNoUnknownField("Quantity limit")
    limit_quantity = NumberField("Quantity")
    limit_per_days = WholeField("Per how many days", low=1, high=365)
    limit_unit = ChoiceField("Counted in", blank="Choose")
    limit_method = WordField("Counted by", LimitMethod, blank="Choose")
    limit_max_per_day = NumberField("At most a day")
    max_days_supply = WholeField("Longest days supply", low=1, high=365)
    refill_threshold_percent = WholeField("Refill allowed after, % used", low=1, high=100)
    step_therapy = YesNoUnknownField("Step therapy")
    step_new_starts_only = BooleanField("Steps only of patients new to the drug")
    steps = FieldList(FormField(StepForm), min_entries=MOST_STEPS, max_entries=MOST_ON_FILE)
    papers_asked = YesNoUnknownField("Papers with the request")
    papers = FieldList(FormField(PaperForm), min_entries=MOST_PAPERS, max_entries=MOST_ON_FILE)
    source = CleanStringField("Source", longest=300, description="Document and page, or its address")
    verified_on = DateField("Verified on")
    verified_by = CleanStringField("Verified by")

    def prepare(self, scene: Scene) -> None:
        self.code.offer([(each.code, f"{each.code}: {each.text}") for each in catalogue.CODES])
        self.limit_unit.offer(limit_units())
        keep_offered(self.code)
        keep_offered(self.limit_unit)

    def validate_quantity_limit(self, each: Any) -> None:
        if self.limit_quantity.data and each.answer is not True:
            raise ValidationError("Say yes, or empty the limit below.")

    def validate_limit_quantity(self, each: Any) -> None:
        check_limit(self, each)

    def validate_step_therapy(self, each: Any) -> None:
        if any(step.form.drugs() for step in self.steps) and each.answer is not True:
            raise ValidationError("Say yes, or empty the steps below.")

    def validate_papers_asked(self, each: Any) -> None:
        if any(paper.form.kind.data for paper in self.papers) and each.answer is not True:
            raise ValidationError("Say yes, or empty the papers below.")

    @classmethod
    def initial(cls, row: Any) -> dict[str, Any]:
        papers = [
            {name: getattr(paper, name) for name in ("kind", "max_age_days", "note")} for paper in row.papers
        ]
        steps = [{**_step(step), "options": ", ".join(step.options)} for step in row.steps]
        return {**super().initial(row), "steps": steps, "papers": papers}

    def values(self) -> dict[str, Any]:
        steps = [step.form.values() for step in self.steps if step.form.drugs()]
        papers = [paper.form.values() for paper in self.papers if paper.form.kind.data]
        flags = ("prior_authorization_new_starts_only", "step_new_starts_only")
        found = super().values()
        return {**found, **{name: bool(found[name]) for name in flags}, "steps": steps, "papers": papers}

    def layout(self) -> list[Group]:
        limit = ["limit_quantity", "limit_per_days", "limit_unit", "limit_method", "limit_max_per_day"]
        return [
            Group("Which drug, which days", ["code", "starts_on", "ends_on"]),
            Group("What it asks", ["covered", "prior_authorization", "prior_authorization_new_starts_only"]),
            Group("Quantity limit", ["quantity_limit"], "As in 180 capsules per 30 days."),
            Group("", limit, beside=True),
            Group("Refills", ["max_days_supply", "refill_threshold_percent"], beside=True),
            Group("Step therapy", ["step_therapy", "step_new_starts_only"]),
        ]


def _step(step: Any) -> dict[str, Any]:
    names = ("need", "options", "min_days", "lookback_days", "outcomes", "document_required")
    return {name: getattr(step, name) for name in names}
