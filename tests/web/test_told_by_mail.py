"""What a person is told by mail about their account, so that what was not them does not go unseen."""

import crawling
import pytest
from sqlalchemy import select

import make
from tracker.commands.user import user as user_command
from tracker.core import HOME
from tracker.jobs.mailer import renderer
from tracker.models.outbox import OutboxMessage
from tracker.services.notices import SUBJECTS, Notice

GOOD = "quite another horse battery"
render = renderer(HOME / "templates" / "email")


def told(session, person):
    """The kinds of notices that wait for someone, oldest first."""
    session.rollback()
    mine = OutboxMessage.recipient_id == person.id, OutboxMessage.notice.is_not(None)
    return session.scalars(select(OutboxMessage.notice).where(*mine).order_by(OutboxMessage.id)).all()


def test_a_password_changed_on_the_account_page_is_told(app, cast, session):
    ana = crawling.browser(app, "ana")
    data = {"current": make.PASSWORD, "password": GOOD, "again": GOOD}

    assert ana.post("/account/password", data=data).status_code == 303

    assert told(session, cast.ana) == ["password_changed"]


@pytest.mark.parametrize(
    ("command", "kind"),
    [(["password", "--password", GOOD], "password_changed"), (["forget-second-factor"], "factors_changed")],
)
def test_what_is_changed_on_the_command_line_is_told(runner, cast, session, command, kind):
    name, *more = command
    runner.invoke(user_command, [name, "ana@clinic.example", *more])

    assert told(session, cast.ana) == [kind]


@pytest.mark.parametrize("part", ["account.text", "account.html"])
def test_every_notice_has_words_of_its_own(part):
    """None falls through to the words of another."""
    frame = {"clinic": "Renal", "link": "https://x.example/", "code": "", "has_link": False}
    frame |= {"has_page": False, "provider": "", "lasts": "", "heading": ""}
    texts = {render(part, {**frame, "notice": notice.value}) for notice in Notice}

    assert len(texts) == len(Notice) == len(SUBJECTS)
