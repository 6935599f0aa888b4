"""One cell to one value, or a fault that says what was found, what is wrong and what to write."""

import time
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.formats import clinic_values as values
from tracker.formats.clinic_columns import ClinicField, find_heading, meaning_of, signature_of
from tracker.formats.clinic_plans import plan_name
from tracker.formats.clinic_products import ndc_of, product_of_name, product_of_ndc, units_of
from tracker.formats.clinic_rows import Layout, Skipped, records
from tracker.formats.clinic_table import Row
from tracker.formats.clinic_values import BadValue
from tracker.rules.words import AuthorizationStatus, Drug, Formulation, Indication, LineOfBusiness, Organ

TODAY = date(2026, 11, 24)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-07",
        "2026/3/7",
        "3/7/2026",
        "03/07/26",
        "3-7-2026",
        "3.7.2026",
        "7-Mar-2026",
        "7 March 2026",
        "Mar 7, 2026",
        "March 7th, 2026",
        "20260307",
        "2026-03-07 00:00:00",
        "3/7/2026 8:30 AM",
    ],
)
def test_the_usual_forms_of_a_date(text):
    assert values.a_date(text) == date(2026, 3, 7)


@pytest.mark.parametrize(
    ("text", "problem", "cure"),
    [
        ("6/31/2026", "is no date: June has 30 days", "Write 2026-06-30?"),
        ("2/30/2027", "is no date: February 2027 has 28 days", "Write 2027-02-28?"),
        ("2/29/2028x", "is no date", "Write it as 2026-03-17 or 3/17/2026."),
        ("17/3/2026", "is no date: there is no month 17", "Day and month changed places? Write 2026-03-17?"),
        ("46326", "is a number, not a date", "Format the column as a date; write 2026-10-31?"),
        ("2026-W01", "is no date", "Write it as 2026-03-17 or 3/17/2026."),
        ("1/1/1800", "is in the year 1800", "Write a date between 1900 and 2199."),
    ],
)
def test_an_impossible_date_says_what_is_wrong_and_what_to_write(text, problem, cure):
    with pytest.raises(BadValue) as fault:
        values.a_date(text)

    assert (fault.value.found, fault.value.problem, fault.value.cure) == (text, problem, cure)


def test_a_short_year_of_birth_is_the_last_one_that_has_been():
    assert values.a_date("4/2/71", newest=2026) == date(1971, 4, 2)
    assert values.a_date("4/2/26", newest=2026) == date(2026, 4, 2)


@given(st.text(max_size=60))
def test_no_text_breaks_a_reader(text):
    readers = (
        values.a_date,
        values.dose,
        values.mrn,
        values.full_name,
        values.indication,
        values.organ,
        values.authorization_status,
        values.authorization_number,
        values.milligrams,
        lambda cell: values.count(cell, 1, 10),
        product_of_name,
        ndc_of,
        plan_name,
    )
    faults = []
    for read in readers:
        try:
            read(text)
        except BadValue as raised:
            faults.append(raised)

    assert all(fault.problem and not values.HOSTILE.search(fault.found) for fault in faults)


@pytest.mark.parametrize("text", ["a\x00b", "a\u202eb", "a\ud800b", "a\x85b"])
def test_hostile_text_is_refused_and_not_repeated(text):
    with pytest.raises(BadValue) as fault:
        values.refuse_hostile(text)

    assert fault.value.found == "a\ufffdb"


@pytest.mark.parametrize("text", ["", "n/a", "N/A", "?", "-", "None", "TBD"])
def test_cells_that_say_nothing(text):
    assert not values.known(text)


def test_doses():
    assert values.dose("150 mg BID") == (Decimal(150), 2)
    assert values.dose("75mg po twice a day") == (Decimal(75), 2)
    assert values.dose("100") == (Decimal(100), None)
    with pytest.raises(BadValue, match="how many doses"):
        values.dose("100 mg when needed")


def test_a_cell_of_spaces_takes_no_time():
    """4,000 letters, the longest cell: it took most of a second, and a file has a hundred thousand rows."""
    begun = time.process_time()
    for _ in range(20):
        with pytest.raises(BadValue):
            values.count("1" + " " * 3_998 + "x", 1, 1000)

    assert time.process_time() - begun < 1


def test_sixty_capsules_are_no_units():
    with pytest.raises(BadValue) as fault:
        values.units("60 caps", "J7502")

    assert fault.value.cure == "Write 60 if that is 60 x J7502."
    assert values.count("60 caps", 1, 1000) == 60
    assert values.whole("1,440", 1, 9999) == 1440


def test_indications_organs_and_statuses():
    assert values.indication("Z94.4") is Indication.LIVER_TRANSPLANT
    assert values.indication("L400") is Indication.PSORIASIS
    assert values.indication("kidney tx") is Indication.KIDNEY_TRANSPLANT
    assert values.indication("E11.9") is Indication.OTHER
    assert values.organ("Heart/Lung") is Organ.HEART_LUNG
    assert values.authorization_status("Denied 3/4") is AuthorizationStatus.DENIED
    assert values.authorization_number("pending - faxed 11/12") == (None, AuthorizationStatus.SUBMITTED)
    assert values.authorization_number("PA-414716") == ("PA-414716", None)


def test_names_need_a_comma():
    assert values.full_name("de la Cruz, Ana María") == ("de la Cruz", "Ana María")
    with pytest.raises(BadValue) as fault:
        values.full_name("Rosa Alvarez")
    assert fault.value.cure == "Write Alvarez, Rosa?"


@pytest.mark.parametrize(
    ("typed", "full", "line"),
    [
        ("AETNA  ppo", "Aetna PPO", LineOfBusiness.COMMERCIAL),
        ("UHC Commercial", "UnitedHealthcare Commercial", LineOfBusiness.COMMERCIAL),
        ("BCBS of IL", "Blue Cross Blue Shield IL", LineOfBusiness.COMMERCIAL),
        ("Medicare B", "Medicare Part B", LineOfBusiness.MEDICARE_PART_B),
        ("Part D - SilverScript", "SilverScript Part D", LineOfBusiness.MEDICARE_PART_D),
        ("Humana Gold MA", "Humana Gold MA", LineOfBusiness.MEDICARE_ADVANTAGE),
        ("medicaid il", "Medicaid IL", LineOfBusiness.MEDICAID),
        ("Zebra Health", "Zebra Health", LineOfBusiness.OTHER),
    ],
)
def test_a_plan_is_known_under_all_its_spellings(typed, full, line):
    name = plan_name(typed)

    assert (name.full, name.line_of_business) == (full, line)
    assert plan_name(full).key == name.key


def test_products():
    assert product_of_name("cyclosporine mod").formulation is Formulation.MODIFIED
    assert product_of_name("Sandimmune 25 mg caps").formulation is Formulation.NON_MODIFIED
    assert product_of_name("cyclosporine").formulation is None
    assert ndc_of("0078-0248-15") == ndc_of("00078024815") == "00078-0248-15"
    assert product_of_ndc("00078-0248-15").name == "Neoral"
    assert units_of(Drug.CYCLOSPORINE, Decimal(50), 30) == {"J7515": 60}


def test_headers_are_found_under_a_title_and_known_again():
    table = [("PA log (updated 11/20)",), (), ("Patient (Last, First)", "MRN", "PA #", "PA exp"), ("x",)]
    heading = find_heading([Row(number, cells) for number, cells in enumerate(table, start=1)])

    assert heading.row == 3
    assert [column.field for column in heading.columns] == [
        ClinicField.FULL_NAME,
        ClinicField.MRN,
        ClinicField.AUTHORIZATION,
        ClinicField.AUTHORIZATION_TO,
    ]
    assert signature_of(["MRN", "PA #"]) == signature_of([" mrn ", "PA#"]) != signature_of(["PA #", "MRN"])
    assert meaning_of("Subscriber #") is ClinicField.MEMBER_ID


def test_rows_that_are_no_patients_are_skipped_and_said():
    head = ("MRN", "Name")
    table = [head, ("1", "Doe, Jane"), ("", ""), head, ("TOTAL", "60")]
    layout = Layout(1, {ClinicField.MRN: 0, ClinicField.FULL_NAME: 1}, {ClinicField.MRN: "MRN"}, TODAY)
    found = list(records([Row(n, cells) for n, cells in enumerate(table, start=1)], layout))

    assert found[0].mrn == "1"
    assert found[1:] == [
        Skipped(3, "blank"),
        Skipped(4, "the headers once more"),
        Skipped(5, "a total, not a patient"),
    ]


def test_every_fault_of_a_row_is_kept_with_its_column():
    places = {ClinicField.MRN: 0, ClinicField.FILLED_ON: 1, ClinicField.DAYS_SUPPLY: 2}
    layout = Layout(1, places, {field: field.label for field in places}, TODAY)
    record = next(iter(records([Row(2, ("", "12/1/2026", "x"))], layout)))

    assert [(fault.column, fault.problem) for fault in record.faults] == [
        ("Days supply", "is not a whole number"),
        ("MRN", "is empty"),
        ("Date filled (last fill)", "is after today, 2026-11-24: a fill cannot be later"),
    ]
