"""The clock sleeps, jumps, goes mad and changes twice a year. Nobody's check is missed, no day told twice."""

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from ledger import STANDARD_HOURS, local_day
from rounds import fresh
from stage import build, opened, settings_for

from clockwork import NOON, SetClock
from tracker.jobs.schedule import Clockwork
from tracker.models.clinic import Clinic
from tracker.services.heartbeat import stale_after, trust_line

pytestmark = pytest.mark.faults
PEOPLE = 4
MAD = {"1970": datetime(1970, 1, 1, 0, 5, tzinfo=UTC), "2099": datetime(2099, 1, 1, 0, 5, tzinfo=UTC)}
NIGHTS = {
    "spring": (datetime(2026, 3, 8, 7, tzinfo=UTC), 2),
    "autumn": (datetime(2026, 11, 1, 7, tzinfo=UTC), 1),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    folder = tmp_path_factory.mktemp("small")
    build(folder, PEOPLE)
    return folder


class Place:
    """A clinic's files, its clock and its clockwork."""

    def __init__(self, folder, office, clock):
        self.folder, self.office, self.clock = folder, office, clock
        self.work = Clockwork(office)

    def tick(self, **forward):
        self.clock.forward(**forward)
        self.work.tick()

    def ask(self, query, *values):
        with closing(sqlite3.connect(self.folder / "tracker.db", isolation_level=None)) as database:
            return database.execute(query, values).fetchall()

    def one(self, query):
        return self.ask(query)[0][0]

    @property
    def mails(self):
        return sorted(path.name for path in (self.folder / "mail").glob("*.eml"))

    @property
    def backups(self):
        return sorted(path.name for path in (self.folder / "backups").glob("tracker-*.db"))

    @property
    def red(self):
        with self.office.open_session() as session:
            clinic = session.query(Clinic).first()
            found = trust_line(
                session, clinic, self.clock(), mail_to_files=True, silence=stale_after(30)
            ).stale
            session.rollback()
        return found


@pytest.fixture
def place(small, tmp_path):
    """All quiet: scanned and told at noon."""
    folder = fresh(tmp_path / "place", small)
    clock = SetClock(NOON)
    with opened(settings_for(folder), clock) as office:
        here = Place(folder, office, clock)
        here.tick()
        here.tick(minutes=1)
        yield here


DIGESTS = "SELECT count(*) FROM outbox_message WHERE kind = 'digest'"
RUNS = "SELECT count(*) FROM scan_run"


def wait_for_a_mail(place):
    """A message whose time has come, as if the alert had just been opened."""
    place.ask(
        "UPDATE outbox_message SET state = 'created', sent_at = NULL, next_at = ? WHERE kind = 'alerts' "
        "AND id = (SELECT min(id) FROM outbox_message WHERE kind = 'alerts')",
        f"{place.clock():%Y-%m-%d %H:%M:%S.%f}",
    )


def make_all_due(place):
    place.ask("UPDATE patient_check SET due = 1")


def test_a_quiet_noon_is_told_once(place):
    assert place.one(DIGESTS) == PEOPLE
    assert len(place.mails) == PEOPLE + 2  # two of four patients are at high risk
    assert not place.red


def test_after_six_hours_of_sleep_the_first_tick_catches_up(place):
    make_all_due(place)
    place.clock.forward(hours=6)
    assert place.red
    place.tick()

    assert place.one("SELECT count(*) FROM patient_check WHERE due") == 0
    assert not place.red
    assert place.one(DIGESTS) == PEOPLE


@pytest.mark.parametrize("back", [{"hours": -1}, {"days": -1, "minutes": 2}], ids=["an hour", "a day"])
def test_a_clock_set_back_doubles_nothing_and_silences_nothing(place, back):
    mails = place.mails
    place.tick(**back)
    make_all_due(place)
    for _ in range(5):
        place.tick(seconds=30)

    assert place.one("SELECT count(*) FROM patient_check WHERE due") == 0
    digests = place.ask("SELECT recipient_id, slot FROM outbox_message WHERE kind = 'digest'")
    assert len(digests) == len(set(digests))
    new = len(place.mails) - len(mails)
    assert new == (PEOPLE if "days" in back else 0)  # the day before had no digest yet


@pytest.mark.parametrize("when", MAD)
def test_a_mad_clock_sends_nothing_and_turns_the_page_red(place, when):
    wait_for_a_mail(place)
    mails, runs, backups = place.mails, place.one(RUNS), place.backups
    (place.folder / "mail").rename(place.folder / "mail-before")
    make_all_due(place)
    right = place.clock()
    place.clock.at = MAD[when]
    for _ in range(3):
        place.tick(seconds=30)
        assert place.red
    assert place.mails == []
    assert (place.one(RUNS), place.backups) == (runs, backups)

    place.clock.at = right
    place.tick(minutes=1)

    assert len(place.mails) == 1
    assert set(place.mails) <= set(mails)
    assert place.one("SELECT count(*) FROM patient_check WHERE due") == 0
    assert not place.red


def test_what_was_claimed_or_put_off_by_a_wrong_clock_goes_out_by_the_right_one(place):
    """The clock was a year ahead for a minute: a claim of then would hold a mail for a year."""
    place.ask(
        "UPDATE outbox_message SET state = 'sending', sent_at = NULL, lease_owner = 'gone', "
        "lease_until = '2027-06-08 17:10:00.000000' WHERE kind = 'alerts'"
    )
    place.ask(
        "UPDATE outbox_message SET state = 'retry', sent_at = NULL, next_at = '2027-06-08 17:05:00.000000' "
        "WHERE kind = 'digest'"
    )
    place.tick(minutes=1)

    assert place.ask("SELECT DISTINCT state FROM outbox_message") == [("sent",)]


@pytest.mark.parametrize("jump", [{"hours": -1}, {"days": 300}], ids=["back", "far ahead and right again"])
def test_no_clock_makes_the_old_backups_go(place, jump):
    """A backup of the future must not be followed by one at each tick, until none of the past is left."""
    before = place.backups
    right = place.clock()
    place.tick(**jump)
    if "days" in jump:
        place.clock.at = right
    for _ in range(5):
        place.tick(seconds=30)

    assert set(before) <= set(place.backups)
    assert len(place.backups) <= len(before) + 1


def test_a_month_switched_off_is_one_scan_and_one_digest(place):
    mails, digests, runs = place.mails, place.one(DIGESTS), place.one(RUNS)
    for minutes in (30 * 24 * 60, 1, 1):
        place.tick(minutes=minutes)

    assert place.one(RUNS) == runs + 1
    assert place.one(DIGESTS) == digests + PEOPLE
    assert place.one(
        "SELECT max(n) FROM (SELECT count(*) AS n FROM outbox_message WHERE kind = 'alerts' "
        "AND created_at > '2026-07-01' GROUP BY recipient_id)"
    ) in (1, None)
    assert len(place.mails) <= len(mails) + 2 * PEOPLE


@pytest.mark.parametrize("night", NIGHTS)
def test_every_local_day_around_a_change_has_one_check_and_one_digest(tmp_path, night):
    """The digest's hour is the one that is missing in spring, and the one that comes twice in autumn."""
    folder, zones = tmp_path / "zones", list(STANDARD_HOURS)
    build(folder, 1, zones=zones)
    changes, hour = NIGHTS[night]
    clock = SetClock(changes - timedelta(hours=26))
    with opened(settings_for(folder), clock) as office:
        place = Place(folder, office, clock)
        place.ask(
            "INSERT INTO mail_policy (clinic_id, digest_hour, quiet_from, quiet_to, budget, version) "
            "SELECT id, ?, 20, 6, 12, 1 FROM clinic",
            hour,
        )
        days = set()
        for _ in range(60):
            place.tick(hours=1)
            naive = clock().replace(tzinfo=None)
            for zone, as_of in place.ask(
                "SELECT c.time_zone, k.as_of FROM patient_check k JOIN clinic c ON c.id = k.clinic_id"
            ):
                assert as_of == local_day(naive, zone).isoformat()
                days.add((zone, as_of))
            place.ask("UPDATE patient_check SET check_on = date(as_of, '+1 day')")
        told = place.ask(
            "SELECT c.time_zone, m.slot, count(*) FROM outbox_message m JOIN clinic c ON c.id = m.clinic_id "
            "WHERE m.kind = 'digest' GROUP BY 1, 2"
        )

    last = {zone: max(day for where, day in days if where == zone) for zone in zones}
    first = {zone: min(day for where, day in days if where == zone) for zone in zones}
    whole = {(zone, day) for zone, day in days if first[zone] < day < last[zone]}
    assert len(whole) >= len(zones)
    assert {count for *_, count in told} == {1}
    assert whole <= {(zone, slot) for zone, slot, _ in told}
