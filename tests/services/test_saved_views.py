"""Views of one's own: saved, renamed, deleted, by nobody else."""

import pytest
from sqlalchemy import select

import kept
from tracker.models.audit import AuditAction, AuditEvent
from tracker.services import saved_views
from tracker.services.actor import Actor
from tracker.services.errors import NotFound, Refused

QUERY = {"owner": ["me"], "severity": ["critical", "high"]}


def add(session, cast, name="My week", user=None, query=QUERY):
    user = user or cast.ana
    return saved_views.add(
        session,
        name,
        query,
        clinic_id=user.clinic_id,
        actor=Actor(user.name, user.id),
        now=kept.CHECKED,
    )


def names(session, user):
    return [view.name for view in saved_views.views_of(session, clinic_id=user.clinic_id, user_id=user.id)]


def test_a_view_is_kept_for_the_one_who_saved_it(session, cast):
    view = add(session, cast, "  My   week ")

    assert names(session, cast.ana) == ["My week"]
    assert names(session, cast.ben) == []
    assert view.query == QUERY
    with pytest.raises(NotFound):
        saved_views.find(session, view.id, clinic_id=cast.renal.id, user_id=cast.ben.id)


@pytest.mark.parametrize("name", ["", "   ", "x" * 61, "a\x00b", "Mine", "Taken"])
def test_a_name_that_cannot_be_is_refused(session, cast, name):
    add(session, cast, "Taken")

    with pytest.raises(Refused):
        add(session, cast, name)


def test_two_people_may_use_one_name(session, cast):
    add(session, cast)
    add(session, cast, user=cast.ben)

    assert names(session, cast.ben) == ["My week"]


def test_there_is_an_end_to_how_many(session, cast):
    for number in range(saved_views.MOST):
        add(session, cast, f"View {number}")

    with pytest.raises(Refused, match="You have 20 views"):
        add(session, cast, "One more")


def test_rename_and_delete_are_written_down(session, cast):
    view = add(session, cast)
    actor = Actor("Ana", cast.ana.id)

    saved_views.rename(session, view, "Other", actor=actor, now=kept.CHECKED)
    saved_views.delete(session, view, actor=actor, now=kept.CHECKED)

    assert names(session, cast.ana) == []
    events = session.scalars(select(AuditEvent).where(AuditEvent.table_name == "saved_view")).all()
    assert {event.action for event in events} == {
        AuditAction.ADDED,
        AuditAction.CHANGED,
        AuditAction.REMOVED,
    }


def test_a_rename_to_a_name_in_use_is_refused_and_changes_nothing(session, cast):
    add(session, cast, "Taken")
    view = add(session, cast)
    session.commit()

    with pytest.raises(Refused):
        saved_views.rename(session, view, "Taken", actor=Actor("Ana", cast.ana.id), now=kept.CHECKED)
    session.rollback()

    assert names(session, cast.ana) == ["My week", "Taken"]
