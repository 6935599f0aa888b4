"""`tracker db new-key`, `encrypt` and `rekey`, and what backup, restore and doctor make of them."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

import forked
from tracker.cipher import is_plain
from tracker.running import running
from tracker.services import backups

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
CANARY = b"kim.canary@clinic.example"


class Caller:
    """A production instance with a key file set, or none."""

    def __init__(self, instance: Path, key_file: Path | None) -> None:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
        key = {"TRACKER_DATABASE_KEY_FILE": str(key_file)} if key_file else {}
        self.environment = {
            **kept,
            "TRACKER_MODE": "production",
            "TRACKER_INSTANCE": str(instance),
            "TRACKER_SECRET_KEY": "Gq8vN3rTz1LxWc5YbKd7MfJh2PsUeAo9XiVw",
            "TRACKER_PUBLIC_URL": "https://tracker.example",
            **key,
        }

    def __call__(self, *words: str) -> subprocess.CompletedProcess[str]:
        done = forked.tracker(self.environment, *words)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    def does(self, *words: str) -> str:
        done = self(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def filled(tmp_path_factory):
    """A database in the clear with a clinic and one account."""
    folder = tmp_path_factory.mktemp("filled")
    call = Caller(folder, None)
    call.does("db", "upgrade")
    call.does(
        *("user", "add", CANARY.decode(), "--name", "Kim Tran", "--clinic", "Renal clinic"),
        *("--role", "lead", "--password", "a long enough password of Kim"),
    )
    return folder


@pytest.fixture
def instance(tmp_path, filled):
    shutil.copytree(filled, tmp_path / "instance")
    return tmp_path / "instance"


@pytest.fixture
def key(tmp_path):
    Caller(tmp_path, None).does("db", "new-key", str(tmp_path / "key"))
    return tmp_path / "key"


def readable(folder):
    return [path.name for path in folder.rglob("*") if path.is_file() and CANARY in path.read_bytes()]


def test_a_key_is_made_private_and_never_written_over(tmp_path, key):
    assert re.fullmatch("[0-9a-f]{64}\n", key.read_text())
    assert key.stat().st_mode & 0o777 == 0o600

    again = Caller(tmp_path, None)("db", "new-key", str(key))

    assert again.returncode == 1
    assert "never written over" in again.stderr


def test_from_the_clear_to_encrypted_and_on(instance, key):
    plain, call = Caller(instance, None), Caller(instance, key)
    plain.does("backup")
    refused = call("user", "list")
    assert (refused.returncode, "tracker db encrypt" in refused.stderr) == (2, True)

    said = call.does("db", "encrypt")

    assert "is encrypted" in said
    assert "still in the clear" in said
    assert f"{next((instance / 'backups').glob('*.db'))}" in said
    assert CANARY.decode() in call.does("user", "list")
    assert "encrypted with this key already" in call.does("db", "encrypt")
    assert readable(instance) == [path.name for path in (instance / "backups").glob("*.db")]
    assert "whole" in call.does("audit", "verify")
    assert '"file": "encrypted"' in call.does(
        "audit", "export", "--clinic", "Renal clinic", "--format", "jsonl"
    )


def test_without_the_key_or_with_another_it_stops_with_the_cure(instance, key, tmp_path):
    Caller(instance, key).does("db", "encrypt")
    Caller(tmp_path, None).does("db", "new-key", str(tmp_path / "other"))
    without, wrong = Caller(instance, None), Caller(instance, tmp_path / "other")

    for call, said in ((without, "Set TRACKER_DATABASE_KEY_FILE"), (wrong, "does not open with this key")):
        for words in (("user", "list"), ("db", "upgrade"), ("backup",), ("run",)):
            stopped = call(*words)
            assert stopped.returncode in (1, 2)
            assert said in stopped.stderr
            assert len(stopped.stderr.splitlines()) == 1
        assert said in call("doctor").stdout
    assert wrong("db", "encrypt").returncode == 2


def test_encrypting_asks_for_a_key_and_for_a_tracker_that_is_stopped(instance, key, tmp_path):
    assert "new-key" in Caller(instance, None)("db", "encrypt").stderr
    with running(instance):
        assert "Stop it" in Caller(instance, key)("db", "encrypt").stderr
    assert "no database" in Caller(tmp_path / "nowhere", key)("db", "encrypt").stderr
    assert is_plain(instance / "tracker.db")


def test_a_new_database_is_made_encrypted(tmp_path, key):
    call = Caller(tmp_path / "new", key)
    call.does("db", "upgrade")

    assert not is_plain(tmp_path / "new" / "tracker.db")
    assert "encrypted (SQLCipher)" in call("doctor").stdout


def test_the_key_is_rotated_and_old_backups_still_come_back(instance, key, tmp_path):
    call = Caller(instance, key)
    call.does("db", "encrypt")
    call.does("backup")
    call.does("db", "new-key", str(tmp_path / "next"))
    said = call.does("db", "rekey", str(tmp_path / "next"))
    assert f"TRACKER_DATABASE_KEY_FILE={tmp_path / 'next'}" in said
    assert "has this key already" in call.does("db", "rekey", str(tmp_path / "next"))

    rotated = Caller(instance, tmp_path / "next")
    assert call("user", "list").returncode == 2
    assert CANARY.decode() in rotated.does("user", "list")

    old = str(backups.listed(instance / "backups")[0].path)
    assert "--database-key-file" in rotated("restore", old).stderr
    assert "1 clinics" in rotated.does("restore", old, "--database-key-file", str(key), "--yes")
    assert CANARY.decode() in rotated.does("user", "list")
    assert readable(instance) == []


def test_backups_and_what_a_restore_leaves_are_encrypted(instance, key):
    call = Caller(instance, key)
    call.does("db", "encrypt")
    assert "encrypted with the database's key" in call.does("backup")
    assert "encrypted" in call.does("backup", "--list")
    call.does("restore", str(backups.listed(instance / "backups")[0].path), "--yes")

    assert list(instance.glob("tracker.db.before-restore-*"))
    assert readable(instance) == []


def test_a_backup_in_the_clear_is_encrypted_as_it_comes_back(instance, key):
    Caller(instance, None).does("backup")
    call = Caller(instance, key)
    call.does("db", "encrypt")
    kept = backups.listed(instance / "backups")[0].path
    call.does("restore", str(kept), "--yes")

    assert CANARY.decode() in call.does("user", "list")
    assert readable(instance) == [kept.name]


def test_the_doctor_sees_how_the_key_is_kept(instance, key):
    assert "not encrypted" in Caller(instance, None)("doctor").stdout
    beside = instance / "database.key"
    beside.write_text(key.read_text())
    beside.chmod(0o644)
    call = Caller(instance, beside)
    call.does("db", "encrypt")
    seen = call("doctor").stdout

    assert "ok    Database file: encrypted (SQLCipher)." in seen
    assert f"chmod 600 {beside}" in seen
    assert "beside the database" in seen
    assert "Backups: not encrypted" not in seen
