"""The day from which look-backs and "already on the drug" are counted (rulebook 6)."""

from datetime import date

from tracker.rules import parameters
from tracker.rules.authorization import IN_PROGRESS, Permit
from tracker.rules.dates import plus
from tracker.rules.desk import own_codes
from tracker.rules.draft import Draft
from tracker.rules.facts import Authorization, Step


def _asked_on(pa: Authorization) -> date | None:
    return (pa.requested.on if pa.requested else None) or pa.decided_on or pa.starts_on


def request_on(draft: Draft, covering: Permit | None) -> date | None:
    """`requested.on` (else `decided_on`, else `from`) of the authorization that covers the fill, else of the
    plan's last listed request in progress; None: as of today.
    """
    found = _asked_on(covering.pa) if covering else None
    if found is not None:
        return found
    own = own_codes(draft.regimen)
    for each in reversed(draft.desk.permits):
        if each.pa.status in IN_PROGRESS and each.pa.plan == draft.member.plan.id and each.is_about(own):
            return _asked_on(each.pa)
    return None


def note_as_of_request(draft: Draft, steps: tuple[Step, ...]) -> date:
    """Today as the request date; notes the days on which a trial or the last paid fill falls out of reach."""
    today = draft.today
    for step in steps:
        if step.lookback_days is not None:
            for trial in draft.desk.book.patient.trials:
                if trial.ends_on is not None:
                    today.passed(plus(trial.ends_on, step.lookback_days))
    for each in reversed(draft.desk.book.supplied):
        if each.paid and each.regimen is not None and each.regimen.drug is draft.regimen.drug:
            today.passed(plus(each.fill.on, parameters.REQUEST_DAYS.value))
            break
    return today.day
