"""What a mail says: counts, days to harm, links."""

from datetime import UTC, date, datetime

import pytest

from clockwork import RENDER
from tracker.rules.words import Severity
from tracker.services.heartbeat import TrustLine
from tracker.services.mail_text import alert_mail, days_to
from tracker.services.outbox import Item, Letter

TRUST = TrustLine(
    as_of=date(2026, 6, 8),
    last_finished_at=datetime(2026, 6, 8, 11, 0, tzinfo=UTC),
    patient_count=60,
    future_fill_count=706,
    error_count=0,
    mail_sent_count=0,
    mail_failed_count=0,
    stale=False,
    demo=False,
    moved_date=None,
    mail_to_files=False,
)
ITEMS = (
    Item("01M86HJ8NSYQYMQ9FGDXM1WRTQ", Severity.CRITICAL, date(2026, 6, 11)),
    Item("01M86HJ8NVJFKD57DMVMAQTCYN", Severity.HIGH, None),
)


def mail(items=ITEMS, *, repeat=False, clinic="Renal clinic"):
    letter = Letter("1", "<1@x.invalid>", "c", clinic, "ana@clinic.example", repeat, 1, items)
    return alert_mail(
        letter, trust=TRUST, time_zone="America/Chicago", address="https://tracker.example", render=RENDER
    )


def test_the_subject_counts_by_severity():
    assert mail().subject == "[PA tracker] 1 critical, 1 high - Renal clinic"


def test_a_repeat_says_so():
    assert mail(repeat=True).subject.startswith("[repeat] [PA tracker] ")
    assert "may have reached you before" in mail(repeat=True).text


def test_a_line_break_in_a_name_does_not_reach_the_subject():
    assert mail(clinic="Renal\nclinic").subject.endswith("Renal clinic")


def test_a_clinic_name_is_escaped_in_html_only():
    written = mail(clinic="Heart & Lung")

    assert "Heart &amp; Lung" in written.html
    assert "Heart & Lung" in written.text


def test_the_text_part_as_a_whole():
    assert mail().text == (
        "2 ALERTS NEED YOU, 1 CRITICAL\n"
        "\n"
        "  1 critical, 1 high\n"
        "\n"
        "NEW OR WORSE\n"
        "  CRITICAL  M1WRTQ  in 3 days     https://tracker.example/alerts/01M86HJ8NSYQYMQ9FGDXM1WRTQ\n"
        "  HIGH      AQTCYN  no date       https://tracker.example/alerts/01M86HJ8NVJFKD57DMVMAQTCYN\n"
        "\n"
        "Open today's list: https://tracker.example/\n"
        "\n"
        "Checked Mon 2026-06-08 06:00 CDT: 60 patients, 706 future fills, 0 errors.\n"
        "\n"
        "-- \n"
        "Names and details are shown after you sign in.\n"
        "You get this because you are in charge of these patients, or nobody else is, in Renal clinic.\n"
        "Change or stop it: https://tracker.example/mail/choices\n"
    )


@pytest.mark.parametrize(("count", "listed"), [(25, 25), (26, 5), (60, 5)])
def test_a_storm_is_counted_and_its_first_are_listed(count, listed):
    many = mail(tuple(Item(f"{n:026}", Severity.HIGH, date(2026, 6, 20)) for n in range(count)))

    assert many.text.count("/alerts/") == listed
    assert ("come from an import" in many.text) == (count > 25)


def test_a_storm_says_how_many_are_left():
    many = mail(tuple(Item(f"{n:026}", Severity.HIGH, date(2026, 6, 20)) for n in range(60)))

    assert "and 55 more" in many.text
    assert many.subject == "[PA tracker] 60 high - Renal clinic"


@pytest.mark.parametrize(
    ("harm_on", "words"),
    [
        (date(2026, 6, 8), "today"),
        (date(2026, 6, 9), "in 1 day"),
        (date(2026, 6, 10), "in 2 days"),
        (date(2026, 6, 7), "1 day ago"),
        (None, "no date"),
    ],
)
def test_harm_is_told_in_days(harm_on, words):
    assert days_to(harm_on, date(2026, 6, 8)) == words
