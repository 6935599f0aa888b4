"""A tick that hangs ends its process with 70; the next process takes up what was left."""

import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from rounds import ENVIRONMENT, HERE, PATIENTS, fresh

pytestmark = pytest.mark.faults


def run(folder, what):
    command = [sys.executable, str(HERE / "hung.py"), str(folder), what]
    return subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)


def test_a_job_that_hangs_ends_the_process_and_the_next_one_goes_on(built, tmp_path):
    folder = fresh(tmp_path / "hung", built)

    hung = run(folder, "hang")
    left = list((folder / "mail").glob("*.eml"))
    assert hung.returncode == 70, hung.stderr
    assert "hangs" in hung.stderr
    assert left == []

    again = run(folder, "work")
    assert again.returncode == 0, again.stderr
    with closing(sqlite3.connect(folder / "tracker.db")) as database:
        digests = database.execute("SELECT state FROM outbox_message WHERE kind = 'digest'").fetchall()
        undone = database.execute("SELECT count(*) FROM patient_check WHERE due").fetchone()[0]
    assert undone == 0
    assert digests == [("sent",)] * PATIENTS
    assert len(list((folder / "mail").glob("*.eml"))) == PATIENTS
