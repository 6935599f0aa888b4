"""What the suite keeps of patients, and everything it writes where none of that may stand.

Each text of a patient that a test keeps is a canary for that test: names, numbers, birth dates, notes. What
another test keeps may stand by chance, as an example in a hint. Log lines, mails, addresses, error pages,
counts for machines and what a command complains of are gathered while a test runs and searched at its end.
"""

import logging
import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from email.message import EmailMessage
from functools import cache
from typing import Any

from flask import Flask, Response, request, request_finished
from markupsafe import escape
from sqlalchemy import event
from sqlalchemy.orm import Mapper

from tracker.models.audit import AuditEvent
from tracker.models.base import Base
from tracker.models.patient import Patient
from tracker.models.types import CleanText
from tracker.serving import LineWithIds

# What is shorter stands elsewhere by chance: a year, a count, a port.
LEAST_OF_A_NAME, LEAST, LEAST_OF_A_NUMBER = 4, 5, 6
REFUSED = {400, 403, 404, 405, 413, 429, 500, 503}
FOR_MACHINES = {"/metrics", "/healthz", "/readyz"}
WORD = re.compile(r"[^\W_]+")
ADDRESS = re.compile(r'(?:href|action|src|hx-get|hx-post)="([^"]*)"')
# Columns whose words are everybody's: codes of catalogues, kinds and states, and who of the clinic did it.
CODES = {"about_id", "about_kind", "carc", "claim_carc", "code", "key", "kind", "rarc", "state"}
CODES |= {"drug", "error", "fill_marks", "form", "formulation", "limit_unit", "ndc", "organ", "sha256"}
STAFF = {"acknowledged_by", "actor", "added_by", "entered_by", "from_clinic", "opened_by", "removed_by"}
STAFF |= {"reviewed_by", "settled_by", "snoozed_by"}
NOT_FREE = CODES | STAFF
NAMES = {"family", "given"}
HOSTILE = "qzx"  # stands in each text of the attacks, which are written to every field of everybody

known: dict[str, set[str]] = defaultdict(set)
written: list[tuple[str, str]] = []
typed: set[str] = set()


def learn(column: str, value: object) -> None:
    """From now on this value of a patient may not be written. Of one plain word only a name is told apart."""
    text = value.isoformat() if isinstance(value, date) else str(value).casefold()
    words = WORD.findall(text)
    least = LEAST_OF_A_NAME if column in NAMES else LEAST_OF_A_NUMBER if text.isdigit() else LEAST
    tells = column in NAMES or not text.isalpha()
    if words and tells and len(text) >= least and HOSTILE not in words:
        known[words[0]].add(text)


def write(place: str, text: str) -> None:
    """Remember what was written, and where."""
    written.append((place, text))


def type_into_address(words: str) -> str:
    """What a person types there, they find in the addresses of the answer: said by a test that does."""
    typed.add(words.casefold())
    return words


def found() -> list[tuple[str, str, str]]:
    """(canary, place, text) of whatever was written since the last call."""
    lines, own = list(written), set(typed)
    written.clear()
    typed.clear()
    return [
        (bird, place, text)
        for place, text in lines
        for bird in _birds_in(text.casefold())
        if not (place == "address" and bird in own)
    ]


def _birds_in(text: str) -> Iterator[str]:
    for first in set(WORD.findall(text)) & known.keys():
        yield from (bird for bird in known[first] if re.search(rf"(?<!\w){re.escape(bird)}(?!\w)", text))


@cache
def texts_of(kind: type[Any]) -> tuple[str, ...]:
    """The columns of a patient's row that hold what somebody typed, its keys left out."""
    columns = kind.__table__.columns
    return tuple(
        column.name
        for column in columns
        if column.name == "birth_date"
        or (isinstance(column.type, CleanText) and not column.foreign_keys and column.name not in NOT_FREE)
    )


def _learn_row(_mapper: Mapper[Any], _connection: object, row: Any) -> None:
    about_patient = isinstance(row, Patient) or "patient_id" in row.__table__.columns
    if about_patient and not isinstance(row, AuditEvent):
        for name in texts_of(type(row)):
            value = getattr(row, name)
            if value is not None:
                learn(name, value)


class _Lines(logging.Handler):
    """Each log line as the program would write it."""

    def emit(self, record: logging.LogRecord) -> None:
        write("log", self.format(record))


def _note_answer(_app: Flask, response: Response, **_more: object) -> None:
    write("address", request.full_path)
    write("address", response.headers.get("Location", ""))
    if response.direct_passthrough or response.is_streamed:
        return
    if response.mimetype == "text/html":
        text = response.get_data(as_text=True)
        write("address", "\n".join(ADDRESS.findall(text)))
        if response.status_code in REFUSED:
            write(f"page of a {response.status_code}", _without_own_words(text))
    if request.path in FOR_MACHINES:
        write("count", response.get_data(as_text=True))


def _without_own_words(page: str) -> str:
    """What somebody just typed into a form comes back to them when it is refused."""
    read = vars(request._get_current_object()).get("form", {})  # not read where it was refused unread
    for words in filter(None, read.values()):
        page = page.replace(str(escape(words)), "")
    return page


def _note_mail(as_bytes: Any) -> Any:
    def noted(self: EmailMessage, *args: Any, **more: Any) -> bytes:
        parts = [part.get_content() for part in self.walk() if part.get_content_maintype() == "text"]
        write("mail", "\n".join([str(self.items()), *parts]))
        content: bytes = as_bytes(self, *args, **more)
        return content

    return noted


def begin() -> None:
    """Listen to everything that is kept and written in this process."""
    for moment in ("before_insert", "before_update"):
        event.listen(Base, moment, _learn_row, propagate=True)
    lines = _Lines()
    lines.setFormatter(LineWithIds("%(levelname)s %(name)s %(message)s"))
    logging.getLogger().addHandler(lines)
    logging.getLogger("tracker").setLevel(logging.DEBUG)
    request_finished.connect(_note_answer)
    EmailMessage.as_bytes = _note_mail(EmailMessage.as_bytes)  # type: ignore[method-assign]
