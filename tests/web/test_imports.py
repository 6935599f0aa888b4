"""The pages of the import: from upload to undo."""

import io

import pytest
from sqlalchemy import func, select

import make
from tracker.models.imports import ImportBatch, ImportState
from tracker.models.patient import Patient
from tracker.models.user import Role
from tracker.services.imports.export import harmless

HEAD = "MRN,Last Name,First Name,DOB,Plan,NDC,Qty,DS,Date Filled,PA #,PA start,PA exp\n"
ROSA = "100234,Alvarez,Rosa,4/2/1971,Acme Gold,0078-0248-15,60,30,6/5/2020,A-1,1/1/2020,12/31/2020\n"
BAD = ROSA.replace("100234", "=2+5").replace("6/5/2020", "6/31/2020")


def sign_in(client, name="ana"):
    client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})


def upload(client, text, name="list.csv"):
    content = text if isinstance(text, bytes) else text.encode()
    return client.post("/imports/", data={"file": (io.BytesIO(content), name)})


def dry_run(client, text):
    """The address of a batch that was uploaded and mapped as proposed."""
    page = upload(client, text).location
    names = ["mrn", "family", "given", "birth_date", "plan", "ndc", "quantity", "days_supply", "filled_on"]
    names += ["authorization", "authorization_from", "authorization_to"]
    answer = client.post(page, data={f"column-{index}": name for index, name in enumerate(names)})
    assert answer.status_code == 303
    return answer.location


def count(session, model):
    return session.execute(select(func.count()).select_from(model)).scalar_one()


def test_a_stranger_is_sent_to_sign_in(client, cast):
    assert client.get("/imports/").location.startswith("/sign-in")


def test_an_upload_leads_to_its_columns_with_samples(client, cast):
    sign_in(client)

    answer = upload(client, HEAD + ROSA)

    assert answer.status_code == 303
    page = client.get(answer.location)
    assert "Columns of list.csv" in page.text
    assert '<option value="mrn" selected>MRN</option>' in page.text
    assert "0078-0248-15" in page.text


def test_the_dry_run_shows_errors_first_and_saves_nothing(client, cast, session):
    sign_in(client)

    page = client.get(dry_run(client, HEAD + ROSA + BAD))

    assert "Dry run of list.csv" in page.text
    assert "June has 30 days" in page.text
    assert "Write 2020-06-30?" in page.text
    assert "Import the 1 good row" in page.text
    assert count(session, Patient) == 0


def test_the_good_rows_are_imported_and_undone(client, cast, session):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA + BAD)

    answer = client.post(f"{batch}/commit", data={"rows": "good"})

    assert (answer.status_code, answer.location) == (303, batch)
    assert count(session, Patient) == 1
    assert "Undo this import" in client.get(batch).text
    assert client.post(f"{batch}/undo").status_code == 303
    assert count(session, Patient) == 0
    assert "undone" in client.get(batch).text


def test_all_or_nothing_says_why_nothing_was_imported(client, cast, session):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA + BAD)

    answer = client.post(f"{batch}/commit", data={"rows": "all"})

    assert answer.status_code == 422
    assert "One row cannot be imported, so nothing was." in answer.text
    assert count(session, Patient) == 0


def test_an_undo_that_is_refused_lists_what_stands_in_the_way(client, cast, session):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA)
    client.post(f"{batch}/commit", data={"rows": "all"})
    session.scalars(select(Patient)).one().given = "Rosalia"
    session.commit()

    answer = client.post(f"{batch}/undo")

    assert answer.status_code == 422
    assert "Patient 100234: given changed since" in answer.text
    assert client.post(f"{batch}/commit", data={"rows": "all"}).status_code == 409


@pytest.mark.parametrize(
    ("text", "says"),
    [(b"", "The file is empty"), (b"PK\x03\x04", "damaged"), (b'a,b\n1,"x\n', "Row 2 cannot be read")],
)
def test_a_file_that_cannot_be_read_is_answered_at_the_field(client, cast, text, says):
    sign_in(client)

    answer = upload(client, text)

    assert answer.status_code == 422
    assert says in answer.text


def test_no_file_is_answered_at_the_field(client, cast):
    sign_in(client)

    answer = client.post("/imports/", data={})

    assert answer.status_code == 422
    assert "Choose a file" in answer.text


def test_columns_without_an_mrn_come_back_as_chosen(client, cast):
    sign_in(client)
    page = upload(client, HEAD + ROSA).location

    answer = client.post(page, data={"column-1": "family", "column-2": "given"})

    assert answer.status_code == 422
    assert "Say which column holds the MRN" in answer.text
    assert '<option value="family" selected>' in answer.text
    assert '<option value="mrn" selected>' not in answer.text


@pytest.mark.parametrize("path", ["", "/columns", "/rows", "/errors.csv"])
def test_another_clinics_import_is_not_found(client, cast, path):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA)
    client.post("/sign-out")
    sign_in(client, "cleo")

    assert client.get(batch + path).status_code == 404


@pytest.mark.parametrize("path", ["/columns", "/sheet", "/commit", "/undo", "/discard"])
def test_another_clinics_import_cannot_be_changed(client, cast, session, path):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA)
    client.post("/sign-out")
    sign_in(client, "cleo")

    assert client.post(batch + path).status_code == 404
    assert session.scalars(select(ImportBatch.state)).one() is ImportState.STAGED


def test_a_viewer_imports_nothing(client, cast, session):
    cast.ana.role = Role.VIEWER
    session.commit()
    sign_in(client)

    assert upload(client, HEAD + ROSA).status_code == 403


def test_the_errors_come_as_a_csv_that_runs_nothing(client, cast):
    sign_in(client)
    batch = dry_run(client, HEAD + BAD.replace("=2+5", "\"=cmd|' /C calc'!A0\""))

    answer = client.get(f"{batch}/errors.csv")

    assert answer.mimetype == "text/csv"
    assert '"2","MRN","\'=cmd|' in answer.text
    assert harmless(' "=1') == "' \"=1"
    assert harmless("plain") == "plain"


def test_rows_are_paged_and_chosen_by_outcome(client, cast):
    sign_in(client)
    many = "".join(ROSA.replace("100234", str(number)) for number in range(120))
    batch = dry_run(client, HEAD + many)

    assert "Page 2 of 2" in client.get(f"{batch}/rows?page=2").text
    assert "No such row" in client.get(f"{batch}/rows?show=refused&page=99").text
    assert client.get(f"{batch}/rows?show=nonsense&page=x").status_code == 200


def test_a_discarded_file_leaves_nothing_behind(client, cast, session):
    sign_in(client)
    batch = dry_run(client, HEAD + ROSA)

    assert client.post(f"{batch}/discard").status_code == 303

    row = session.scalars(select(ImportBatch)).one()
    assert (row.state, row.content, row.report) == (ImportState.DISCARDED, None, None)
    assert "Nothing of it was saved" in client.get(batch).text
    assert "discarded" in client.get("/imports/").text
