"""Compiled rules: taken only where they are wanted and made of these very sources."""

import ast
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from compiled.modules import MODULES
from tracker import clock, compiled
from tracker.commands import doctor
from tracker.commands.looking import Level
from tracker.settings import from_environment

FOLDER = Path("tracker") / "rules"


@pytest.fixture
def built(tmp_path):
    """A folder of rules that say they were made of these sources."""
    (tmp_path / FOLDER).mkdir(parents=True)
    (tmp_path / compiled.MADE_OF).write_text(compiled.fingerprint(), encoding="ascii")
    return tmp_path


def taken(built, monkeypatch, **environment):
    """The path of the rules after compiled ones were taken, if they were."""
    monkeypatch.setattr(sys, "path", list(sys.path))
    path = ["sources"]
    compiled.take_if_wanted(path, environment, built)
    return path


def test_they_are_taken_first_where_they_are_wanted_and_fit(built, monkeypatch):
    assert taken(built, monkeypatch, TRACKER_COMPILED_RULES="1") == [str(built / FOLDER), "sources"]
    assert sys.path[-1] == str(built)


@pytest.mark.parametrize("wanted", ["", "0", "false"])
def test_they_are_left_where_they_are_not_wanted(wanted, built, monkeypatch):
    assert taken(built, monkeypatch) == ["sources"]
    assert taken(built, monkeypatch, TRACKER_COMPILED_RULES=wanted) == ["sources"]


@pytest.mark.parametrize("word", ["1", "0", "true", "False", "T", "f", "yes", "No", "y", "n", "ON", "off"])
def test_the_word_is_read_as_the_settings_read_it(word, built, monkeypatch):
    said = {"TRACKER_MODE": "test", "TRACKER_SECRET_KEY": "x" * 40, compiled.WANTED: word}
    wanted = from_environment(said).compiled_rules

    assert (taken(built, monkeypatch, TRACKER_COMPILED_RULES=word) != ["sources"]) is wanted


@pytest.mark.parametrize("made_of", [b"", b"0" * 64, b"\xff\xfe"])
def test_those_of_other_sources_are_left(made_of, built, monkeypatch):
    (built / compiled.MADE_OF).write_bytes(made_of)

    assert taken(built, monkeypatch, TRACKER_COMPILED_RULES="1") == ["sources"]


def test_where_none_were_made_the_sources_are_used(tmp_path, monkeypatch):
    assert taken(tmp_path, monkeypatch, TRACKER_COMPILED_RULES="1") == ["sources"]


def test_every_line_and_name_of_the_sources_and_the_python_count(tmp_path, monkeypatch):
    copy = shutil.copytree(compiled.SOURCES, tmp_path / "rules", ignore=shutil.ignore_patterns("__pycache__"))
    same = compiled.fingerprint(copy)
    assert same == compiled.fingerprint()

    dates = copy / "dates.py"
    text = dates.read_bytes()
    dates.write_bytes(text.replace(b"9000", b"9001"))
    changed = compiled.fingerprint(copy)
    dates.write_bytes(text)
    dates.rename(copy / "days.py")
    renamed = compiled.fingerprint(copy)
    (copy / "days.py").rename(dates)
    monkeypatch.setattr(compiled.sysconfig, "get_config_var", lambda name: ".cpython-399.so")
    other_python = compiled.fingerprint(copy)

    assert len({same, changed, renamed, other_python}) == 4


def test_a_module_that_is_there_is_loaded_in_place_of_its_source(built):
    (built / FOLDER / "severity.py").write_text("WHO = 'compiled'\n", encoding="ascii")
    program = (
        "import sys; from pathlib import Path; from tracker import compiled, rules;"
        "compiled.take(rules.__path__, Path(sys.argv[1]));"
        "from tracker.rules import dates, severity; print(severity.WHO, dates.__file__)"
    )

    said = subprocess.run(
        [sys.executable, "-c", program, str(built)], check=True, capture_output=True, text=True
    ).stdout.split()

    assert said == ["compiled", str(compiled.SOURCES / "dates.py")]


@pytest.mark.parametrize("name", MODULES)
def test_what_is_compiled_declares_no_attribute_final(name):
    """The compiler (mypy 2.4.1) frees the value of such an attribute too early: a crash."""
    tree = ast.parse((compiled.SOURCES / f"{name}.py").read_text(encoding="utf-8"))
    declared = [
        ast.unparse(node)
        for each in ast.walk(tree)
        if isinstance(each, ast.ClassDef)
        for node in ast.walk(each)
        if isinstance(node, ast.AnnAssign) and "Final" in ast.unparse(node.annotation)
    ]

    assert declared == []


def test_the_doctor_says_which_rules_are_used(settings, app, monkeypatch):
    monkeypatch.setattr(sys, "path", [each for each in sys.path if each != str(compiled.BUILT)])
    wanted = settings.model_copy(update={"compiled_rules": True})

    assert list(doctor._rules(settings)) == []
    [without] = doctor._rules(wanted)
    sys.path.append(str(compiled.BUILT))
    [used] = doctor._rules(wanted)

    assert (without.level, without.cure) == (Level.LOOK, "Run: make compiled")
    assert (used.level, used.text) == (Level.OK, "Rules: compiled, of this release's sources.")
    visit = doctor.Visit(app, wanted, clock.now())
    assert used in list(doctor._settings(visit))
