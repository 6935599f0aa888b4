"""What `tracker doctor` looks at, and what it finds."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from flask import Flask

from tracker.settings import Settings


class Level(StrEnum):
    OK = "ok"
    LOOK = "look"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Finding:
    """`cure` is what to do; empty when all is well."""

    level: Level
    text: str
    cure: str = ""


@dataclass(frozen=True, slots=True)
class Visit:
    app: Flask
    settings: Settings
    now: datetime


Look = Callable[[Visit], Iterator[Finding]]
