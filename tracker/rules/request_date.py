"""The day from which look-backs and "already on the drug" are counted (rulebook 6)."""

from datetime import date

from tracker.rules import parameters
from tracker.rules.authorization import IN_PROGRESS, Permit
from tracker.rules.dates import plus
from tracker.rules.facts import Authorization, Step
from tracker.rules.terms import Terms
from tracker.rules.today import Today
from tracker.rules.words import ClaimStatus


def _asked_on(pa: Authorization) -> date | None:
    return (pa.requested.on if pa.requested else None) or pa.decided_on or pa.starts_on


def request_on(terms: Terms, covering: Permit | None) -> date | None:
    """`requested.on` (else `decided_on`, else `from`) of the authorization that covers the fill, else of the
    plan's last listed request in progress; None: as of today.
    """
    found = _asked_on(covering.pa) if covering else None
    if found is not None:
        return found
    own, plan = terms.dispensing.own, terms.member.plan.id
    for each in reversed(terms.desk.permits):
        if each.pa.status in IN_PROGRESS and each.pa.plan == plan and each.is_about(own):
            return _asked_on(each.pa)
    return None


def note_as_of_request(terms: Terms, today: Today, steps: tuple[Step, ...]) -> date:
    """Today as the request date; notes the days on which a trial or the last paid fill falls out of reach."""
    for step in steps:
        if step.lookback_days is not None:
            for trial in terms.desk.book.patient.trials:
                if trial.ends_on is not None:
                    today.passed(plus(trial.ends_on, step.lookback_days))
    drug = terms.dispensing.regimen.drug
    for each in reversed(terms.desk.book.supplied):
        if each.claim is ClaimStatus.PAID and each.regimen is not None and each.regimen.drug is drug:
            today.passed(plus(each.fill.on, parameters.REQUEST_DAYS.value))
            break
    return today.day
