"""What a command says when the database does not answer it."""

from sqlalchemy.exc import DBAPIError, SQLAlchemyError

LACKING = ("no such table", "no such column", "has no column", "UndefinedTable", "UndefinedColumn")
BUSY = ("database is locked", "LockNotAvailable", "QueryCanceled")


def told(error: SQLAlchemyError) -> str | None:
    """One line with the cure; None for what is no matter of the database's state but a fault of ours.

    The driver's own words are repeated only where they can name nothing but a table or a column.
    """
    if not isinstance(error, DBAPIError) or error.orig is None:
        return None
    kind, words = type(error.orig).__name__, str(error.orig)
    if any(each in f"{kind}: {words}" for each in LACKING):
        return (
            f"Database: it is not at this release's schema ({words.splitlines()[0]}). Run: tracker db upgrade"
        )
    if any(each in f"{kind}: {words}" for each in BUSY):
        return "Database: another program is writing to it. Nothing was changed; run this again."
    if kind == "OperationalError":
        return "Database: it cannot be used. `tracker doctor` says why and what to do."
    return None
