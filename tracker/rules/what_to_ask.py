"""What to ask a payer at the telephone about each finding, so that the call ends with an answer.

It is no advice on what the payer must do; what would clear the finding stands in its proof.
"""

from collections.abc import Mapping

from tracker.rules.words import AlertCode

DECIDED = "Is it decided? If not: what is missing, who has it, and by when?"
RENEWAL = "How is the renewal asked for, and can it start on the day after the end?"
UNITS = "Can units be added, or is a new authorization needed?"
SPEED = "Can it be decided before that day, or be treated as expedited?"
ASK: Mapping[str, str] = {
    AlertCode.PA_DECISION_OVERDUE: DECIDED,
    AlertCode.REFILL_AT_RISK: f"{DECIDED} {SPEED}",
    AlertCode.PA_PENDED_INFO_NEEDED: "Which papers exactly, to which fax or portal, and by what hour?",
    AlertCode.APPEAL_DEADLINE: "Where does the appeal go, and how is its receipt confirmed?",
    AlertCode.PA_EXPIRED: f"How is the renewal asked for, and from which day can it run? {SPEED}",
    AlertCode.PA_EXPIRES_BEFORE_REFILL: RENEWAL,
    AlertCode.PA_EXPIRING: RENEWAL,
    AlertCode.PA_GAP: "Can the new authorization start earlier, to close the gap?",
    AlertCode.PA_NOT_YET_EFFECTIVE: "Can the authorization start earlier?",
    AlertCode.PA_MISSING: f"Is an authorization needed, and on which form? {SPEED}",
    AlertCode.PA_WRONG_PAYER: "Is an authorization needed here, or is the former plan's honoured for a time?",
    AlertCode.PA_MISSING_FOR_CODE: "Can the code be added to the authorization, or is a new one needed?",
    AlertCode.PA_PRODUCT_MISMATCH: "Can the product be changed on the authorization, or is a new one needed?",
    AlertCode.PA_UNITS_EXHAUSTED: UNITS,
    AlertCode.PA_UNITS_INSUFFICIENT: UNITS,
    AlertCode.PA_UNITS_LOW: UNITS,
    AlertCode.PA_PARTIAL: "Why was less approved than asked, and how is the rest asked for?",
    AlertCode.PA_DENIED: "What was missing, is a peer-to-peer call possible, and until when can be appealed?",
    AlertCode.QL_EXCEEDED: "On which form is a quantity override asked for, and what must it show?",
    AlertCode.DAYS_SUPPLY_EXCEEDED: "How many days are permitted at once?",
    AlertCode.STEP_THERAPY_UNMET: "Which trials are on file there, and how is an exception asked for?",
    AlertCode.STEP_LOOKBACK_EXPIRED: "Is the old trial accepted, and how is an exception asked for?",
    AlertCode.NOT_COVERED: "How is a formulary exception asked for, and what must it show?",
    AlertCode.NO_COVERAGE: "Which plan pays from that day on? (Ask the patient: plan, member ID, first day.)",
    AlertCode.COVERAGE_ENDING: "Which plan follows? (Ask the patient: plan, member ID, first day.)",
    AlertCode.CLAIM_RESUBMIT: "What must be corrected for the claim to be paid?",
}
OTHERWISE = "What is needed so that the fill is paid?"
PROMISED = "An answer was promised by then: what is it?"


def what_to_ask(code: str) -> str:
    """The question about a finding."""
    return ASK.get(code, OTHERWISE)
