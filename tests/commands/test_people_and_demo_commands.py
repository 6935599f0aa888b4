"""`tracker user`, `tracker demo` and `tracker db`, as typed."""

from datetime import date

import pytest
from sqlalchemy import select

import make
from tracker.cli import tracker
from tracker.commands.clinic import clinic as clinic_group
from tracker.commands.db import db as db_group
from tracker.commands.demo import demo
from tracker.commands.user import user
from tracker.models.clinic import Clinic
from tracker.models.user import User
from tracker.services.errors import Refused
from tracker.services.users import authenticate

PASSWORD = "a long and quiet password"
KIM = ["add", "Kim@clinic.example", "--name", "Kim Tran", "--clinic", "Renal clinic", "--password", PASSWORD]


def test_a_first_person_makes_the_clinic_and_can_sign_in(runner, session):
    answer = runner.invoke(user, [*KIM, "--time-zone", "America/Denver"])

    assert answer.output == "Kim Tran can sign in as kim@clinic.example.\n"
    assert authenticate(session, "kim@clinic.example", PASSWORD) is not None
    assert session.scalars(select(Clinic.time_zone)).all() == ["America/Denver"]


def test_a_short_password_is_refused(runner):
    answer = runner.invoke(user, [*KIM[:-1], "short"])

    assert isinstance(answer.exception, Refused)


@pytest.mark.parametrize("address", ["kim@[10.0.0.1", "kim@x.example,lee@", "kim", "@x", "k im@x.example"])
def test_an_address_that_no_mail_can_go_to_is_refused(runner, address):
    answer = runner.invoke(user, ["add", address, *KIM[2:]])

    assert isinstance(answer.exception, Refused)


def test_an_account_is_switched_off_and_listed_as_off(runner, session):
    runner.invoke(user, KIM)
    runner.invoke(user, ["off", "kim@clinic.example"])

    assert session.scalars(select(User.active)).all() == [False]
    assert "coordinator, off" in runner.invoke(user, ["list"]).output


def test_a_changed_password_replaces_the_old_one(runner, session):
    runner.invoke(user, KIM)
    runner.invoke(user, ["password", "kim@clinic.example", "--password", PASSWORD[::-1]])

    assert authenticate(session, "kim@clinic.example", PASSWORD) is None
    assert authenticate(session, "kim@clinic.example", PASSWORD[::-1]) is not None


def test_nobody_by_that_address(runner):
    answer = runner.invoke(user, ["off", "nobody@clinic.example"])

    assert answer.exit_code == 1
    assert "tracker user list" in answer.output


@pytest.mark.parametrize(("to", "day"), [("2026-12-01", date(2026, 12, 1)), ("today", None)])
def test_the_demo_date_moves(runner, session, to, day):
    session.add(Clinic(name="Demo", is_demo=True, demo_today=date(2026, 6, 8)))
    session.commit()

    runner.invoke(demo, ["move", to])

    assert session.scalars(select(Clinic.demo_today)).all() == [day]


def test_without_a_demo_nothing_moves(runner, session):
    answer = runner.invoke(demo, ["move", "+30d"])

    assert "tracker demo load" in str(answer.exception)


def test_an_empty_database_says_what_to_run(runner):
    answer = runner.invoke(db_group, ["status"])

    assert "tracker db upgrade" in str(answer.exception)


def test_every_command_has_help_with_an_example():
    silent = []

    def walk(name, command):
        for each, child in getattr(command, "commands", {}).items():
            walk(f"{name} {each}", child)
        if "Example:" not in (command.help or ""):
            silent.append(name)

    walk("tracker", tracker)
    assert silent == []


LEE = ["add", "lee@clinic.example", "--name", "Lee", "--clinic", "Renal clinic", "--password", PASSWORD]


def test_who_is_switched_off_hands_everything_over_and_it_is_listed(runner, session):
    runner.invoke(user, KIM)
    runner.invoke(user, [*LEE, "--role", "lead"])
    kim = session.scalars(select(User).where(User.name == "Kim Tran")).one()
    clinic = session.scalars(select(Clinic)).one()
    who = make.patient(session, clinic, owner_id=kim.id)
    session.commit()

    answer = runner.invoke(user, ["off", "kim@clinic.example"])

    assert f"1 patients and 0 alerts went to Lee.\npatient {who.id}\n" in answer.output


def test_who_is_away_has_a_stand_in(runner):
    runner.invoke(user, KIM)
    runner.invoke(user, LEE)
    days = ["--from", "2026-01-05", "--backup", "lee@clinic.example"]

    assert runner.invoke(user, ["away", "kim@clinic.example", *days]).output == (
        "Away: 2026-01-05 to further notice. Stands in: Lee.\n"
    )


def test_a_ladder_is_set_and_shown(runner):
    runner.invoke(user, KIM)
    given = ["--lead", "kim@clinic.example", "--clinician", "Dr Shah", "--high-hours", "12"]
    answer = runner.invoke(clinic_group, ["ladder", "Renal clinic", *given])

    assert "Clinic lead: Kim Tran\nNamed clinician: Dr Shah\n" in answer.output
    assert "High: a step every 12 hours" in answer.output
    assert runner.invoke(clinic_group, ["ladder", "Nowhere"]).exit_code == 1
