"""The question to clamd: only its own words for a clean file count as one, whatever it does."""

import tempfile
from pathlib import Path

import pytest

import clamd
from tracker.antivirus import CHUNK, EICAR, NotScanned, Scanner


@pytest.fixture
def place():
    """A short path: a socket's has 107 bytes at most."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "clamd.ctl"


@pytest.fixture
def fake(place):
    with clamd.running(place) as running:
        yield running


def test_a_clean_file_reaches_it_whole(fake, place):
    content = bytes(range(256)) * 1000 + b"end"

    assert Scanner(str(place)).virus_in(content) is None
    assert Scanner(str(place)).virus_in(b"") is None

    assert len(content) > 3 * CHUNK
    assert fake.received == [content, b""]


def test_a_virus_is_named(fake, place):
    fake.answer = b"stream: Win.Test.EICAR_HDB-1 FOUND\0"

    assert Scanner(str(place)).virus_in(EICAR) == "Win.Test.EICAR_HDB-1"


def test_a_name_cannot_break_a_line(fake, place):
    fake.answer = b"stream: Bad\x1b[31m" + b"x" * 500 + b" FOUND\0"

    assert Scanner(str(place)).virus_in(b"x") == "Bad[31m" + "x" * 93


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (b"INSTREAM size limit exceeded. ERROR\0", "StreamMaxLength"),
        (b"stream: Can't allocate memory ERROR\0", "an error of its own"),
        (b"UNKNOWN COMMAND\0", "an error of its own"),
        (b"stream: OK, more or less\0", "an error of its own"),
        (b"stream: O", "an error of its own"),
        (b"\xff\xfe\0", "an error of its own"),
        (b"", "without a verdict"),
        (None, "without a verdict"),
    ],
)
def test_anything_else_is_no_verdict(fake, place, answer, why):
    fake.answer = answer

    with pytest.raises(NotScanned, match=why):
        Scanner(str(place)).virus_in(b"x")


def test_one_that_hangs_is_not_waited_for(fake, place):
    fake.hangs = 1.0

    with pytest.raises(NotScanned, match=r"within 0\.2 seconds"):
        Scanner(str(place), seconds=0.2).virus_in(b"x")


def test_one_that_dies_midway_gave_no_verdict(fake, place):
    fake.dies_after, fake.answer = CHUNK, None

    with pytest.raises(NotScanned):
        Scanner(str(place)).virus_in(b"x" * 50 * CHUNK)


def test_one_that_is_not_there(place):
    with pytest.raises(NotScanned, match="cannot be reached"):
        Scanner(str(place)).virus_in(b"x")
    with pytest.raises(NotScanned, match="cannot be reached"):
        Scanner("127.0.0.1:1").virus_in(b"x")
