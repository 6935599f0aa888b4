"""`tracker backup`, `tracker restore` and `tracker doctor` as someone at a shell meets them."""

import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

import forked
from tracker.running import running
from tracker.services import backups

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
HOME = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """An instance folder with a clinic and one account, as a template."""
    folder = tmp_path_factory.mktemp("filled")
    call = Caller(folder)
    call("db", "upgrade")
    call.add_user("kim@clinic.example")
    return (folder / "tracker.db").read_bytes()


class Caller:
    def __init__(self, instance: Path, **settings: str) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
        self.environment = {
            **kept,
            "TRACKER_MODE": "production",
            "TRACKER_INSTANCE": str(instance),
            "TRACKER_SECRET_KEY": "x" * 40,
            "TRACKER_PUBLIC_URL": "https://tracker.example",
            **settings,
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        return forked.tracker(self.environment, *words)

    def started_anew(self, *words: str) -> subprocess.CompletedProcess[str]:
        """The same by a Python of its own."""
        command = [sys.executable, "-c", "from tracker.cli import main; main()", *words]
        return subprocess.run(
            command, cwd=HOME, env=self.environment, capture_output=True, text=True, timeout=120, check=False
        )

    def add_user(self, email: str) -> None:
        done = self(
            *("user", "add", email, "--name", "Kim Tran", "--clinic", "Renal clinic"),
            *("--role", "lead", "--password", "a long enough password of Kim"),
        )
        assert done.returncode == 0, done.stderr


@pytest.fixture
def clinic(tmp_path, filled):
    (tmp_path / "tracker.db").write_bytes(filled)
    return Caller(tmp_path, TRACKER_BACKUP_KEY=backups.new_key())


def newest(folder: Path) -> Path:
    return backups.listed(folder / "backups")[0].path


def test_what_was_lost_comes_back_and_mails_wait(clinic, tmp_path):
    made = clinic("backup")
    assert "looked through, encrypted" in made.stdout, made.stderr
    clinic.add_user("late@clinic.example")
    back = clinic("restore", str(newest(tmp_path)), "--yes")

    assert back.returncode == 0, back.stderr
    assert "late@clinic.example" not in clinic("user", "list").stdout
    assert "kim@clinic.example" in clinic("user", "list").stdout
    assert list(tmp_path.glob("tracker.db.before-restore-*"))
    assert "whole" in clinic("audit", "verify").stdout
    held = clinic("mail", "send")
    assert held.returncode == 1
    assert "tracker mail release" in held.stderr
    assert "go out again" in clinic("mail", "release", "--drop").stdout


def test_without_yes_nothing_is_changed(clinic, tmp_path):
    clinic("backup")
    clinic.add_user("late@clinic.example")
    looked = clinic("restore", str(newest(tmp_path)))

    assert "1 clinics, 0 patients" in looked.stdout
    assert "late@clinic.example" in clinic("user", "list").stdout


def test_a_running_tracker_is_not_pulled_from_under(clinic, tmp_path):
    clinic("backup")
    with running(tmp_path):
        refused = clinic("restore", str(newest(tmp_path)), "--yes")

    assert refused.returncode == 1
    assert "Stop it" in refused.stderr


def test_a_damaged_backup_changes_nothing(clinic, tmp_path):
    before = (tmp_path / "tracker.db").read_bytes()
    path = tmp_path / "broken.db"
    path.write_bytes(before[:5000])
    refused = clinic("restore", str(path), "--yes")

    assert refused.returncode == 1
    assert "older backup" in refused.stderr
    assert (tmp_path / "tracker.db").read_bytes() == before


def test_a_copy_in_the_clear_outside_the_folder_must_be_asked_for(tmp_path, filled):
    (tmp_path / "tracker.db").write_bytes(filled)
    call = Caller(tmp_path)

    assert "--plain" in call("backup", "--to", str(tmp_path / "out")).stderr
    assert call("backup", "--to", str(tmp_path / "out"), "--plain").returncode == 0


def test_the_doctor_says_what_to_do(clinic):
    seen = clinic("doctor")

    assert seen.returncode == 1
    assert "tracker run" in seen.stdout
    assert "TRACKER_SMTP_HOST" in seen.stdout
    assert "Run: tracker backup" in seen.stdout
    assert "Traceback" not in seen.stderr


def test_the_doctor_names_an_old_schema(tmp_path):
    seen = Caller(tmp_path)("doctor")

    assert "tracker db upgrade" in seen.stdout
    assert seen.returncode == 1


def test_the_doctor_looks_while_another_writes(clinic, tmp_path):
    with closing(sqlite3.connect(tmp_path / "tracker.db", isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        seen = clinic("doctor")

    assert "ok    Database: sqlite, schema" in seen.stdout


def test_a_command_on_a_database_without_tables_says_how_to_make_them(tmp_path):
    asked = Caller(tmp_path).started_anew("user", "list")

    assert asked.returncode == 1
    assert "no such table" in asked.stderr
    assert "Run: tracker db upgrade" in asked.stderr
    assert "Traceback" not in asked.stderr


def test_a_restore_is_the_way_back_from_a_damaged_database(clinic, tmp_path):
    clinic("backup")
    (tmp_path / "tracker.db").write_bytes(b"rubbish" * 1000)
    back = clinic("restore", str(newest(tmp_path)), "--yes")

    assert back.returncode == 0, back.stderr
    assert "kim@clinic.example" in clinic("user", "list").stdout
