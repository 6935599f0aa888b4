"""Today: who runs out uncovered, what is due, what starts, what comes, what happened."""

from datetime import UTC, date, datetime, timedelta

import kept
import make
from tracker.services import today

YESTERDAY = datetime(2026, 6, 7, 5, 0, tzinfo=UTC)
NOON = datetime(2026, 6, 8, 17, 0, tzinfo=UTC)


def morning(session, clinic):
    kept.stand_on(session, clinic)
    return today.today(session, clinic, now=NOON, since=YESTERDAY, most=5, few=3)


def someone(session, clinic, mrn, in_days, *, result="fail", **more):
    """A patient whose next fill, of this result, is so many days ahead."""
    who = make.patient(session, clinic, mrn=mrn, family=f"F{mrn}")
    code = {"code": "PA_GAP"} if result == "fail" else {}
    kept.check(session, who, [kept.fill(kept.DAY + timedelta(days=in_days), result=result, **code)], **more)
    return who


def test_a_refusal_in_14_days_is_on_the_list_and_one_in_15_is_not(session, cast):
    someone(session, cast.renal, "15", 15)
    someone(session, cast.renal, "14", 14)
    someone(session, cast.renal, "3", 3)

    rows = morning(session, cast.renal).run_outs.rows

    assert [row.who.mrn for row in rows] == ["3", "14"]


def test_the_alert_about_the_denial_goes_before_a_worse_one_about_something_else(session, cast):
    answer = {"fills": [], "earliest_denial": {"on": "2026-06-14", "codes": ["PA_GAP"]}}
    who = someone(session, cast.renal, "1", 6, answer=answer)
    kept.alert(session, who, key="due", code="REFILL_DUE")
    cause = kept.alert(session, who, key="gap", severity="high")

    (row,) = morning(session, cast.renal).run_outs.rows

    assert row.alert.id == cause.id


def test_a_renewal_starts_on_its_day_not_the_day_before(session, cast):
    someone(session, cast.renal, "1", 40, start_renewal_by=kept.DAY)
    someone(session, cast.renal, "2", 40, start_renewal_by=kept.DAY + timedelta(days=1))

    assert [row.who.mrn for row in morning(session, cast.renal).to_start.rows] == ["1"]


def test_fills_are_counted_by_day_and_result(session, cast):
    someone(session, cast.renal, "1", 0, result="pass")
    someone(session, cast.renal, "2", 13)
    someone(session, cast.renal, "3", 13, result="unknown")
    someone(session, cast.renal, "4", 14)

    days = morning(session, cast.renal).fill_days

    assert [(day.on, day.covered, day.refused, day.verify) for day in days if day.total] == [
        (date(2026, 6, 8), 1, 0, 0),
        (date(2026, 6, 21), 0, 1, 1),
    ]


def test_answers_and_overdue_decisions_are_sorted_by_their_own_day(session, cast):
    who = make.patient(session, cast.renal)
    kept.alert(session, who, key="b", code="APPEAL_DEADLINE", facts={"due_on": "2026-06-18"})
    kept.alert(session, who, key="a", code="PA_PENDED_INFO_NEEDED", facts={"reply_by": "2026-06-09"})
    kept.alert(
        session, who, key="c", code="PA_DECISION_OVERDUE", facts={"due_at": "2026-06-05T09:00:00-05:00"}
    )

    due = morning(session, cast.renal).due

    assert [each.alert.code for each in due.answers.rows] == ["PA_PENDED_INFO_NEEDED", "APPEAL_DEADLINE"]
    assert [each.alert.code for each in due.chased.rows] == ["PA_DECISION_OVERDUE"]


def test_what_happened_since_yesterday_is_told_once_a_kind(session, cast):
    who = make.patient(session, cast.renal)
    kept.alert(session, who, key="old", opened_at=YESTERDAY - timedelta(seconds=1))
    for number in range(4):
        kept.alert(session, who, key=str(number))

    (opened,) = morning(session, cast.renal).happened

    assert (opened.kind, opened.count, [name.id for name in opened.names]) == ("opened", 4, [who.id])


def test_overdue_renewals_count_for_this_week(session, cast):
    someone(session, cast.renal, "1", 40, start_renewal_by=date(2026, 5, 1))
    someone(session, cast.renal, "2", 40, start_renewal_by=date(2026, 6, 15))
    someone(session, cast.renal, "3", 40, start_renewal_by=date(2026, 8, 31))

    weeks = morning(session, cast.renal).renewal_weeks

    assert weeks[:2] == [(date(2026, 6, 8), 1), (date(2026, 6, 15), 1)]
    assert sum(count for _, count in weeks) == 2


def test_another_clinic_sees_nothing_of_it(session, cast):
    who = someone(session, cast.renal, "1", 3, start_renewal_by=kept.DAY)
    kept.alert(session, who, code="APPEAL_DEADLINE")

    page = morning(session, cast.skin)

    assert page.census == today.Census(0, 0, 0)
    assert [*page.run_outs.rows, *page.due.answers.rows, *page.to_start.rows, *page.happened] == []
    assert (page.run_outs.total, page.due.answers.total, page.to_start.total) == (0, 0, 0)
    assert sum(day.total for day in page.fill_days) == 0
