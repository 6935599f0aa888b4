"""The program as people start and stop it: one process, an orderly end, one line for what can be mended."""

import logging
import os
import runpy
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import pytest

import forked
from clockwork import free_port
from tracker.serving import LineWithIds

pytestmark = pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
HOME = Path(__file__).resolve().parent.parent
SLOW = """
import sys, time
from flask import Response
from tracker import serving

honest = serving.create_app

def create_app(settings):
    app = honest(settings)
    app.before_request_funcs.clear()

    @app.get("/slow")
    def slow():
        print("asked", flush=True)
        time.sleep(1.5)
        return Response(b"x" * 4_000_000)

    return app

serving.create_app = create_app
sys.exit(serving.serve())
"""


def environment(tmp_path, port, **more):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRACKER_")}
    given = {"TRACKER_INSTANCE": str(tmp_path / "instance"), "TRACKER_PORT": str(port), **more}
    return {**kept, "PYTHONPATH": str(HOME), **given}


@contextmanager
def started(tmp_path, command, **more):
    """A program that listens; (process, port, lines said so far)."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, *command],
        cwd=HOME,
        env=environment(tmp_path, port, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    lines: list[str] = []
    try:
        for line in process.stdout:
            lines.append(line.rstrip())
            if line.startswith("Stop with"):
                break
        yield process, port, lines
    finally:
        process.kill()
        process.communicate()


def ended(process):
    out, err = process.communicate(timeout=20)
    return process.returncode, out, err


@pytest.fixture
def run(tmp_path):
    """Run a program that is expected to end by itself."""

    def once(port, **more):
        app = str(HOME / "app.py")
        return forked.forked(
            environment(tmp_path, port, **more), lambda: runpy.run_path(app, run_name="__main__")
        )

    return once


def test_it_says_where_to_go_and_stops_when_told(tmp_path):
    with started(tmp_path, ["app.py"]) as (process, port, lines):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as answer:
            page = answer.read().decode()
            told = " ".join(f"{name}: {value}" for name, value in answer.headers.items()).casefold()
        process.send_signal(signal.SIGINT)
        code, out, _ = ended(process)

    assert lines[0] == f"Open http://127.0.0.1:{port}"
    assert "ana@demo.example" in lines[1]
    assert "Sign in" in page
    assert not any(word in told for word in ("server:", "waitress", "werkzeug", "python", "x-powered-by"))
    assert (code, out.splitlines()[-1]) == (0, "Stopped.")


def test_a_request_under_way_gets_its_whole_answer(tmp_path):
    got = []

    def ask(port):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/slow", timeout=20) as answer:
            got.append(len(answer.read()))

    with started(tmp_path, ["-c", SLOW]) as (process, port, _):
        asking = threading.Thread(target=ask, args=(port,))
        asking.start()
        assert process.stdout.readline() == "asked\n"
        process.send_signal(signal.SIGTERM)
        asking.join(20)
        code, _, _ = ended(process)

    assert got == [4_000_000]
    assert code == 0


def test_an_idle_connection_does_not_hold_up_the_end(tmp_path):
    with (
        started(tmp_path, ["app.py"]) as (process, port, _),
        socket.create_connection(("127.0.0.1", port)),
    ):
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        code, _, _ = ended(process)

    assert code == 0
    assert time.monotonic() - began < 10


def test_a_taken_port_is_one_line_with_the_cure(run):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        ended = run(port)

    assert ended.returncode == 1
    assert len(ended.stderr.splitlines()) == 1
    assert f"127.0.0.1:{port}" in ended.stderr
    assert f"TRACKER_PORT={port + 1}" in ended.stderr


def test_nonsense_in_the_settings_is_one_line(run):
    ended = run(8000, TRACKER_SCAN_SECONDS="often")

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "TRACKER_SCAN_SECONDS" in ended.stderr


def test_a_database_that_is_not_migrated_is_one_line(run):
    ended = run(
        8000,
        TRACKER_MODE="production",
        TRACKER_SECRET_KEY=secrets.token_urlsafe(48),
        TRACKER_PUBLIC_URL="https://tracker.clinic.example",
    )

    assert ended.returncode == 2
    assert len(ended.stderr.splitlines()) == 1
    assert "tracker db upgrade" in ended.stderr


def test_a_missing_module_is_one_line(tmp_path):
    (tmp_path / "flask.py").write_text("import no_such_module\n")
    given = environment(tmp_path, 8000)
    given["PYTHONPATH"] = f"{tmp_path}{os.pathsep}{HOME}"

    ended = subprocess.run(
        [sys.executable, "app.py"], cwd=HOME, env=given, capture_output=True, text=True, timeout=30
    )

    assert ended.returncode == 1
    assert ended.stderr == "Python module no_such_module is missing; run make run, or pip install -e .\n"


def test_a_log_line_holds_ids_and_nothing_else_that_was_given():
    record = logging.LogRecord("tracker", logging.ERROR, "x", 1, "scan of a clinic failed", None, None)
    record.__dict__ |= {"clinic_id": "01J", "error": "ValueError", "name_of_patient": "Alvarez"}

    line = LineWithIds("%(message)s").format(record)

    assert line == "scan of a clinic failed clinic_id=01J error=ValueError"


@pytest.mark.parametrize("hostile", ["\n", "\r\n", "\x1b[2J", "\u2028", "\u202e", "\x00", "\x85"])
def test_one_event_is_one_line_in_utc(hostile):
    record = logging.LogRecord("tracker", logging.WARNING, "x", 1, "refused %s", (f"a{hostile}b",), None)
    record.__dict__ |= {"part": f"c{hostile}d"}
    record.created, record.msecs = 1773738000.5, 500.0

    line = LineWithIds("%(asctime)s %(message)s").format(record)

    assert line.startswith("2026-03-17T09:00:00.500Z refused a\\")
    assert line.isprintable()
    assert len(line.splitlines()) == 1
