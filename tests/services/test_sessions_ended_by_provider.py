"""A sign-out by the provider as the database keeps it: which sessions end, and that a message counts once."""

from datetime import timedelta

import pytest
from sqlalchemy import select

from clockwork import NOON
from tracker.models.provider_link import ProviderLink, ProviderSignOut
from tracker.models.web_session import Stage, WebSession
from tracker.services import provider_sign_out, web_sessions
from tracker.services.openid import Ended, Untrusted

ISSUER = "https://login.clinic.example"


@pytest.fixture
def linked(session, cast):
    for user, subject in ((cast.ana, "s-ana"), (cast.ben, "s-ben")):
        session.add(ProviderLink(user_id=user.id, issuer=ISSUER, subject=subject, linked_at=NOON))
    session.flush()
    return cast


def begin(session, user, *, by_provider=True, named=None):
    more = {"by_provider": by_provider, "provider_session": named}
    given = {"clinic_id": user.clinic_id, "stage": Stage.FULL, "now": NOON, "address": "", "agent": ""}
    web_sessions.begin(session, user=user, **given, **more)


def take(session, subject=None, named=None, *, token_id="1", issuer=ISSUER, now=NOON):
    return provider_sign_out.take(session, issuer, Ended(subject, named, token_id), now=now)


def left(session):
    return sorted(session.scalars(select(WebSession.user_id)))


def test_all_of_a_person_end_by_the_subject(session, linked):
    begin(session, linked.ana)
    begin(session, linked.ana, by_provider=False)
    begin(session, linked.ben)

    assert take(session, "s-ana") == 1
    assert left(session) == [linked.ben.id]


def test_one_session_and_nameless_ones_end_by_its_name(session, linked):
    for named in ("a", "b", None):
        begin(session, linked.ana, named=named)
    begin(session, linked.ana, by_provider=False)
    begin(session, linked.ben, named="a")

    assert take(session, "s-ana", "a") == 1
    assert left(session) == sorted([linked.ana.id, linked.ana.id, linked.ben.id])


def test_the_name_alone_ends_no_nameless_session(session, linked):
    begin(session, linked.ana, named="a")
    begin(session, linked.ben)

    assert take(session, None, "a") == 1
    assert left(session) == [linked.ben.id]


def test_a_link_that_was_removed_or_another_issuers_names_nobody(session, linked):
    session.scalars(select(ProviderLink).where(ProviderLink.subject == "s-ana")).one().removed_at = NOON
    begin(session, linked.ana)
    begin(session, linked.ben)

    assert take(session, "s-ana") == 0
    assert take(session, "s-ben", issuer="https://elsewhere.example") == 0
    assert len(left(session)) == 2


def test_a_message_counts_once_and_is_forgotten_later(session, linked):
    take(session, "s-ana")
    with pytest.raises(Untrusted):
        take(session, "s-ana", now=NOON + timedelta(minutes=14))

    take(session, "s-ana", now=NOON + timedelta(minutes=16))
    assert session.scalars(select(ProviderSignOut.taken_at)).all() == [NOON + timedelta(minutes=16)]
