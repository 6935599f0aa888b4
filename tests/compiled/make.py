"""Compile the rules to machine code: `make compiled` (see `tracker.compiled`).

What is built answers some 1,700 cases; it is put in place only if every word is that of the sources.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from mypyc.build import mypycify
from setuptools import Distribution
from setuptools.command.build_ext import build_ext

HERE = Path(__file__).resolve().parent
HOME = HERE.parents[1]
sys.path[:0] = [str(HOME), str(HERE)]

from modules import MODULES  # noqa: E402

from tracker.compiled import BUILT, MADE_OF, WANTED, are_fit, fingerprint  # noqa: E402

CASES = 1500


def build(folder: Path) -> None:
    """Put the compiled modules into a folder."""
    os.chdir(HOME)
    sources = [f"tracker/rules/{name}.py" for name in MODULES]
    with tempfile.TemporaryDirectory() as scratch:
        extensions = mypycify(
            sources, group_name="tracker_rules", opt_level="3", debug_level="0", target_dir=scratch
        )
        command = build_ext(Distribution({"name": "rules", "ext_modules": extensions}))
        command.build_lib, command.build_temp = str(folder), scratch
        command.ensure_finalized()
        command.run()


def answers(*folder: Path) -> subprocess.Popen[bytes]:
    """The answers of the sources, or of the compiled rules of a folder, on their way."""
    call = [sys.executable, str(HERE / "answers.py"), str(CASES), "0", *map(str, folder)]
    # Memory is checked for what was freed too early.
    memory = {"PYTHONMALLOC": "debug"} if folder else {}
    return subprocess.Popen(call, stdout=subprocess.PIPE, env={**os.environ, **memory, WANTED: "0"})


def are_alike(folder: Path) -> bool:
    """Do the compiled rules answer every case as the sources do?"""
    with answers() as source, answers(folder) as compiled:
        expected, found = source.communicate()[0].splitlines(), compiled.communicate()[0].splitlines()
    if source.returncode or compiled.returncode:
        print("The answers could not be compared.", file=sys.stderr)
        return False
    differing = [
        number for number, (one, other) in enumerate(zip(expected, found, strict=False)) if one != other
    ]
    if differing or len(expected) != len(found):
        print(
            f"{len(differing)} of {len(expected)} answers differ, first case {differing[:1]}", file=sys.stderr
        )
        return False
    print(f"{len(expected):,} answers are those of the sources.", file=sys.stderr)
    return True


def main() -> int:
    made_of = fingerprint()
    if are_fit():
        print("The compiled rules are those of the sources already.", file=sys.stderr)
        return 0
    shutil.rmtree(BUILT, ignore_errors=True)
    BUILT.mkdir(parents=True)
    print("Compiling the rules; this takes about a minute.", file=sys.stderr)
    build(BUILT)
    if not are_alike(BUILT):
        print("They are not used.", file=sys.stderr)
        return 1
    (BUILT / MADE_OF).write_text(made_of, encoding="ascii")
    print(f"In place. To use them: {WANTED}=1", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
