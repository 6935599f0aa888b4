"""How often one person may call a page: far above what a hand can do, far below what a program could.

Counted in this process's memory, for a write with each read would cost more than it spares: several
processes allow several times as much. Each subject has a bucket of its own; nobody's calls slow another's.
"""

import threading
from dataclasses import dataclass

from tracker.services.errors import TrackerError

MOST_BUCKETS = 10_000
TOLD_AGAIN_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Pace:
    """`burst` calls at once, and `a_second` more from then on."""

    kind: str
    burst: int
    a_second: float


ALL = Pace("pages", burst=600, a_second=5)  # keys on the worklist: three a second, for as long as one likes
SEARCH = Pace("searches", burst=120, a_second=2)
TRY_OUT = Pace("previews", burst=60, a_second=1)
RECORD = Pace("records", burst=60, a_second=1)  # audit trail, histories, documents
LEAVING = Pace("files", burst=20, a_second=0.1)  # exports and call sheets: a whole worklist each
UPLOAD = Pace("uploads", burst=30, a_second=0.2)
REPORT = Pace("reports", burst=20, a_second=0.05)  # of one browser on one page of ours: none, if all is well
REPORTS = Pace("all reports", burst=200, a_second=1)
FEED = Pace("feeds", burst=120, a_second=2)  # of one address, behind which a whole clinic may subscribe


class TooFast(TrackerError):
    """Not now: wait `seconds`. `first`: it was not yet told within the last ten minutes."""

    def __init__(self, seconds: int, *, first: bool) -> None:
        super().__init__(
            "These pages were called more often in a short time than a person can, so this was not opened "
            f"and nothing was changed. Go on in {seconds} second{'' if seconds == 1 else 's'}. If it was not "
            "you, tell your administrator."
        )
        self.seconds = seconds
        self.first = first


@dataclass(slots=True)
class _Bucket:
    left: float
    at: float
    told_at: float | None = None


class Buckets:
    """The calls of everyone, in this process."""

    def __init__(self) -> None:
        self._kept: dict[tuple[str, str], _Bucket] = {}
        self._lock = threading.Lock()

    def take(self, pace: Pace, subject: str, *, now: float) -> None:
        """One call at this second, or TooFast. A call that is refused costs nothing."""
        with self._lock:
            bucket = self._bucket(pace, subject, now)
            passed = max(0.0, now - bucket.at)  # a clock set back gives nothing and takes nothing
            bucket.left = min(pace.burst, bucket.left + passed * pace.a_second)
            bucket.at = now
            if bucket.left >= 1:
                bucket.left -= 1
                return
            first = bucket.told_at is None or not 0 <= now - bucket.told_at < TOLD_AGAIN_SECONDS
            bucket.told_at = now if first else bucket.told_at
            wait = (1 - bucket.left) / pace.a_second
        raise TooFast(max(1, int(wait + 0.999)), first=first)

    def _bucket(self, pace: Pace, subject: str, now: float) -> _Bucket:
        found = self._kept.get((pace.kind, subject))
        if found is None:
            if len(self._kept) >= MOST_BUCKETS:
                self._forget_half()
            found = self._kept[pace.kind, subject] = _Bucket(float(pace.burst), now)
        return found

    def _forget_half(self) -> None:
        """Those not called for longest; addresses without end must not fill the memory."""
        oldest = sorted(self._kept, key=lambda key: self._kept[key].at)[: MOST_BUCKETS // 2]
        for key in oldest:
            del self._kept[key]
