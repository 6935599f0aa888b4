"""The rigs' own modules, and one clinic that is built once for the run."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
import stage  # noqa: E402 - beside this file
from rounds import PATIENTS, fresh, program  # noqa: E402 - beside this file
from sink import Sink  # noqa: E402 - beside this file


@pytest.fixture(scope="session")
def built(tmp_path_factory):
    """A folder with a database in which everybody is due. Copy it before use."""
    folder = tmp_path_factory.mktemp("stage")
    stage.build(folder, PATIENTS)
    return folder


@pytest.fixture(scope="session")
def clean(built, tmp_path_factory):
    """What a life that is left alone makes of the clinic, the mails it sent, the seconds it took. Copy it."""
    folder = fresh(tmp_path_factory.mktemp("clean") / "one", built)
    sink = Sink()
    with sink.listening():
        took = int(program("lives.py", folder, sink.port, "together", 1))
    return folder, tuple(sink.mails), took / 1000
