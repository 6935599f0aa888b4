"""Reports of browsers on what the Content-Security-Policy kept from a page: counted by day and directive.

Anyone can send one, so that nothing of it is kept but a word of a fixed list (CSP Level 3, 5.3).
"""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from tracker.models.base import Db
from tracker.models.policy_report import PolicyReport

LARGEST = 16 * 1024
KEPT_DAYS = 90
TOLD_DAYS = 7
OTHER = "other"
CURE = "Look whether the web server in front adds to pages; else tell whoever looks after security."
DIRECTIVES = frozenset(
    ("default-src", "object-src", "script-src", "style-src", "img-src", "font-src", "connect-src")
    + ("form-action", "base-uri", "frame-ancestors")
)
# What an extension of the browser puts into every page is neither ours nor an attack on us.
EXTENSION = "-extension"


def directive_of(content: bytes) -> str | None:
    """The part of the policy that a report names. None: it is no report, or one about an extension."""
    try:
        body = json.loads(content)["csp-report"]
        named = body.get("effective-directive") or body["violated-directive"]
        places = body.get("blocked-uri"), body.get("source-file")
        directive = named.split()[0].removesuffix("-elem").removesuffix("-attr")
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError):
        return None
    if any(isinstance(place, str) and EXTENSION in place.partition(":")[0] for place in places):
        return None
    return directive if directive in DIRECTIVES else OTHER


def count(session: Db, directive: str, *, now: datetime) -> None:
    """One more today; what is older than anyone asks for goes."""
    today = now.date()
    this = PolicyReport.seen_on == today, PolicyReport.directive == directive
    more = update(PolicyReport).where(*this).values(count=PolicyReport.count + 1)
    found: Any = session.execute(more, execution_options={"synchronize_session": False})
    if not found.rowcount:
        session.execute(
            delete(PolicyReport).where(PolicyReport.seen_on < today - timedelta(days=KEPT_DAYS)),
            execution_options={"synchronize_session": False},
        )
        session.add(PolicyReport(seen_on=today, directive=directive, count=1))
    session.flush()


def lately(session: Db, now: datetime) -> Mapping[str, int]:
    """How many in the last seven days, by directive."""
    since = now.date() - timedelta(days=TOLD_DAYS - 1)
    query = select(PolicyReport.directive, func.sum(PolicyReport.count)).where(PolicyReport.seen_on >= since)
    rows = session.execute(query.group_by(PolicyReport.directive).order_by(PolicyReport.directive))
    return {directive: int(found) for directive, found in rows}


def in_words(session: Db, now: datetime) -> str:
    """A sentence with the counts; empty if all is well."""
    kept = ", ".join(f"{directive} {count}" for directive, count in lately(session, now).items())
    return f"Browsers: they kept things from pages in the last {TOLD_DAYS} days: {kept}." if kept else ""
