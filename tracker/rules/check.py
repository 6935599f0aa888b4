"""The one decision function: `check(case, as_of)` (rulebook; ARCHITECTURE 1)."""

from datetime import date

from tracker.rules.answer import Alert, Answer
from tracker.rules.decision import decide, valid_until
from tracker.rules.desk import Desk
from tracker.rules.facts import Case
from tracker.rules.proof import InWords


def check(case: Case, as_of: date) -> Answer:
    """What is true of a patient on a day: dates, table, alerts, and until when that holds."""
    desk = Desk(case)
    decision = decide(desk, as_of)
    table = decision.table
    answer = Answer(
        as_of=as_of,
        valid_until=valid_until(desk, decision),
        run_out=table.run_out,
        next_fill=table.next_fill,
        start_renewal_by=decision.start_renewal_by,
        earliest_denial=decision.earliest_denial,
        fills=table.fills,
        alerts=tuple([Alert(each, InWords(desk, decision, each)) for each in decision.findings]),
    )
    desk.put_away()
    return answer
