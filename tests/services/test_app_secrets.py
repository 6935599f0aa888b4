"""Secrets of authenticator apps at rest: bound to their person, moved to the newest key, none lost."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

import make
from tracker.keyring import Keyring
from tracker.models.audit import AuditEvent
from tracker.models.second_factor import AuthenticatorApp
from tracker.services import app_secrets
from tracker.services.actor import COMMAND

OLD, NEW = "k3Yq8vN3rTz1LxWc5bKd7MfJh2PsUeAo", "Zt5uB9wE2xR7yG4nH8mJ1kL6pQ3sVcDa"
PLAIN = '{"key":"A3RK65FFXKWLRGTPOEZEC3ODLF2T7U6Y","type":"totp","v":1}'
# A row as the release before wrote it under the key OLD, and the secret that was in it.
EARLIER = (
    '{"enckey":{"c":14,"k":"632A5LH5SVSXWV4IM3AOM23YW3O3KQRZ","s":"S3JJUE4CGDTHZD2RVJKQ","t":"1","v":1},'
    '"type":"totp","v":1}'
)
WAS = "CORDIZVMSVJIUUPKHUD6BXF3K7FBTY44"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)


def kept(session, user, secret):
    return make.save(session, AuthenticatorApp(user_id=user.id, secret=secret))


def renewed(session, ring):
    return app_secrets.renew_all(session, ring, actor=COMMAND, now=NOW)


def test_a_swapped_row_is_refused(session, cast):
    ring = Keyring((NEW,))
    anas = app_secrets.seal(ring, PLAIN, user_id=cast.ana.id)

    assert app_secrets.readings(ring, kept(session, cast.ana, anas)) == [PLAIN]
    assert app_secrets.readings(ring, kept(session, cast.ben, anas)) == []


def test_what_the_release_before_kept_is_read_and_sealed(session, cast):
    row, ring = kept(session, cast.ana, EARLIER), Keyring((OLD,))

    assert renewed(session, ring) == 1

    assert not app_secrets.is_earlier(row)
    assert WAS in app_secrets.readings(ring, row)[0]
    assert app_secrets.standing(session, ring) == app_secrets.Standing(1, {}, 0, 0)


def test_with_several_keys_it_waits_for_a_code_that_tells(session, cast):
    row, ring = kept(session, cast.ana, EARLIER), Keyring((NEW, OLD))

    assert renewed(session, ring) == 0

    assert row.secret == EARLIER
    assert WAS in app_secrets.readings(ring, row)[0]
    assert app_secrets.standing(session, ring).waiting == 1


def test_everything_moves_to_the_newest_key_and_the_old_one_may_go(session, cast):
    before, both = Keyring((OLD,)), Keyring((NEW, OLD))
    rows = [
        kept(session, user, app_secrets.seal(before, PLAIN, user_id=user.id))
        for user in (cast.ana, cast.ben, cast.cleo)
    ]
    assert app_secrets.standing(session, both).old == {before.newest: 3}

    assert renewed(session, both) == 3

    alone = Keyring((NEW,))
    assert [app_secrets.readings(alone, row) for row in rows] == [[PLAIN]] * 3
    assert app_secrets.standing(session, both) == app_secrets.Standing(3, {}, 0, 0)
    assert renewed(session, both) == 0


def test_moving_is_on_record_in_each_clinic(session, cast):
    before = Keyring((OLD,))
    for user in (cast.ana, cast.ben, cast.cleo):
        kept(session, user, app_secrets.seal(before, PLAIN, user_id=user.id))

    renewed(session, Keyring((NEW, OLD)))

    events = session.scalars(select(AuditEvent)).all()
    assert {each.clinic_id: each.new["count"] for each in events} == {cast.renal.id: 2, cast.skin.id: 1}


def test_without_its_key_a_secret_is_lost_and_left_as_it_is(session, cast):
    sealed = app_secrets.seal(Keyring((OLD,)), PLAIN, user_id=cast.ana.id)
    row, ring = kept(session, cast.ana, sealed), Keyring((NEW,))

    assert renewed(session, ring) == 0

    assert row.secret == sealed
    assert app_secrets.standing(session, ring).lost == 1


@pytest.mark.parametrize("text", ["", "{", "{}", '{"enckey": 1}', "[]", "gcm1.x.y"])
def test_a_broken_row_is_lost_and_no_failure(session, cast, text):
    ring = Keyring((NEW,))

    assert app_secrets.readings(ring, kept(session, cast.ana, text)) == []
    assert app_secrets.standing(session, ring).lost == 1
