"""What to do first about each finding, in words: the first line of a worklist's row.

It points at the act and is no advice: what would clear the finding stands in its proof.
"""

from collections.abc import Mapping

from tracker.rules.words import AlertCode

FIRST_ACT: Mapping[AlertCode, str] = {
    AlertCode.PA_EXPIRED: "Renew the PA",
    AlertCode.PA_DENIED: "Answer the denial of the PA",
    AlertCode.PA_WRONG_PAYER: "Ask the present plan for a PA",
    AlertCode.PA_UNITS_EXHAUSTED: "Ask for more units",
    AlertCode.PA_MISSING: "Ask for a PA",
    AlertCode.NOT_COVERED: "Ask for a formulary exception",
    AlertCode.NO_COVERAGE: "Enter the new coverage",
    AlertCode.PA_EXPIRES_BEFORE_REFILL: "Renew the PA",
    AlertCode.PA_GAP: "Plan an early fill, or move the PA start",
    AlertCode.PA_NOT_YET_EFFECTIVE: "Ask for an earlier start of the PA",
    AlertCode.PA_MISSING_FOR_CODE: "Add the missing code to the PA",
    AlertCode.PA_PRODUCT_MISMATCH: "Ask for a PA of this product",
    AlertCode.PA_UNITS_INSUFFICIENT: "Ask for more units",
    AlertCode.REFILL_AT_RISK: "Get the payer's answer",
    AlertCode.QL_EXCEEDED: "Ask for a quantity override",
    AlertCode.DAYS_SUPPLY_EXCEEDED: "Shorten the days supply",
    AlertCode.STEP_THERAPY_UNMET: "Prove the missing step, or ask for an exception",
    AlertCode.STEP_LOOKBACK_EXPIRED: "Ask for an exception with the old trial",
    AlertCode.PA_EXPIRING: "Start the renewal",
    AlertCode.PA_PARTIAL: "Ask for what was not approved",
    AlertCode.PA_PENDED_INFO_NEEDED: "Send the papers the payer asked for",
    AlertCode.PA_DECISION_OVERDUE: "Call the payer about the decision",
    AlertCode.BENEFIT_ROUTE_MISMATCH: "Correct the ranks of the coverages",
    AlertCode.COVERAGE_ENDING: "Enter the coverage that follows",
    AlertCode.NEW_ORDER_REQUIRED: "Get a new order",
    AlertCode.DELIVERY_TOO_EARLY: "Move the delivery to a later day",
    AlertCode.REFILL_AFFIRMATION_MISSING: "Contact the patient, write down the answer",
    AlertCode.REFILL_CONTACT_TOO_EARLY: "Contact the patient again",
    AlertCode.CLAIM_RESUBMIT: "Resubmit the denied claim",
    AlertCode.KX_NOT_SUPPORTED: "Check the KX modifier",
    AlertCode.MODIFIER_CONFLICT: "Correct the modifiers",
    AlertCode.MODIFIER_NOT_APPLICABLE: "Take the modifier off",
    AlertCode.CODE_MISMATCH: "Correct the billing code",
    AlertCode.DOSE_OVER_LABEL_MAX: "Review the dose with the clinician",
    AlertCode.FORMULATION_SWITCH: "Confirm the formulation with the clinician",
    AlertCode.SUPPLY_GAP: "Call the patient about the days without drug",
    AlertCode.REFILL_DUE: "Arrange the refill",
    AlertCode.PA_UNITS_LOW: "Ask for more units in time",
    AlertCode.COVERAGE_CHANGE: "Confirm the plan that follows",
    AlertCode.REFILL_TOO_SOON: "Move the fill to a later day",
    AlertCode.THERAPY_DURATION_LIMIT: "Review the one-year limit with the clinician",
    AlertCode.THERAPY_DURATION_LIMIT_NEAR: "Review the one-year limit with the clinician",
    AlertCode.DOSE_NOT_CAPSULE_DIVISIBLE: "Check the dose and its strengths",
    AlertCode.LAB_OVERDUE: "Get the creatinine result",
    AlertCode.APPEAL_DEADLINE: "File the appeal",
    AlertCode.RULE_UNVERIFIED: "Verify the rule with the payer",
    AlertCode.TRANSITION_FILL_AVAILABLE: "Use the transition fill",
    AlertCode.CONTINUITY_WINDOW_ACTIVE: "Use the continuity window",
}

# Causes that are worked on together: what waits for an answer, and what is to be renewed.
ANSWERS = (
    AlertCode.REFILL_AT_RISK,
    AlertCode.PA_PENDED_INFO_NEEDED,
    AlertCode.PA_DECISION_OVERDUE,
    AlertCode.APPEAL_DEADLINE,
)
RENEWALS = (
    AlertCode.PA_EXPIRED,
    AlertCode.PA_UNITS_EXHAUSTED,
    AlertCode.PA_EXPIRES_BEFORE_REFILL,
    AlertCode.PA_UNITS_INSUFFICIENT,
    AlertCode.PA_EXPIRING,
    AlertCode.PA_UNITS_LOW,
)


def first_act(code: str) -> str:
    """What to do first; a code of an older version speaks for itself."""
    return FIRST_ACT[AlertCode(code)] if code in AlertCode.__members__ else f"Look into {code}"
