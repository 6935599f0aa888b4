"""The tables of what is asked for and how it is met: whole, with code that exists and tests that run."""

import ast
import csv
import re
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HERE = Path(__file__).resolve().parent
GUIDE = ROOT / "tracker" / "SECURITY.md"
STATES = {"met", "n/a", "clinic", "not met"}
# ASVS 5.0.0: how many requirements of level 1 and 2 each chapter has, without V17 (WebRTC).
IN_CHAPTER = {
    1: 27,
    2: 11,
    3: 19,
    4: 10,
    5: 9,
    6: 35,
    7: 18,
    8: 7,
    9: 7,
    10: 29,
    11: 14,
    12: 9,
    13: 13,
    14: 9,
    15: 13,
}
IN_CHAPTER |= {16: 16}
# Of level 3 those that this program meets, or that are not for it; what is missing is no claim.
OF_LEVEL_3 = {1: 2, 2: 1, 3: 10, 4: 3, 5: 4, 6: 10, 7: 1, 8: 3, 10: 7, 11: 6, 13: 6, 14: 4, 15: 7, 16: 1}
LEVELS = {"1": 70, "2": 176, "3": 65}
PARAGRAPH = re.compile(r"164\.3(08|10|12|16)\([a-e]\)(\(\d\))?(\([ivx]+\))?(\([A-D]\))?")


def table(name):
    with (HERE / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


ASVS, HIPAA = table("asvs.csv"), table("hipaa.csv")
EVERY = [*ASVS, *HIPAA]


@cache
def names_of(path):
    """What a module defines at its top, and inside its classes."""
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    inner = [part for each in tree.body if isinstance(each, ast.ClassDef) for part in each.body]
    found = set()
    for node in [*tree.body, *inner]:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.Assign):
            parts = [part for each in node.targets for part in ast.walk(each)]
            found |= {part.id for part in parts if isinstance(part, ast.Name)}
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            found.add(node.target.id)
    return found


@cache
def headings():
    return set(re.findall(r"^#+ (.+)$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE))


def is_there(code):
    """`path`, `path:name` of a module, or `path#heading` of the guide."""
    path, _, heading = code.partition("#")
    if heading:
        return (ROOT / path) == GUIDE and heading in headings()
    path, _, name = code.partition(":")
    return (ROOT / path).is_file() and (not name or name in names_of(path))


def test_each_requirement_stands_once():
    ids = [row["id"] for row in ASVS]

    assert len(ids) == len(set(ids)) == 246 + 65
    assert _by_chapter("1", "2") == IN_CHAPTER
    assert _by_chapter("3") == OF_LEVEL_3
    assert Counter(row["level"] for row in ASVS) == LEVELS
    assert ids == sorted(ids, key=lambda each: [int(part) for part in each.split(".")])


def _by_chapter(*levels):
    return Counter(int(row["id"].split(".")[0]) for row in ASVS if row["level"] in levels)


def test_the_guide_counts_each_level():
    for level, count in LEVELS.items():
        states = Counter(row["state"] for row in ASVS if row["level"] == level)
        counts = (states[each] for each in ("met", "clinic", "n/a", "not met"))
        assert f"| {level} | {count} | {' | '.join(map(str, counts))} |" in GUIDE.read_text(encoding="utf-8")


def test_level_3_is_met_where_it_matters_most():
    named = {
        "1.2.10",
        "3.4.7",
        "3.4.8",
        "5.2.4",
        "5.2.5",
        "5.2.6",
        "6.3.5",
        "6.3.6",
        "6.3.7",
        "6.3.8",
        "8.3.2",
    }
    named |= {"14.2.5", "14.2.6", "14.2.7", "14.2.8", "15.4.1", "15.4.2", "15.4.3", "15.4.4"}
    met = {row["id"] for row in ASVS if row["level"] == "3" and row["state"] == "met"}

    assert named - met == set()
    assert len(met) >= 30


def test_each_paragraph_stands_once():
    ids = [row["id"] for row in HIPAA]

    assert len(ids) == len(set(ids)) >= 30
    assert [each for each in ids if not PARAGRAPH.fullmatch(each)] == []


def test_each_row_says_how_and_shows_it():
    """Met, or the clinic's: with code and a test. Not for us, or not met: with the reason."""
    bare = [
        row["id"]
        for row in EVERY
        if row["state"] not in STATES
        or len(row["how"]) < 3
        or not row["requirement"]
        or (row["state"] in {"met", "clinic"} and not (row["code"] and row["tests"]))
        or (row["state"] in {"n/a", "not met"} and row["tests"])
        or (row["state"] == "n/a" and row["code"])
    ]

    assert bare == []


def test_all_code_that_is_named_is_there():
    assert [(row["id"], code) for row in EVERY for code in row["code"].split() if not is_there(code)] == []


def test_the_guide_has_what_the_tables_point_to():
    wanted = {code.partition("#")[2] for row in EVERY for code in row["code"].split() if "#" in code}

    assert wanted <= headings()
    assert len(wanted) >= 10


def test_all_tests_that_are_named_run():
    missing = []
    for row in EVERY:
        for each in row["tests"].split():
            path, _, name = each.partition("::")
            if not (ROOT / path).is_file() or name not in names_of(path) or not name.startswith("test_"):
                missing.append((row["id"], each))

    assert missing == []


@pytest.mark.parametrize(("name", "rows"), [("asvs", ASVS), ("hipaa", HIPAA)])
def test_the_guide_says_what_is_not_met(name, rows):
    """Counted in the guide, and each row that is not met stands there with its id."""
    text = GUIDE.read_text(encoding="utf-8")
    count = Counter(row["state"] for row in rows)
    words = {"met": "met", "clinic": "by the clinic", "n/a": "not for us", "not met": "not met"}
    line = ", ".join(f"{count[state]} {word}" for state, word in words.items())

    assert f"tests/security/{name}.csv" in text
    assert line in text
    assert [row["id"] for row in rows if row["state"] == "not met" and f"`{row['id']}`" not in text] == []
