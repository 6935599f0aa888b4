"""One line for each state of a database that a person can mend; our own faults stay faults."""

import pytest
from sqlalchemy.exc import ArgumentError, IntegrityError, OperationalError, ProgrammingError

from tracker.commands.trouble import told


def named(kind, words):
    return type(kind, (Exception,), {})(words)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (
            OperationalError("S", {}, named("OperationalError", "no such table: app_user")),
            "tracker db upgrade",
        ),
        (
            ProgrammingError("S", {}, named("UndefinedColumn", 'column "x" does not exist\nLINE 1')),
            'schema (column "x" does not exist). Run: tracker db upgrade',
        ),
        (OperationalError("S", {}, named("OperationalError", "database is locked")), "run this again"),
        (OperationalError("S", {}, named("OperationalError", "connection refused")), "`tracker doctor`"),
    ],
)
def test_what_can_be_mended_is_said(error, says):
    assert says in told(error)


@pytest.mark.parametrize(
    "error",
    [
        IntegrityError("S", {}, named("IntegrityError", "UNIQUE constraint failed: patient.mrn")),
        ArgumentError("not ours to tell"),
    ],
)
def test_a_fault_of_ours_is_not_hidden(error):
    assert told(error) is None
