"""The CMS crosswalk and the RxNorm lists: what is read, what is refused, and that nothing breaks them."""

import json
import time
from contextlib import suppress
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.formats.asp import read_crosswalk
from tracker.formats.catalogue_build import Named, products_text
from tracker.formats.code_tables import MOST_BYTES, BadFile, table_text
from tracker.formats.rxnorm import SYSTEM, classify, read_concepts
from tracker.rules.catalogue_data import BadCatalogue, packaged
from tracker.rules.products import maps_from, product_of_ndc, product_of_rxcui, sources
from tracker.rules.words import Drug, Form, Formulation

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
PREAMBLE = 'October 2025 crosswalk\n" Effective October 1, 2025 through December 31, 2025"\n\n'
HEAD = (
    "_2025_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,"
    "BILLUNITSPKG\n"
)


def crosswalk(*lines, preamble=PREAMBLE):
    return read_crosswalk((preamble + HEAD + "\n".join(lines)).encode("latin-1"))


def line(ndc="00074-3109-32", code="J7502", name="Gengraf", numbers="30,1,30,30"):
    return f"{code},Cyclosporine oral,AbbVie,{ndc},{name},100 MG,{numbers}"


def concepts(*rows):
    return read_concepts(("system,code,display,prority\n" + "\n".join(rows)).encode())


@pytest.mark.parametrize("ndc", ["00074-3109-32", "00074310932", "74310932", "74-3109-32", "0074-3109-32"])
def test_an_ndc_of_the_crosswalk_gets_its_lost_zeros_back(ndc):
    assert crosswalk(line(ndc)).rows[0].ndc == "00074-3109-32"


def test_the_quarter_is_in_the_preamble_or_not_known():
    assert crosswalk(line()).quarter == "2025Q4"
    assert crosswalk(line(), preamble="").quarter is None
    assert crosswalk(line(), preamble='"Effective Foo 1, 2025 through Bar 3, 2025"\n').quarter is None
    assert crosswalk(line(), preamble='"Effective July 1, 2025 through October 1, 2025"\n').quarter is None


@pytest.mark.parametrize(
    ("numbers", "units", "doubted"),
    [
        ("30,1,7.5,8", "7.5", False),
        ("21,1,5,105", "105", False),
        ("1,100,200,200", "200", False),
        ("100,1,100,50", "50", True),
    ],
)
def test_units_of_the_whole_package(numbers, units, doubted):
    row = crosswalk(line(numbers=numbers)).rows[0]

    assert (row.units, bool(row.doubt)) == (Decimal(units), doubted)


def test_a_bad_row_is_refused_with_its_line_and_the_others_are_read():
    found = crosswalk(
        line("123456789012"), line(code="x"), line(name=" "), line(numbers="30,1,,0"), "", ",,", line()
    )

    assert [each.line for each in found.refused] == [5, 6, 7, 8]
    assert "'123456789012' is no NDC" in str(found.refused[0])
    assert len(found.rows) == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b" ", "empty"),
        (b"a" * (MOST_BYTES + 1), "larger than 8 MB"),
        (b"PK\x03\x04zip", "no text"),
        (b"a\x00b", "no text"),
        (b"name,price\n1,2\n", "No header"),
        (b"x\n" * 100, "No header"),
        (b"_2025_CODE,Short Description\n", "no column 'labelername'"),
        (HEAD.encode() + b'"open', "cannot be read"),
        (HEAD.encode() + b"x\n" * 1_002, "too many unusable rows"),
        (HEAD.encode() + (line() + "\n").encode() * 20_001, "too many rows"),
    ],
)
def test_another_file_is_refused(content, says):
    with pytest.raises(BadFile, match=says):
        read_crosswalk(content)


def test_a_generic_tells_its_formulation_only_in_its_name():
    names = ("Cyclosporine Modified", "Cyclosporine (Non-Modified)", "Cyclosporine", "Neoral")
    found = crosswalk(*(line(f"0000{n}-0001-01", name=name) for n, name in enumerate(names, start=1)))
    built = maps_from(products_text("x.csv", found, [], date(2026, 1, 2)))

    assert [each.formulation for each in built.ndc.values()] == [
        Formulation.MODIFIED,
        Formulation.NON_MODIFIED,
        None,
        Formulation.MODIFIED,
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"sources": {}, "ndc": {"1": {}}, "rxcui": {}}'])
def test_broken_maps_are_refused(text):
    with pytest.raises(BadCatalogue, match="Build them anew"):
        maps_from(text)


def test_encodings():
    assert table_text("\ufeffé".encode()) == table_text("é".encode("utf-16")) == table_text(b"\xe9") == "é"


@pytest.mark.parametrize(
    ("display", "formulation", "strength", "form"),
    [
        ("cycloSPORINE, modified 100 MG Oral Capsule", Formulation.MODIFIED, 100, Form.CAPSULE),
        ("NEORAL 100 MG in 1 mL Oral Solution", Formulation.MODIFIED, 100, Form.SOLUTION),
        ("SandIMMUNE 25 MG Oral Capsule", Formulation.NON_MODIFIED, 25, Form.CAPSULE),
        ("cycloSPORINE 50 MG Oral Capsule", Formulation.NON_MODIFIED, 50, Form.CAPSULE),
        ("cycloSPORINE 100 MG/ML Oral Solution [Sangcya]", None, 100, Form.SOLUTION),
        ("BX Rating tacrolimus 5 MG Oral Capsule", Formulation.IMMEDIATE_RELEASE, 5, Form.CAPSULE),
        ("24 HR Envarsus 4 MG Extended Release Oral Tablet", Formulation.ENVARSUS_XR, 4, Form.TABLET),
        ("tacrolimus 4 MG 24HR Extended Release Tablet", None, 4, Form.TABLET),
        ("Myfortic 180 MG Delayed Release Oral Tablet", None, 180, Form.TABLET),
        ("sirolimus 1 MG/ML Oral Solution", None, 1, Form.SOLUTION),
    ],
)
def test_what_can_be_dispensed(display, formulation, strength, form):
    found = classify(display)

    assert not found.not_dispensable
    assert (found.formulation, found.strength_mg, found.form) == (formulation, strength, form)
    assert found.formulation is None or found.formulation_reason


@pytest.mark.parametrize(
    ("display", "drug", "why"),
    [
        ("cycloSPORINE", Drug.CYCLOSPORINE, "ingredient"),
        ("cycloSPORINE 100 MG", Drug.CYCLOSPORINE, "strength without a form"),
        ("Neoral Pill", Drug.CYCLOSPORINE, "without a strength"),
        ("5 ML cycloSPORINE 50 MG/ML Injection", Drug.CYCLOSPORINE, "injection"),
        ("mycophenolate mofetil 200 MG/ML Oral Suspension", Drug.MYCOPHENOLATE_MOFETIL, "no form"),
        ("{28 (everolimus 5 MG Oral Tablet) } Pack", Drug.EVEROLIMUS, "no drug with strength"),
        ("sirolimus 0.002 MG/MG Topical Gel", Drug.SIROLIMUS, "no drug with strength"),
        ("sirolimus 1 MG Oral Solution", Drug.SIROLIMUS, "does not fit"),
        ("aspirin 100 MG Oral Tablet", None, "no drug with strength"),
    ],
)
def test_what_cannot_be_dispensed_says_why(display, drug, why):
    found = classify(display)

    assert found.drug is drug
    assert why in found.not_dispensable


def test_rows_of_a_list():
    found = concepts(
        f'{SYSTEM},241834,"cycloSPORINE, modified 100 MG Oral Capsule",1',
        "",
        f"{SYSTEM},241834,again,1",
        f"{SYSTEM},x,y,1",
        f"{SYSTEM},5",
        ",6,z",
        "http://hl7.org/fhir/sid/icd-9-cm,V42.0,Kidney",
    )

    assert [each.rxcui for each in found.concepts] == ["241834"]
    assert [each.line for each in found.refused] == [4, 5, 6, 7]
    assert found.other_systems == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"code,display\n", "no column 'system'"),
        (b"system,code,display\n" + b"x\n" * 1_002, "too many rows"),
        (b'system,code,display\n"open', "cannot be read"),
    ],
)
def test_another_list_is_refused(content, says):
    with pytest.raises(BadFile, match=says):
        read_concepts(content)


@given(st.binary(max_size=400), st.booleans())
def test_no_bytes_break_the_readers(content, headed):
    for read, head in ((read_crosswalk, HEAD), (read_concepts, "system,code,display\n")):
        # Anything but a refusal would be a traceback.
        with suppress(BadFile):
            assert read((head.encode() if headed else b"") + content).sha256


@given(st.text(max_size=120))
def test_no_display_breaks_the_reader(text):
    assert classify(text).display == text


@pytest.mark.parametrize("content", [b"," * MOST_BYTES, b"\n" * (MOST_BYTES - 1) + b"x", b'"' * MOST_BYTES])
def test_a_huge_file_is_refused_in_time(content):
    started = time.process_time()

    for read in (read_crosswalk, read_concepts):
        with pytest.raises(BadFile):
            read(content)

    assert time.process_time() - started < 4


@pytest.mark.skipif(not SHARED.is_dir(), reason="the public files are not here")
def test_the_packaged_maps_are_what_the_public_files_give():
    crosswalk_file = next((SHARED / "asp").glob("asp_ndc_hcpcs_crosswalk_*.csv"))
    lists = [
        Named(path.name, read_concepts(path.read_bytes()))
        for path in sorted((SHARED / "rxnorm").glob("rx_*"))
    ]
    read_on = date.fromisoformat(json.loads(packaged("products.json"))["sources"]["read_on"])
    found = read_crosswalk(crosswalk_file.read_bytes())

    assert not found.refused
    assert products_text(crosswalk_file.name, found, lists, read_on) == packaged("products.json")


def test_known_products():
    assert product_of_ndc("0078-0274-22").form is Form.SOLUTION
    assert product_of_ndc("00078024115").formulation is Formulation.NON_MODIFIED
    teva = product_of_ndc("00093-9018-65")
    assert (teva.code, teva.also, teva.formulation) == ("J7515", {"J7502": Decimal("7.5")}, None)
    assert product_of_ndc("00469-0657-73").strength_mg is None
    assert product_of_ndc("0074310932") is None
    assert product_of_rxcui("241834").code == "J7502"
    assert product_of_rxcui("835919").code is None
    assert sources()["asp"]["quarter"] == "2025Q4"
