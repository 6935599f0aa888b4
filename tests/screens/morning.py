"""The product's clock, put on one morning of June: two runs give the same pictures.

Imported before anything else of the product, for the columns of its tables take the clock with them.
"""

from datetime import UTC, datetime, timedelta
from time import monotonic

from tracker import clock

MORNING = datetime(2026, 6, 8, 13, 20, tzinfo=UTC)  # a Monday
STARTED = monotonic()


def now() -> datetime:
    return MORNING + timedelta(seconds=monotonic() - STARTED)


clock.now = now
