"""The words of the product: every enumerated value, stored and spoken the same way everywhere.

Values are those of the case file (rulebook 11). Labels are what a screen says.
"""

from enum import StrEnum


class Word(StrEnum):
    """A stored value with the label that people read."""

    label: str

    def __new__(cls, value: str, label: str = "") -> "Word":
        word = str.__new__(cls, value)
        word._value_ = value
        word.label = label or value.replace("_", " ")
        return word

    # Equal to its value, so hashed like it; the enum's own hash is a slow call in every dict look-up.
    __hash__ = str.__hash__


class LineOfBusiness(Word):
    COMMERCIAL = "commercial", "commercial"
    MEDICARE_PART_B = "medicare_part_b", "Medicare Part B"
    MEDICARE_PART_D = "medicare_part_d", "Medicare Part D"
    MEDICARE_ADVANTAGE = "medicare_advantage", "Medicare Advantage"
    MEDICAID = "medicaid", "Medicaid"
    OTHER = "other", "other"


class AuthorizationKind(Word):
    PRIOR_AUTHORIZATION = "prior_authorization", "prior authorization"
    QUANTITY_LIMIT_OVERRIDE = "quantity_limit_override", "quantity limit override"
    STEP_THERAPY_EXCEPTION = "step_therapy_exception", "step therapy exception"
    FORMULARY_EXCEPTION = "formulary_exception", "formulary exception"


class AuthorizationStatus(Word):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    PENDED = "pended"
    APPROVED = "approved"
    PARTIALLY_APPROVED = "partially_approved"
    DENIED = "denied"
    CANCELLED = "cancelled"
    APPEALED = "appealed"
    NOT_REQUIRED = "not_required"
    LAPSED_ON_PURPOSE = "lapsed_on_purpose"


class TrialOutcome(Word):
    INADEQUATE_RESPONSE = "inadequate_response"
    INTOLERANCE = "intolerance"
    CONTRAINDICATION = "contraindication"
    ONGOING = "ongoing"
    OTHER = "other"


class DocumentKind(Word):
    APPROVAL_LETTER = "approval_letter", "Approval letter"
    DENIAL_LETTER = "denial_letter", "Denial letter"
    CHART_NOTE = "chart_note", "Chart note"
    LAB_REPORT = "lab_report", "Lab report"
    OTHER = "other", "Other"


class OverrideKind(Word):
    DOSE_CHANGE = "dose_change"
    VACATION = "vacation"
    LOST_OR_DAMAGED = "lost_or_damaged"
    OTHER = "other"


class MedicareBasis(Word):
    AGE = "age"
    DISABILITY = "disability"
    ESRD = "esrd", "ESRD"
    PART_B_ID = "part_b_id", "Part B-ID"


class Organ(Word):
    KIDNEY = "kidney"
    HEART = "heart"
    LIVER = "liver"
    LUNG = "lung"
    HEART_LUNG = "heart_lung", "heart and lung"
    BONE_MARROW = "bone_marrow"
    PANCREAS = "pancreas"
    INTESTINE = "intestine"
    ISLET = "islet"
    OTHER = "other"


class Indication(Word):
    KIDNEY_TRANSPLANT = "kidney_transplant"
    HEART_TRANSPLANT = "heart_transplant"
    LIVER_TRANSPLANT = "liver_transplant"
    LUNG_TRANSPLANT = "lung_transplant"
    HEART_LUNG_TRANSPLANT = "heart_lung_transplant", "heart and lung transplant"
    BONE_MARROW_TRANSPLANT = "bone_marrow_transplant"
    PANCREAS_TRANSPLANT = "pancreas_transplant"
    INTESTINE_TRANSPLANT = "intestine_transplant"
    ISLET_TRANSPLANT = "islet_transplant"
    OTHER_TRANSPLANT = "other_transplant"
    PSORIASIS = "psoriasis"
    RHEUMATOID_ARTHRITIS = "rheumatoid_arthritis"
    OTHER = "other"


class Formulation(Word):
    MODIFIED = "modified"
    NON_MODIFIED = "non_modified", "non-modified"
    IMMEDIATE_RELEASE = "immediate_release"
    ENVARSUS_XR = "envarsus_xr", "Envarsus XR"
    ASTAGRAF_XL = "astagraf_xl", "Astagraf XL"


class Form(Word):
    CAPSULE = "capsule"
    TABLET = "tablet"
    SOLUTION = "solution", "oral solution"
    INJECTION = "injection"


class LimitMethod(Word):
    PER_FILL = "per_fill"
    ROLLING = "rolling"


class ClaimStatus(Word):
    PAID = "paid"
    DENIED = "denied"
    PENDING = "pending"


class DenialLevel(Word):
    INTERNAL = "internal"
    EXTERNAL = "external"
    REDETERMINATION = "redetermination"


class Severity(Word):
    """In falling order of harm; the order of members is the order of worklists."""

    CRITICAL = "critical", "Critical"
    HIGH = "high", "High"
    WARNING = "warning", "Warning"
    INFO = "info", "Info"


class Result(Word):
    PASS = "pass", "pass"
    FAIL = "fail", "fail"
    UNKNOWN = "unknown", "verify"


class Check(Word):
    """The six checks of a fill, in the order in which they are made."""

    COVERAGE = "coverage", "Coverage"
    AUTHORIZATION = "authorization", "Authorization"
    QUANTITY_LIMIT = "quantity_limit", "Quantity"
    DAYS_SUPPLY = "days_supply", "Days supply"
    TOO_SOON = "too_soon", "Too soon"
    STEP_THERAPY = "step_therapy", "Steps"


class Drug(Word):
    """The drugs of the catalogue (rulebook 2)."""

    CYCLOSPORINE = "cyclosporine"
    AZATHIOPRINE = "azathioprine"
    TACROLIMUS = "tacrolimus"
    MYCOPHENOLATE_MOFETIL = "mycophenolate_mofetil"
    MYCOPHENOLIC_ACID = "mycophenolic_acid"
    SIROLIMUS = "sirolimus"
    EVEROLIMUS = "everolimus"
    PREDNISONE = "prednisone"
    PREDNISOLONE = "prednisolone"
    METHYLPREDNISOLONE = "methylprednisolone"


class AboutKind(Word):
    """What kind of object an alert is about."""

    AUTHORIZATION = "authorization"
    COVERAGE = "coverage"
    FILL = "fill"
    PLANNED_FILL = "planned_fill"
    TRIAL = "trial"
    DENIAL = "denial"
    REGIMEN = "regimen"


class AlertCode(Word):
    """Every finding of rulebook section 10, in its order, with a label a coordinator understands."""

    PA_EXPIRED = "PA_EXPIRED", "PA has expired"
    PA_DENIED = "PA_DENIED", "PA was denied"
    PA_WRONG_PAYER = "PA_WRONG_PAYER", "PA is from another plan"
    PA_UNITS_EXHAUSTED = "PA_UNITS_EXHAUSTED", "PA units are used up"
    PA_MISSING = "PA_MISSING", "No PA on file"
    NOT_COVERED = "NOT_COVERED", "Drug is not covered"
    NO_COVERAGE = "NO_COVERAGE", "No coverage"
    PA_EXPIRES_BEFORE_REFILL = "PA_EXPIRES_BEFORE_REFILL", "PA ends before the refill"
    PA_GAP = "PA_GAP", "Gap between two PAs"
    PA_NOT_YET_EFFECTIVE = "PA_NOT_YET_EFFECTIVE", "PA has not started yet"
    PA_MISSING_FOR_CODE = "PA_MISSING_FOR_CODE", "PA lacks a billing code"
    PA_PRODUCT_MISMATCH = "PA_PRODUCT_MISMATCH", "PA is for the other product"
    PA_UNITS_INSUFFICIENT = "PA_UNITS_INSUFFICIENT", "Too few PA units left"
    REFILL_AT_RISK = "REFILL_AT_RISK", "Refill waits for a PA decision"
    QL_EXCEEDED = "QL_EXCEEDED", "Over the quantity limit"
    DAYS_SUPPLY_EXCEEDED = "DAYS_SUPPLY_EXCEEDED", "Over the days-supply limit"
    STEP_THERAPY_UNMET = "STEP_THERAPY_UNMET", "Step therapy not met"
    STEP_LOOKBACK_EXPIRED = "STEP_LOOKBACK_EXPIRED", "Trial is older than the look-back"
    PA_EXPIRING = "PA_EXPIRING", "PA is expiring"
    PA_PARTIAL = "PA_PARTIAL", "PA approved in part"
    PA_PENDED_INFO_NEEDED = "PA_PENDED_INFO_NEEDED", "Payer waits for information"
    PA_DECISION_OVERDUE = "PA_DECISION_OVERDUE", "Payer's decision is overdue"
    BENEFIT_ROUTE_MISMATCH = "BENEFIT_ROUTE_MISMATCH", "Wrong benefit is billed first"
    COVERAGE_ENDING = "COVERAGE_ENDING", "Coverage is ending"
    NEW_ORDER_REQUIRED = "NEW_ORDER_REQUIRED", "New order needed"
    DELIVERY_TOO_EARLY = "DELIVERY_TOO_EARLY", "Delivery is too early"
    REFILL_AFFIRMATION_MISSING = "REFILL_AFFIRMATION_MISSING", "Refill not affirmed"
    REFILL_CONTACT_TOO_EARLY = "REFILL_CONTACT_TOO_EARLY", "Refill contact was too early"
    CLAIM_RESUBMIT = "CLAIM_RESUBMIT", "Resubmit the claim"
    KX_NOT_SUPPORTED = "KX_NOT_SUPPORTED", "KX is not supported"
    MODIFIER_CONFLICT = "MODIFIER_CONFLICT", "Modifiers contradict each other"
    MODIFIER_NOT_APPLICABLE = "MODIFIER_NOT_APPLICABLE", "Modifier does not apply"
    CODE_MISMATCH = "CODE_MISMATCH", "Billing code of another drug"
    DOSE_OVER_LABEL_MAX = "DOSE_OVER_LABEL_MAX", "Dose above the label's maximum"
    FORMULATION_SWITCH = "FORMULATION_SWITCH", "Formulation switched"
    SUPPLY_GAP = "SUPPLY_GAP", "Days without drug"
    REFILL_DUE = "REFILL_DUE", "Refill is due"
    PA_UNITS_LOW = "PA_UNITS_LOW", "PA units are running low"
    COVERAGE_CHANGE = "COVERAGE_CHANGE", "Plan is changing"
    REFILL_TOO_SOON = "REFILL_TOO_SOON", "Refill is too soon"
    THERAPY_DURATION_LIMIT = "THERAPY_DURATION_LIMIT", "One year of continuous use reached"
    THERAPY_DURATION_LIMIT_NEAR = "THERAPY_DURATION_LIMIT_NEAR", "One year of continuous use is near"
    DOSE_NOT_CAPSULE_DIVISIBLE = "DOSE_NOT_CAPSULE_DIVISIBLE", "Dose cannot be made of the strengths"
    LAB_OVERDUE = "LAB_OVERDUE", "Lab is overdue"
    APPEAL_DEADLINE = "APPEAL_DEADLINE", "Appeal deadline"
    RULE_UNVERIFIED = "RULE_UNVERIFIED", "Verify with the payer"
    TRANSITION_FILL_AVAILABLE = "TRANSITION_FILL_AVAILABLE", "Transition fill available"
    CONTINUITY_WINDOW_ACTIVE = "CONTINUITY_WINDOW_ACTIVE", "Continuity window is active"


class BridgeKind(Word):
    """The lawful ways over a refused fill, in the order in which they are told."""

    FILL_AHEAD = "fill_ahead", "Fill ahead"
    CONTINUITY = "continuity", "Continuity of care"
    TRANSITION = "transition", "Transition fill"
    EXPEDITED = "expedited", "Expedited request"
    QUANTITY_OVERRIDE = "quantity_override", "Quantity limit override"
    STEP_EXCEPTION = "step_exception", "Step therapy exception"
    FORMULARY_EXCEPTION = "formulary_exception", "Formulary exception"
    APPEAL = "appeal", "Expedited appeal"
    EMERGENCY = "emergency", "Emergency supply"


class Mark(Word):
    """How a row of a what-if differs from what is on file."""

    SAME = "same", "same"
    CHANGED = "changed", "changed"
    NOW_COVERED = "now_covered", "would be covered"
    NOW_REFUSED = "now_refused", "would be refused"
    ADDED = "added", "added"
    LEFT_OUT = "left_out", "left out"
    OPENS = "opens", "opens"
    CLOSES = "closes", "closes"
    WORSE = "worse", "becomes worse"
    MILDER = "milder", "becomes milder"
