"""What a mail says: counts, opaque ids, days to harm and links. Never who or what it is about.

`Render` fills a template by name, so that nothing here knows where templates live.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from tracker.models.mail_choice import DigestDays
from tracker.models.outbox import MailKind
from tracker.rules.words import Severity
from tracker.services.digest import Digest
from tracker.services.heartbeat import TrustLine
from tracker.services.mail_choices import Wishes
from tracker.services.outbox import STORM, Item, Letter

Render = Callable[[str, Mapping[str, Any]], str]

FIRST = 5  # of more than anyone reads in a mail
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
    storm = len(letter.items) > STORM
    shown = letter.items[:FIRST] if storm else letter.items
    tiles = _tiles(counts)
    context = _frame(letter, counts, tiles, trust, time_zone, address) | {
        "heading": _heading(letter, counts),
        "list_title": "Did not reach a colleague" if letter.kind is MailKind.UNDELIVERED else "New or worse",
        "undelivered": letter.kind is MailKind.UNDELIVERED,
        "mails_link": f"{address}/mail/",
        "rows": [_row(item, tiles[item.severity], trust.as_of, address) for item in shown],
        "more": len(letter.items) - len(shown),
        "storm": storm,
    }
    return _rendered("alerts", context, render)


def digest_mail(
    letter: Letter, digest: Digest, *, trust: TrustLine, wishes: Wishes, address: str, render: Render
) -> MailText:
    """The morning's mail: what this person is in charge of, and that the tracker has looked."""
    shown = digest.first[:FIRST]
    tiles = _tiles(digest.counts)
    context = _frame(letter, digest.counts, tiles, trust, wishes.zone, address) | {
        "heading": _digest_heading(digest, trust),
        "stale": trust.stale,
        "counts": _counts(digest.counts) or "0 at risk",
        "patient_count": trust.patient_count,
        "rows": [
            _row(Item(line.alert_id, line.severity, line.harm_on), tiles[line.severity], trust.as_of, address)
            for line in shown
        ],
        "owners": [line.owner or "unowned" for line in shown],
        "more": len(digest.first) - len(shown),
        "also": _also(digest),
        "when": f"{'every day' if wishes.digest is DigestDays.EVERY_DAY else 'on working days'} "
        f"at {wishes.digest_hour:02}:00",
    }
    return _rendered("digest", context, render)


def _rendered(name: str, context: Mapping[str, Any], render: Render) -> MailText:
    return MailText(
        subject=" ".join(render(f"{name}.subject", context).split()),
        text=render(f"{name}.text", context),
        html=render(f"{name}.html", context),
    )


def _frame(
    letter: Letter,
    counts: Mapping[Severity, int],
    tiles: Mapping[Severity, Tile],
    trust: TrustLine,
    time_zone: str,
    address: str,
) -> dict[str, Any]:
    """What every mail has around its list."""
    return {
        "repeat": letter.repeat,
        "clinic": " ".join(letter.clinic_name.split()),
        "counts": _counts(counts),
        "tiles": list(tiles.values()),
        "today_link": f"{address}/",
        "choices_link": f"{address}/mail/choices",
        "checked": _checked(trust, time_zone),
    }


def _tiles(counts: Mapping[Severity, int]) -> dict[Severity, Tile]:
    return {severity: _tile(severity, counts.get(severity, 0)) for severity in Severity}


def _counts(counts: Mapping[Severity, int]) -> str:
    return ", ".join(f"{n} {s.value}" for s in Severity if (n := counts.get(s, 0)))


def _digest_heading(digest: Digest, trust: TrustLine) -> str:
    if trust.stale:
        return "The last check is too long ago"
    if digest.soon:
        who = "1 patient runs" if digest.soon == 1 else f"{digest.soon} patients run"
        return f"{who} out uncovered within 7 days"
    if digest.first:
        return f"{len(digest.first)} alerts, none within 7 days" if len(digest.first) > 1 else "1 alert"
    return f"0 at risk, {trust.patient_count} checked"


def _also(digest: Digest) -> str:
    """`Also today: 3 deadlines, 4 renewals to start, 2 decisions to chase. Since yesterday ...`"""
    parts = (
        _many(digest.deadlines, "deadline"),
        f"{_many(digest.renewals, 'renewal')} to start",
        f"{_many(digest.chases, 'decision')} to chase",
    )
    opened = f"{_many(digest.opened, 'alert')} opened and {digest.closed} closed"
    return f"Also today: {', '.join(parts)}. Since yesterday {opened}."


def _many(count: int, word: str) -> str:
    return f"{count} {word}{'' if count == 1 else 's'}"


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
    if letter.kind is MailKind.UNDELIVERED:
        return "A mail to a colleague failed"
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
