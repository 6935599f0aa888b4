"""What people type into fields: read strictly, refused with the cure, kept as typed."""

from datetime import date
from decimal import Decimal

import pytest
from wtforms import Form

from tracker.rules.words import Severity
from tracker.web import access
from tracker.web.filters import faults
from tracker.web.forms import (
    CleanStringField,
    DateField,
    NumberField,
    WordField,
    YesNoUnknownField,
    read_date,
)

TUESDAY = date(2026, 3, 17)


class Everything(Form):
    on = DateField("From")
    name = CleanStringField("Name", longest=10)
    dose = NumberField("Dose")
    how_bad = WordField("Severity", Severity)
    on_therapy = YesNoUnknownField("On therapy")


@pytest.fixture
def typed(monkeypatch):
    monkeypatch.setattr(access, "today", lambda: TUESDAY)

    def fill_in(**values):
        class Typed(dict):
            def getlist(self, name):
                return [self[name]] if name in self else []

        form = Everything(Typed(values))
        form.validate()
        return form

    return fill_in


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2026-03-17", date(2026, 3, 17)),
        ("3/17/2026", date(2026, 3, 17)),
        (" 2026-3-7 ", date(2026, 3, 7)),
        ("+30d", date(2026, 4, 16)),
        ("+0D", date(2026, 3, 17)),
        ("eom", date(2026, 3, 31)),
        ("2024-02-29", date(2024, 2, 29)),
    ],
)
def test_a_date_is_read_in_each_of_its_forms(typed, text, read):
    assert typed(on=text).on.data == read


@pytest.mark.parametrize(
    ("text", "cure"),
    [
        ("3/17/26", "four-digit year"),
        ("17.03.2026", "2026-03-17"),
        ("2026-06-31", "June 2026 has 30 days."),
        ("2026-13-01", "There is no month 13."),
        ("1899-12-31", "between 1900 and 2199"),
        ("２０２６-03-17", "2026-03-17"),
        ("tomorrow", "2026-03-17"),
    ],
)
def test_a_date_that_cannot_be_is_refused_with_the_cure_and_kept(typed, text, cure):
    form = typed(on=text)

    assert cure in form.on.errors[0]
    assert f'value="{text}"' in form.on()
    assert faults(form) == [("on", f"From: {form.on.errors[0]}")]


def test_the_end_of_february_is_its_last_day_in_a_leap_year():
    assert read_date("eom", lambda: date(2028, 2, 3)) == date(2028, 2, 29)


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b", "a\u202eb", "a\u2066b", "a\x1bb", "elevenchars"])
def test_a_text_with_hostile_characters_or_too_long_is_refused(typed, text):
    assert typed(name=text).name.errors


def test_spaces_around_a_text_are_no_part_of_it(typed):
    assert typed(name="  Ana  ").name.data == "Ana"
    assert typed(name="   ").name.data is None


@pytest.mark.parametrize("text", ["1e3", "NaN", "Infinity", "62,5", "0", "1.0001", "٣"])
def test_a_number_that_is_not_plain_is_refused(typed, text):
    assert typed(dose=text).dose.errors


def test_a_number_stays_exact(typed):
    assert typed(dose="62.5").dose.data == Decimal("62.5")


def test_a_word_is_one_of_the_list(typed):
    assert typed(how_bad="critical").how_bad.data is Severity.CRITICAL
    assert typed(how_bad="").how_bad.data is None
    assert typed(how_bad="awful").how_bad.errors


def test_unknown_is_neither_yes_nor_no(typed):
    assert [typed(on_therapy=text).on_therapy.answer for text in ("yes", "no", "")] == [True, False, None]
