"""A backup a day by the clockwork, the old ones cleared away; no mail while sending is held."""

from contextlib import nullcontext

import pytest

import make
from clockwork import RENDER, SetClock, alert, office
from tracker.db import db
from tracker.factory import create_app
from tracker.jobs.backups import back_up_daily
from tracker.jobs.mailer import Office, send_due
from tracker.migrating import migrate_database
from tracker.services import backups, heartbeat, holds, outbox
from tracker.settings import Mode, Settings


@pytest.fixture
def clock():
    return SetClock()


@pytest.fixture
def real(tmp_path, clock):
    """A clinic's office on a migrated file."""
    given = Settings(
        mode=Mode.PRODUCTION,
        instance=tmp_path,
        secret_key="x" * 32,
        public_url="https://tracker.example",
        backup_keep=2,
    )
    app = create_app(given)
    migrate_database(app)
    with app.app_context():
        yield Office(lambda: nullcontext(db.session), given, RENDER, clock)
        db.session.remove()
        db.engine.dispose()


def test_one_backup_a_day(real, clock):
    made = [back_up_daily(real)]
    clock.forward(hours=23)
    made.append(back_up_daily(real))
    clock.forward(hours=1)
    made.append(back_up_daily(real))

    assert [each is not None for each in made] == [True, False, True]
    with real.open_session() as session:
        assert heartbeat.last_beat(session, heartbeat.BACKUP) == clock()


def test_old_ones_are_cleared_away(real, clock):
    for _ in range(4):
        back_up_daily(real)
        clock.forward(days=1)

    assert [each.made_at.day for each in backups.listed(real.settings.backups)] == [11, 10]


def test_a_backup_from_the_future_does_not_stop_them(real, clock):
    """A clock that was wrong for a day may not silence the backups for years."""
    clock.forward(days=400)
    back_up_daily(real)
    clock.forward(days=-400)

    assert back_up_daily(real) is not None


@pytest.mark.parametrize("change", [{"backup_keep": 0}, {"mode": Mode.DEMO}])
def test_none_where_none_are_wanted(real, change):
    given = real.settings.model_copy(update=change)

    assert back_up_daily(Office(real.open_session, given, RENDER, real.clock)) is None
    assert not given.backups.exists()


def test_while_mails_are_held_nothing_goes_out(session, settings, cast, clock):
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=clock())
    holds.hold_mail(session, reason="restored", now=clock())
    session.commit()
    clock.forward(minutes=1)
    held = send_due(office(session, settings, clock))
    holds.release_mail(session, drop_waiting=False, now=clock())
    session.commit()
    released = send_due(office(session, settings, clock))

    assert (held.sent, released.sent) == (0, 1)


def test_what_waits_may_be_dropped(session, settings, cast, clock):
    rosa = make.patient(session, cast.renal, owner_id=cast.ana.id)
    outbox.tell(session, alert=alert(session, rosa), occasion="opened:1", now=clock())
    holds.hold_mail(session, reason="restored", now=clock())
    waiting = holds.mail_hold(session).waiting_count
    dropped = holds.release_mail(session, drop_waiting=True, now=clock())
    session.commit()
    clock.forward(minutes=1)

    assert (waiting, dropped) == (1, 1)
    assert send_due(office(session, settings, clock)).sent == 0
