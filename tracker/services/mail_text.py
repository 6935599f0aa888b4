"""What a mail says: counts, opaque ids, days to harm and links. Never who or what it is about.

`Render` fills a template by name, so that nothing here knows where templates live.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from tracker.rules.words import Severity
from tracker.services.heartbeat import TrustLine
from tracker.services.outbox import Item, Letter

Render = Callable[[str, Mapping[str, Any]], str]

LISTED = 50
GLYPHS = {Severity.CRITICAL: "■", Severity.HIGH: "▲", Severity.WARNING: "◆", Severity.INFO: "●"}
COLOURS = {
    Severity.CRITICAL: ("#b50909", "#ffffff", "#b50909"),
    Severity.HIGH: ("#fef2e4", "#8c471c", "#8c471c"),
    Severity.WARNING: ("#fef0c8", "#5c410a", "#5c410a"),
    Severity.INFO: ("#edeff0", "#3d4551", "#3d4551"),
}


@dataclass(frozen=True, slots=True)
class MailText:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True)
class Tile:
    """How many alerts there are of one severity; colours are ground, text on it, and text on white."""

    label: str
    glyph: str
    count: int
    ground: str
    ink: str
    accent: str


@dataclass(frozen=True, slots=True)
class Row:
    tile: Tile
    short_id: str
    harm: str
    link: str


def alert_mail(letter: Letter, *, trust: TrustLine, time_zone: str, address: str, render: Render) -> MailText:
    """The three parts of a letter's mail; `address` is where people open the tracker."""
    counts = Counter(item.severity for item in letter.items)
    tiles = {severity: _tile(severity, counts[severity]) for severity in Severity}
    shown = letter.items[:LISTED]
    context = {
        "repeat": letter.repeat,
        "clinic": " ".join(letter.clinic_name.split()),
        "counts": ", ".join(f"{n} {s.value}" for s in Severity if (n := counts[s])),
        "heading": _heading(letter, counts),
        "tiles": list(tiles.values()),
        "rows": [_row(item, tiles[item.severity], trust.as_of, address) for item in shown],
        "more": len(letter.items) - len(shown),
        "today_link": f"{address}/",
        "checked": _checked(trust, time_zone),
    }
    return MailText(
        subject=" ".join(render("alerts.subject", context).split()),
        text=render("alerts.text", context),
        html=render("alerts.html", context),
    )


def days_to(harm_on: date | None, today: date) -> str:
    """`in 3 days`, `today`, `2 days ago`; `no date` for what has none."""
    if harm_on is None:
        return "no date"
    days = (harm_on - today).days
    if days == 0:
        return "today"
    count = f"{abs(days)} day{'s' if abs(days) != 1 else ''}"
    return f"in {count}" if days > 0 else f"{count} ago"


def _heading(letter: Letter, counts: Mapping[Severity, int]) -> str:
    total = len(letter.items)
    words = "1 alert needs you" if total == 1 else f"{total} alerts need you"
    worst = counts.get(Severity.CRITICAL, 0)
    return f"{words}, {worst} critical" if worst and worst != total else words


def _tile(severity: Severity, count: int) -> Tile:
    ground, ink, accent = COLOURS[severity]
    return Tile(severity.label, GLYPHS[severity], count, ground, ink, accent)


def _row(item: Item, tile: Tile, today: date, address: str) -> Row:
    return Row(
        tile=tile,
        short_id=item.alert_id[-6:],
        harm=days_to(item.harm_on, today),
        link=f"{address}/alerts/{item.alert_id}",
    )


def _checked(trust: TrustLine, time_zone: str) -> str:
    if trust.last_finished_at is None:
        return "Not all patients have been checked yet."
    at = trust.last_finished_at.astimezone(ZoneInfo(time_zone))
    return (
        f"Checked {at:%a %Y-%m-%d %H:%M %Z}: {trust.patient_count} patients, "
        f"{trust.future_fill_count} future fills, {trust.error_count} errors."
    )
