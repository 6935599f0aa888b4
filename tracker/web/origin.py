"""From where a request comes, in a few words: the address, the browser and the system."""

import re

from flask import Request

from tracker.services.actor import Origin

BROWSERS = (
    ("Edge", re.compile(r"Edg(?:A|iOS)?/(\d+)")),
    ("Opera", re.compile(r"OPR/(\d+)")),
    ("Firefox", re.compile(r"(?:Firefox|FxiOS)/(\d+)")),
    ("Chrome", re.compile(r"(?:HeadlessChrome|Chrome|CriOS)/(\d+)")),
    ("Safari", re.compile(r"Version/(\d+)[\d.]* (?:Mobile/\S+ )?Safari/")),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)
SAFE = re.compile(r"[^A-Za-z0-9._/ -]")


def origin_of(request: Request) -> Origin:
    return Origin((request.remote_addr or "")[:45] or None, short_agent(request.user_agent.string))


def short_agent(text: str) -> str | None:
    """`Firefox 128, Windows`; the first word of what no browser sends; None for nothing."""
    browser = next(
        (f"{name} {found[1]}" for name, pattern in BROWSERS if (found := pattern.search(text))), None
    )
    if browser is None:
        first = SAFE.sub("", text[:200]).split(" ")[0][:40]
        return first or None
    system = next((name for mark, name in SYSTEMS if mark in text), None)
    return f"{browser}, {system}"[:60] if system else browser[:60]
