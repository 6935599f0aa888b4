"""`tracker catalogue`: what it shows, what it builds, what it refuses."""

import pytest
from click.testing import CliRunner

from tracker.commands.catalogue import catalogue

HEAD = (
    "_2025_CODE,Short Description,LABELER NAME,NDC2,Drug Name,HCPCS dosage,PKG SIZE,PKG QTY,BILLUNITS,"
    "BILLUNITSPKG\n"
)
GOOD = "J7502,Cyclosporine,AbbVie,00074-3109-32,Gengraf,100 MG,30,1,30,30\n"
LIST = (
    'system,code,display\nhttp://www.nlm.nih.gov/research/umls/rxnorm,1,"cycloSPORINE 25 MG Oral Capsule"\n'
)


def run(*words):
    return CliRunner().invoke(catalogue, [str(word) for word in words])


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("j7502", "the code does not tell it"),
        ("J7599", "not otherwise classified"),
        ("00078-0274-22", "modified (the brand is Neoral)"),
        ("00093-9018-65", "J7502, 7.5 units"),
        ("00469-0607-73", "are not the 50 units listed"),
        ("241834", "RxNorm's name says modified"),
        ("3008", "it is an ingredient"),
    ],
)
def test_what_is_known_is_said_in_words(key, says):
    found = run("show", key)

    assert found.exit_code == 0
    assert says in found.output


def test_ten_digits_alone_are_not_guessed():
    found = run("show", "0074310932")

    assert found.exit_code == 2
    assert "three ways" in found.output


def test_a_build_writes_the_maps_and_says_what_it_left_out(tmp_path):
    (tmp_path / "asp.csv").write_text(HEAD + GOOD + "x\n" * 25)
    (tmp_path / "rx_one.csv").write_text(LIST)
    out = tmp_path / "products.json"
    words = ("build", "--asp", tmp_path / "asp.csv", "--rxnorm", tmp_path, "--out", out)

    found = run(*words, "--read-on", "2026-01-02")

    assert found.exit_code == 0
    assert "1 NDCs, 1 RxCUIs" in found.output
    assert "asp.csv: and 5 more lines" in found.output
    assert '"read_on": "2026-01-02"' in out.read_text()
    assert run(*words).exit_code == 0


@pytest.mark.parametrize(("name", "says"), [("other.csv", "no rx_*.csv"), ("rx_bad.csv", "rx_bad.csv: ")])
def test_a_folder_without_usable_lists_is_refused(tmp_path, name, says):
    (tmp_path / "asp.csv").write_text(HEAD + GOOD)
    (tmp_path / name).write_text("nothing")

    found = run("build", "--asp", tmp_path / "asp.csv", "--rxnorm", tmp_path, "--out", tmp_path / "out.json")

    assert found.exit_code == 2
    assert says in found.output
    assert not (tmp_path / "out.json").exists()
