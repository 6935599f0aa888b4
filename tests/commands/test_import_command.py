"""`tracker import clinic`."""

import pytest
from sqlalchemy import func, select

import make
from tracker.commands.imports import import_group
from tracker.models.imports import ImportBatch
from tracker.models.patient import Patient

HEAD = "Our no,Last Name,First Name,DOB,Plan,NDC,Qty,DS,Date Filled\n"
ROSA = "100234,Alvarez,Rosa,4/2/1971,Acme Gold,0078-0248-15,60,30,6/5/2020\n"
BAD = ROSA.replace("100234", "100235").replace("6/5/2020", "6/31/2020")


@pytest.fixture
def run(runner, session, tmp_path):
    make.clinic(session)
    session.commit()

    def invoke(text, *options):
        file = tmp_path / "list.csv"
        file.write_text(text)
        given = ["clinic", str(file), "--map", "Our no=mrn", "--yes", *options]
        return runner.invoke(import_group, given)

    return invoke


def count(session):
    return session.execute(select(func.count()).select_from(Patient)).scalar_one()


def test_the_help_has_an_example(runner):
    result = runner.invoke(import_group, ["clinic", "--help"])

    assert "Example: tracker import clinic" in result.output


def test_a_dry_run_saves_nothing(run, session):
    result = run(HEAD + ROSA + BAD, "--dry-run")

    assert result.exit_code == 0, result.output
    assert (
        "Row 3, column Date Filled: 6/31/2020 is no date: June has 30 days. Write 2020-06-30?"
        in result.output
    )
    assert "Dry run: nothing was saved." in result.output
    assert session.scalars(select(ImportBatch)).all() == []


def test_one_bad_row_stops_all_unless_only_the_good_are_asked_for(run, session):
    assert run(HEAD + ROSA + BAD).exit_code == 1
    assert count(session) == 0

    assert run(HEAD + ROSA + BAD, "--only-good").exit_code == 0
    assert count(session) == 1


def test_a_second_time_there_is_nothing_to_import_and_undo_takes_it_back(run, runner, session):
    run(HEAD + ROSA)
    assert "Nothing to import" in run(HEAD + ROSA).output
    batch = session.scalars(select(ImportBatch.id)).one()

    result = runner.invoke(import_group, ["clinic", "--undo", batch])

    assert "Undone:" in result.output
    assert count(session) == 0


def test_a_wrong_map_lists_what_there_is(run):
    assert (
        "There is no column 'Nothing'. There are: Our no, Last Name"
        in run(HEAD + ROSA, "--map", "Nothing=mrn").output
    )
    assert "Fields: mrn, full_name" in run(HEAD + ROSA, "--map", "Our no=nothing").output


def test_several_clinics_need_a_name(run, session):
    make.clinic(session, name="Skin clinic")
    session.commit()

    assert "Say which clinic with --clinic" in run(HEAD + ROSA).output
    assert run(HEAD + ROSA, "--clinic", "Skin clinic").exit_code == 0
