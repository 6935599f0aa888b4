"""The rule behind every finding, as a sentence a coordinator would say, with where it comes from.

`source` None: the payer's own rule for the fill is the source.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from tracker.rules import parameters
from tracker.rules.parameters import Parameter
from tracker.rules.words import AlertCode


@dataclass(frozen=True, slots=True)
class RuleText:
    sentence: str
    source: str | None = None
    verified_on: date | None = None


def _by(sentence: str, parameter: Parameter[object]) -> RuleText:
    return RuleText(sentence, parameter.source, parameter.verified_on)


def _own(sentence: str, section: str) -> RuleText:
    return RuleText(sentence, f"Rulebook {section}")


_IN_FORCE = "A fill needs an authorization of the paying plan in force on its date"
_PARTIAL = (
    "What was asked and what was approved are kept apart; less than asked bites where the approval ends."
)
_DECIDED = "A payer decides within its clock; a request past it is overdue."
_REPLY = "A payer that asks for information waits until its reply date, else 14 days."
_REFILL = "A refill falls due on the first day without drug."
_APPEAL = "An appeal is filed by the day the notice gives, else within the days its line of business allows."
_LABELLED = "Cyclosporine for psoriasis or rheumatoid arthritis"
_MODIFIER = "A claim's modifiers must be true of the patient, of the drug and of each other."

RULE_TEXTS: Mapping[AlertCode, RuleText] = {
    AlertCode.PA_EXPIRED: RuleText(
        f"{_IN_FORCE}. The last day of an authorization counts, the next does not."
    ),
    AlertCode.PA_DENIED: RuleText(f"{_IN_FORCE}. A denied request is none."),
    AlertCode.PA_WRONG_PAYER: RuleText(f"{_IN_FORCE}. One of another plan is of no use."),
    AlertCode.PA_UNITS_EXHAUSTED: RuleText(f"{_IN_FORCE}, with units left for every billing code."),
    AlertCode.PA_UNITS_INSUFFICIENT: RuleText(f"{_IN_FORCE}, with units left for the whole fill."),
    AlertCode.PA_UNITS_LOW: RuleText(f"{_IN_FORCE}, with units left: fewer than two fills are left."),
    AlertCode.PA_MISSING: RuleText(f"{_IN_FORCE}."),
    AlertCode.PA_EXPIRES_BEFORE_REFILL: RuleText(
        f"{_IN_FORCE}. The day of the fill counts, not the days it lasts."
    ),
    AlertCode.PA_EXPIRING: RuleText(
        f"{_IN_FORCE}. Authorizations without a hole are one chain; its end counts."
    ),
    AlertCode.PA_GAP: RuleText(
        f"{_IN_FORCE}. Between two authorizations that do not touch, no day is covered."
    ),
    AlertCode.PA_NOT_YET_EFFECTIVE: RuleText(f"{_IN_FORCE}. Before its first day it covers nothing."),
    AlertCode.PA_MISSING_FOR_CODE: RuleText(f"{_IN_FORCE}, with a line for every billing code of the fill."),
    AlertCode.PA_PRODUCT_MISMATCH: RuleText(f"{_IN_FORCE}, for the product that is dispensed."),
    AlertCode.REFILL_AT_RISK: RuleText(f"{_IN_FORCE}. A request that is not decided is none."),
    AlertCode.PA_PARTIAL: _own(_PARTIAL, "7.1"),
    AlertCode.PA_PENDED_INFO_NEEDED: _own(_REPLY, "7.6"),
    AlertCode.PA_DECISION_OVERDUE: _own(_DECIDED, "7.5"),
    AlertCode.NOT_COVERED: RuleText("The plan must cover the drug, or have granted a formulary exception."),
    AlertCode.NO_COVERAGE: _own("Some coverage must be in force on the day of the fill.", "5.1"),
    AlertCode.QL_EXCEEDED: RuleText("A fill stays within the plan's quantity limit; equal passes."),
    AlertCode.DAYS_SUPPLY_EXCEEDED: RuleText(
        "A fill's days supply stays within the plan's limit; equal passes."
    ),
    AlertCode.STEP_THERAPY_UNMET: RuleText("Every step of the plan must be met by trials on file."),
    AlertCode.STEP_LOOKBACK_EXPIRED: RuleText("A trial counts if it ended within the plan's look-back."),
    AlertCode.BENEFIT_ROUTE_MISMATCH: RuleText(
        "Part B pays for the drug after a covered transplant with Part A then and Part B now; else Part D.",
        "CMS Policy Article A52474",
        date(2026, 11, 23),
    ),
    AlertCode.COVERAGE_ENDING: _own(
        "Without a coverage that follows, no fill is paid after the last day.", "4.4"
    ),
    AlertCode.COVERAGE_CHANGE: _own("A plan change ends the use of the old plan's authorizations.", "4.4"),
    AlertCode.NEW_ORDER_REQUIRED: RuleText(
        "Under Part B a new dose or frequency needs an order dated on or after its start.",
        "DME MAC documentation checklist, Immunosuppressive Drugs",
        date(2026, 11, 23),
    ),
    AlertCode.DELIVERY_TOO_EARLY: _by(
        "A Part B refill is delivered no sooner than 10 days before the supply ends.",
        parameters.DELIVERY_DAYS,
    ),
    AlertCode.REFILL_AFFIRMATION_MISSING: _by(
        "A Part B refill needs a documented yes from 30 days before the supply ends.", parameters.CONTACT_DAYS
    ),
    AlertCode.REFILL_CONTACT_TOO_EARLY: _by(
        "Contact for a Part B refill counts from 30 days before the supply ends.", parameters.CONTACT_DAYS
    ),
    AlertCode.CLAIM_RESUBMIT: _own("A denied fill that a later approval covers can be billed again.", "7.7"),
    AlertCode.KX_NOT_SUPPORTED: _own(_MODIFIER, "8"),
    AlertCode.MODIFIER_CONFLICT: _own(_MODIFIER, "8"),
    AlertCode.MODIFIER_NOT_APPLICABLE: _own(_MODIFIER, "8"),
    AlertCode.CODE_MISMATCH: RuleText(
        "A fill is billed under its own drug's codes.", "CMS HCPCS alpha-numeric file", date(2026, 11, 23)
    ),
    AlertCode.DOSE_OVER_LABEL_MAX: _by(
        f"{_LABELLED}: at most 4.0 mg per kg and day.", parameters.DOSE_MAX_MG_PER_KG
    ),
    AlertCode.FORMULATION_SWITCH: RuleText(
        "Modified and non-modified products share a code and are not interchangeable.",
        "Neoral prescribing information",
        date(2026, 11, 23),
    ),
    AlertCode.SUPPLY_GAP: _own("A late fill leaves days without drug between run-out and its date.", "3.1"),
    AlertCode.REFILL_DUE: _own(_REFILL, "3.3"),
    AlertCode.REFILL_TOO_SOON: RuleText(
        "The payer pays for a refill once enough of the last one is used up."
    ),
    AlertCode.THERAPY_DURATION_LIMIT: _by(
        "Psoriasis: more than one year of continuous use is not recommended.", parameters.DURATION_YEARS
    ),
    AlertCode.THERAPY_DURATION_LIMIT_NEAR: _by(
        "Psoriasis: more than one year of continuous use is not recommended.", parameters.DURATION_YEARS
    ),
    AlertCode.DOSE_NOT_CAPSULE_DIVISIBLE: _own(
        "Each dose is made of whole capsules or tablets; never rounded.", "2.1"
    ),
    AlertCode.LAB_OVERDUE: _by(
        f"{_LABELLED}: creatinine every 14 days for 3 months, then monthly.", parameters.LAB_FIRST_DAYS
    ),
    AlertCode.APPEAL_DEADLINE: _own(_APPEAL, "8"),
    AlertCode.RULE_UNVERIFIED: RuleText(
        "What the payer's file or the chart leaves blank is neither passed nor failed."
    ),
    AlertCode.TRANSITION_FILL_AVAILABLE: _by(
        "A new Part D plan pays a transition fill in the first 90 days.", parameters.TRANSITION_DAYS
    ),
    AlertCode.CONTINUITY_WINDOW_ACTIVE: _by(
        "A new Medicare Advantage plan asks no PA for a running course for 90 days.",
        parameters.CONTINUITY_DAYS,
    ),
}
