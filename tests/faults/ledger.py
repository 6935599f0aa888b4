"""An independent checker: is what a run left behind what it must have left?

Four books are compared: the alerts that the plain facts call for, the alerts in the database, the lines of
the outbox, and the mails that a mail server took. Own SQL, own dates, nothing of the product: a fault of the
product cannot hide here by being made twice. Every violation is a sentence; none means that the books agree.
"""

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from email import message_from_bytes
from email.policy import default
from email.utils import parseaddr
from pathlib import Path

REPEAT = "[repeat]"
URGENT = ("critical", "high")
STANDARD_HOURS = {
    "America/New_York": -5,
    "America/Chicago": -6,
    "America/Denver": -7,
    "America/Phoenix": -7,
    "America/Los_Angeles": -8,
    "America/Anchorage": -9,
    "Pacific/Honolulu": -10,
}
NO_SUMMER_TIME = {"America/Phoenix", "Pacific/Honolulu"}


@dataclass(frozen=True)
class Mail:
    """A mail that a server has taken for good."""

    message_id: str
    to: str
    repeat: bool


@dataclass(frozen=True)
class Books:
    """What may be told of one run. `unsure`: kills and broken sends, each of which may double one mail."""

    database: Path
    mails: tuple[Mail, ...]
    unsure: int = 0
    today: date | None = None  # None: what the facts call for is not looked at


def mail_of(content: bytes, recipients: Iterable[str]) -> Mail:
    """One taken mail. Its recipient is the envelope's, who must be the only one."""
    message = message_from_bytes(content, policy=default)
    (to,) = recipients
    assert parseaddr(message["To"])[1] == to, "the envelope is to someone else than the head says"
    return Mail(str(message["Message-ID"]), to, REPEAT in message["Subject"])


def violations(books: Books) -> list[str]:
    """Everything that is wrong; empty if nothing is."""
    with closing(sqlite3.connect(books.database)) as database:
        found = [*_whole(database)]
        if books.today is not None:
            found += _expected(database, books.today)
        found += _alerts_and_lines(database)
        found += _lines_and_mails(database, books.mails)
        found += _repeats(books)
        found += _digests(database, books.mails)
    return found


# ------------------------------------------------------------------------------------------ the database


def _whole(database: sqlite3.Connection) -> list[str]:
    found = [f"integrity: {row[0]}" for row in database.execute("PRAGMA integrity_check") if row[0] != "ok"]
    found += [f"a row points nowhere: {row}" for row in database.execute("PRAGMA foreign_key_check")]
    undone = "SELECT count(*) FROM patient_check WHERE due OR error IS NOT NULL OR as_of IS NULL"
    if count := _one(database, undone):
        found.append(f"{count} patients are still due or failed")
    return found


def _expected(database: sqlite3.Connection, today: date) -> list[str]:
    """The facts call for one alert of one code for each patient, or none; see `_called_for`."""
    wanted = Counter(
        (mrn, code)
        for patient_id, mrn in database.execute("SELECT id, mrn FROM patient")
        if (code := _called_for(database, patient_id, today))
    )
    query = "SELECT p.mrn, a.code FROM alert a JOIN patient p ON p.id = a.patient_id WHERE a.state = 'open'"
    there = Counter(database.execute(query).fetchall())
    found = [f"lost: {code} of patient {mrn}" for mrn, code in wanted - there]
    return found + [f"doubled or false: {code} of patient {mrn}" for mrn, code in there - wanted]


def _called_for(database: sqlite3.Connection, patient_id: str, today: date) -> str | None:
    """What a patient of one fill and at most one authorization needs, all of it far from the edges."""
    fills = database.execute("SELECT on_date, days_supply FROM fill WHERE patient_id = ?", (patient_id,))
    runs_out = max(date.fromisoformat(on) + timedelta(days=days) for on, days in fills)
    query = "SELECT ends_on FROM payer_authorization WHERE patient_id = ? AND status = 'approved'"
    ends = [date.fromisoformat(row[0]) for row in database.execute(query, (patient_id,))]
    if not ends:
        return "PA_MISSING"
    if max(ends) < today:
        return "PA_EXPIRED"
    return "PA_EXPIRES_BEFORE_REFILL" if max(ends) < runs_out else None


# -------------------------------------------------------------------------------------------- the outbox


def _alerts_and_lines(database: sqlite3.Connection) -> list[str]:
    """Each opening of an urgent alert has its line, and no line but once for each person and occasion."""
    found = []
    openings = (
        "SELECT e.alert_id, count(*) FROM alert_event e WHERE e.kind IN ('opened', 'reopened') GROUP BY 1"
    )
    counts = dict(database.execute(openings).fetchall())
    for alert_id, key, times in database.execute('SELECT id, "key", times_opened FROM alert'):
        if counts.get(alert_id) != times:
            found.append(f"alert {key} says it opened {times} times, its history {counts.get(alert_id)}")
    unheard = (
        "SELECT a.\"key\" FROM alert a WHERE a.state = 'open' AND a.severity IN (?, ?) AND NOT EXISTS ("
        "SELECT 1 FROM outbox_line l JOIN outbox_message m ON m.id = l.message_row_id "
        "WHERE l.alert_id = a.id AND m.state = 'sent')"
    )
    found += [f"nobody was told of {row[0]}" for row in database.execute(unheard, URGENT)]
    twice = "SELECT alert_id FROM outbox_line GROUP BY alert_id, recipient_id, occasion HAVING count(*) > 1"
    return found + [f"alert {row[0]} has two lines for one occasion" for row in database.execute(twice)]


def _lines_and_mails(database: sqlite3.Connection, mails: tuple[Mail, ...]) -> list[str]:
    """What counts as sent arrived, and nothing arrived that the outbox does not know; nothing waits."""
    query = (
        "SELECT m.message_id, u.email, m.state FROM outbox_message m JOIN app_user u ON u.id = m.recipient_id"
    )
    rows = {message_id: (email, state) for message_id, email, state in database.execute(query)}
    arrived = {mail.message_id: mail.to for mail in mails}
    found = []
    for message_id, (email, state) in rows.items():
        if state == "sent" and arrived.get(message_id) != email:
            found.append(f"mail {message_id} counts as sent to {email} and did not arrive there")
        if state in ("created", "sending", "retry"):
            found.append(f"mail {message_id} is still {state}")
    found += [f"mail {message_id} is in no outbox" for message_id in arrived.keys() - rows.keys()]
    return found


def _repeats(books: Books) -> list[str]:
    """A mail comes twice only where a kill or a broken send left it in doubt, and then says so."""
    copies: dict[str, list[Mail]] = defaultdict(list)
    for mail in books.mails:
        copies[mail.message_id].append(mail)
    found = [
        f"mail {message_id} came {len(all_of_it)} times without saying that it is a repeat"
        for message_id, all_of_it in copies.items()
        if sum(not mail.repeat for mail in all_of_it) > 1
    ]
    said = sum(mail.repeat for mail in books.mails)
    if said > books.unsure:
        found.append(f"{said} mails say they are repeats, with {books.unsure} sends in doubt")
    return found


def extra(mails: Iterable[Mail]) -> int:
    """Mails that came again."""
    counts = Counter(mail.message_id for mail in mails)
    return sum(counts.values()) - len(counts)


# ------------------------------------------------------------------------------------------- the digests


def _digests(database: sqlite3.Connection, mails: tuple[Mail, ...]) -> list[str]:
    """At most one digest for each person and day of the clinic, the day being that of its writing."""
    query = (
        "SELECT m.message_id, m.recipient_id, m.slot, m.created_at, c.time_zone "
        "FROM outbox_message m JOIN clinic c ON c.id = m.clinic_id WHERE m.kind = 'digest'"
    )
    days: Counter[tuple[str, date]] = Counter()
    found = []
    for message_id, person, slot, created_at, zone in database.execute(query):
        day = local_day(datetime.fromisoformat(created_at), zone)
        days[person, day] += 1
        if slot != day.isoformat():
            found.append(f"digest {message_id} is called {slot} and was written on {day}")
    return found + [
        f"{count} digests on {day} to {person}" for (person, day), count in days.items() if count > 1
    ]


def local_day(at: datetime, zone: str) -> date:
    """The calendar date of an instant (UTC, naive) by the law of 2007 on US time (15 U.S.C. 260a)."""
    return (at + timedelta(hours=offset_hours(at, zone))).date()


def offset_hours(at: datetime, zone: str) -> int:
    """Hours from UTC to a US zone's time, UTC being given.

    Summer time lasts from 2:00 on the second Sunday of March to 2:00 on the first Sunday of November.
    """
    standard = STANDARD_HOURS[zone]
    if zone in NO_SUMMER_TIME:
        return standard
    begins = datetime.combine(_sunday(at.year, 3, 2), datetime.min.time()) + timedelta(hours=2 - standard)
    ends = datetime.combine(_sunday(at.year, 11, 1), datetime.min.time()) + timedelta(hours=1 - standard)
    return standard + 1 if begins <= at < ends else standard


def _sunday(year: int, month: int, number: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(6 - first.weekday()) % 7 + 7 * (number - 1))


def _one(database: sqlite3.Connection, query: str) -> int:
    return int(database.execute(query).fetchone()[0])
