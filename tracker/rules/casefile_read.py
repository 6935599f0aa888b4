"""A JSON document to a Case, field by field in the order of rulebook section 11."""

from tracker.rules import casefile_fields as of
from tracker.rules.casefile_fields import Fields
from tracker.rules.casefile_json import BadCase
from tracker.rules.casefile_read_patient import patient
from tracker.rules.casefile_read_shared import limit
from tracker.rules.facts import Case, DecisionHours, Plan, Policy, QuantityLimit, Rule, Step, StepTherapy
from tracker.rules.words import LineOfBusiness, TrialOutcome

FORMAT = "pa-case/1"
_POLICY_DAYS = of.between(0, 365)


def case_of(document: object) -> Case:
    """Read a whole document; cross-checks are in validation."""
    fields = Fields(document, "")
    if fields.required("format", of.text) != FORMAT:
        raise BadCase("format", f"must be {FORMAT}")
    case = Case(
        as_of=fields.required("as_of", of.day),
        policy=fields.given("policy", policy, Policy()),
        plans=fields.given("plans", of.items(plan), ()),
        patient=fields.required("patient", patient),
    )
    fields.end()
    return case


def policy(value: object, path: str) -> Policy:
    fields, usual = Fields(value, path), Policy()
    found = Policy(
        renewal_lead_days=fields.given("renewal_lead_days", _POLICY_DAYS, usual.renewal_lead_days),
        alert_horizon_days=fields.given("alert_horizon_days", _POLICY_DAYS, usual.alert_horizon_days),
        fill_ahead_days=fields.given("fill_ahead_days", _POLICY_DAYS, usual.fill_ahead_days),
        refill_due_days=fields.given("refill_due_days", _POLICY_DAYS, usual.refill_due_days),
        refill_threshold_percent=fields.given(
            "refill_threshold_percent", of.between(1, 100), usual.refill_threshold_percent
        ),
        coverage_end_lead_days=fields.given(
            "coverage_end_lead_days", _POLICY_DAYS, usual.coverage_end_lead_days
        ),
        coverage_change_lead_days=fields.given(
            "coverage_change_lead_days", _POLICY_DAYS, usual.coverage_change_lead_days
        ),
        info_reply_days=fields.given("info_reply_days", _POLICY_DAYS, usual.info_reply_days),
        duration_lead_days=fields.given("duration_lead_days", _POLICY_DAYS, usual.duration_lead_days),
        shipping_days=fields.given("shipping_days", _POLICY_DAYS, usual.shipping_days),
        preparation_days=fields.given("preparation_days", _POLICY_DAYS, usual.preparation_days),
        time_zone=fields.given("time_zone", of.zone, usual.time_zone),
    )
    fields.end()
    return found


def plan(value: object, path: str) -> Plan:
    fields = Fields(value, path)
    found = Plan(
        id=fields.required("id", of.name),
        payer=fields.optional("payer", of.text),
        line_of_business=fields.required("line_of_business", of.word(LineOfBusiness)),
        decision_hours=fields.optional("decision_hours", decision_hours),
        rules=fields.given("rules", of.items(rule), ()),
    )
    fields.end()
    return found


def decision_hours(value: object, path: str) -> DecisionHours:
    fields = Fields(value, path)
    found = DecisionHours(
        standard=fields.optional("standard", of.whole), expedited=fields.optional("expedited", of.whole)
    )
    fields.end()
    return found


def rule(value: object, path: str) -> Rule:
    fields = Fields(value, path)
    found = Rule(
        code=fields.required("code", of.name),
        starts_on=fields.optional("from", of.day),
        ends_on=fields.optional("to", of.end_day),
        covered=fields.optional("covered", of.flag),
        prior_authorization=fields.optional("prior_authorization", of.flag),
        prior_authorization_new_starts_only=fields.given(
            "prior_authorization_new_starts_only", of.flag, False
        ),
        quantity_limit=fields.optional("quantity_limit", _limit_or_flag),
        max_days_supply=fields.optional("max_days_supply", of.positive),
        refill_threshold_percent=fields.optional("refill_threshold_percent", of.between(1, 100)),
        step_therapy=fields.optional("step_therapy", _steps_or_flag),
        source=fields.optional("source", of.text),
        verified_on=fields.optional("verified_on", of.day),
    )
    fields.end()
    return found


def _limit_or_flag(value: object, path: str) -> QuantityLimit | bool:
    return value if isinstance(value, bool) else limit(value, path)


def _steps_or_flag(value: object, path: str) -> StepTherapy | bool:
    if isinstance(value, bool):
        return value
    fields = Fields(value, path)
    found = StepTherapy(
        new_starts_only=fields.given("new_starts_only", of.flag, False),
        steps=fields.given("steps", of.items(step), ()),
    )
    fields.end()
    return found


def step(value: object, path: str) -> Step:
    fields = Fields(value, path)
    found = Step(
        need=fields.required("need", of.positive),
        options=fields.required("options", of.items(of.name)),
        min_days=fields.optional("min_days", of.whole),
        lookback_days=fields.optional("lookback_days", of.whole),
        outcomes=fields.required("outcomes", of.items(of.word(TrialOutcome))),
        document_required=fields.given("document_required", of.flag, False),
    )
    fields.end()
    return found
