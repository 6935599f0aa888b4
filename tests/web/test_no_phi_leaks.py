"""Forty pieces of one patient's data, and every place where none of them may ever be found."""

import io
import logging
import re
from email import message_from_bytes
from email.policy import default
from itertools import count

import pytest
from crawling import browser, is_unsafe, ways
from sqlalchemy import select

import clockwork
import kept
from tracker import serving
from tracker.jobs.auditor import anchor_heads
from tracker.jobs.digests import write_digests
from tracker.jobs.mailer import send_due
from tracker.jobs.scanner import scan_all
from tracker.models.alert import Alert
from tracker.models.authorization import Authorization, Denial, Trial
from tracker.models.base import Base, PatientFact
from tracker.models.document import Document
from tracker.models.imports import ImportBatch
from tracker.models.outbox import OutboxMessage
from tracker.models.patient import Patient, PatientCheck
from tracker.models.payer import FormularyRule, Payer, Plan
from tracker.models.types import CleanText
from tracker.models.user import Role
from tracker.rules.words import DenialLevel, DocumentKind, Severity
from tracker.services import documents, outbox
from tracker.services.actor import Actor
from tracker.services.documents import Paper
from tracker.serving import LineWithIds

MARK = re.compile(r"Qzx[a-z]{3}canary", re.IGNORECASE)
LEAST = 40


NOT_FREE = {"code", "drug", "formulation", "form", "entered_by", "ndc", "organ", "state", "limit_unit"}


class Canaries:
    """Words that stand nowhere else, one for each place where a patient's data is kept."""

    def __init__(self):
        self._numbers = count()
        self.sung: list[str] = []

    def one(self):
        number = next(self._numbers)
        letters = "".join(chr(ord("a") + (number // 26**place) % 26) for place in (2, 1, 0))
        self.sung.append(f"Qzx{letters}canary")
        return self.sung[-1]


def hold_of(row):
    """The free-text columns of a row, its keys left out."""
    for column in row.__table__.columns:
        is_text = isinstance(column.type, CleanText) and (column.type.impl_instance.length or 99) >= 20
        if is_text and not column.foreign_keys and column.name not in NOT_FREE:
            yield column.name


@pytest.fixture
def birds(session, cast):
    """Rosa with a canary in every text of hers, her alert, her documents and her imported rows."""
    made = Canaries()
    rosa = kept.alvarez(session, cast.renal)
    ids = {"clinic_id": rosa.clinic_id, "patient_id": rosa.id}
    pa = session.scalars(select(Authorization)).first()
    session.add(Trial(**ids, drug="methotrexate"))
    session.add(Denial(**ids, authorization_id=pa.id, level=DenialLevel.INTERNAL))
    session.flush()
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, PatientFact) or mapper.class_ is Patient:
            for row in session.scalars(select(mapper.class_)):
                for name in hold_of(row):
                    setattr(row, name, made.one())
    for kind in DocumentKind:
        paper = Paper(kind, f"{made.one()}.txt", f"{made.one()} {made.one()}".encode())
        documents.add(session, rosa, paper, actor=Actor("Ana"), now=clockwork.NOON)
    alert = clockwork.alert(session, rosa, severity=Severity.CRITICAL, message=f"Fill of {made.one()} fails.")
    alert.clears_when, alert.facts, alert.proof = made.one(), {"name": made.one()}, {"rule": made.one()}
    outbox.tell(session, alert=alert, occasion="opened:1", now=clockwork.NOON)
    session.commit()
    return made


def ids_for(session, rosa):
    """An id of Rosa's, or of her clinic's, for each argument of an address."""
    first = {
        "alert_id": Alert,
        "authorization_id": Authorization,
        "document_id": Document,
        "batch_id": ImportBatch,
        "message_id": OutboxMessage,
        "payer_id": Payer,
        "plan_id": Plan,
        "rule_id": FormularyRule,
        "fact_id": Trial,
    }
    found = {name: session.scalars(select(model.id)).first() for name, model in first.items()}
    return {**found, "patient_id": rosa.id, "kind": "trial", "move": "appeal"}


def addresses(app, ids):
    for way in ways(app):
        if not is_unsafe(way):
            names = {name: ids.get(name) or "0" * 26 for name in way.names}
            yield re.sub(r"<(?:[^:<>]+:)?(\w+)>", lambda found, names=names: names[found[1]], way.rule)


def addresses_in(answer):
    """Every address that a page leads to, and where a redirect goes."""
    found = (
        re.findall(r'(?:href|action|src)="([^"]*)"', answer.text) if "text/html" in answer.mimetype else []
    )
    return [*found, answer.location or ""]


def bring_in(client, birds):
    """An import with a good row, a row that cannot be read, and a header of canaries."""
    head = "MRN,Last Name,First Name,DOB,Plan,NDC,Qty,DS,Date Filled,PA #,PA start,PA exp\n"
    row = f"{birds.one()},{birds.one()},{birds.one()},4/2/1971,{birds.one()},0078-0248-15,60,30,"
    text = f"{head}{row}6/5/2020,{birds.one()},1/1/2020,12/31/2020\n{row}6/31/2020,{birds.one()},x,y\n"
    page = client.post("/imports/", data={"file": (io.BytesIO(text.encode()), f"{birds.one()}.csv")}).location
    names = ["mrn", "family", "given", "birth_date", "plan", "ndc", "quantity", "days_supply", "filled_on"]
    names += ["authorization", "authorization_from", "authorization_to"]
    dry = client.post(page, data={f"column-{index}": name for index, name in enumerate(names)})
    good = client.post(f"{dry.location}/commit", data={"which": "good"})
    return [dry, good, client.get(f"{dry.location}/errors.csv")]


def mails_of(folder):
    for path in sorted(folder.glob("**/*.eml")):
        mail = message_from_bytes(path.read_bytes(), policy=default)
        parts = [part.get_content() for part in mail.walk() if not part.is_multipart()]
        yield "\n".join([str(mail.items()), *parts])


def test_no_piece_of_a_patient_is_found_where_it_may_not_be(
    app, session, cast, birds, settings, caplog, monkeypatch
):
    caplog.set_level(logging.DEBUG)
    monkeypatch.setattr(logging.getLogger("sqlalchemy"), "level", logging.WARNING)
    cast.dana.role = Role.ADMINISTRATOR
    session.commit()
    rosa = session.scalars(select(Patient)).one()
    client = browser(app, "dana")
    answers = bring_in(client, birds)
    answers += [client.get(address) for address in addresses(app, ids_for(session, rosa))]
    answers.append(client.post("/patients/search", data={"q": birds.sung[0]}))
    answers.append(client.post(f"/patients/{rosa.id}/change", data={"family": birds.one(), "version": "1"}))
    clock = clockwork.SetClock()
    clock.forward(minutes=30)
    rig = clockwork.office(session, settings, clock)
    for part in (write_digests, send_due, anchor_heads):
        part(rig)
    session.execute(PatientCheck.__table__.update().values(due=True))
    session.commit()
    scan_all(rig.open_session, clock, stopping=lambda: False)
    broken = birds.one()
    for error in (ValueError(broken), LookupError(broken)):
        monkeypatch.setitem(app.view_functions, "patients.show", raising(error))
        failed = client.get(f"/patients/{rosa.id}")
        assert failed.status_code == 500
        assert MARK.findall(failed.text) == []

    assert len(birds.sung) >= LEAST
    seen = {word for answer in answers for word in MARK.findall(answer.text)}
    assert len(seen) >= LEAST / 2, "the walk did not come by the patient's data"
    assert [url for answer in answers for url in addresses_in(answer) if MARK.search(url)] == []
    refused = [answer for answer in answers if answer.status_code in (400, 403, 404, 405, 409, 500, 503)]
    assert [answer.request.path for answer in refused if MARK.search(answer.text)] == []
    lines = [LineWithIds("%(message)s").format(record) + repr(record.__dict__) for record in caplog.records]
    assert len(lines) > 3
    assert [line for line in lines if MARK.search(line)] == []
    mails = list(mails_of(settings.instance))
    assert mails
    assert [mail for mail in mails if MARK.search(mail)] == []
    for path in ("/metrics", "/healthz", "/readyz"):
        answer = client.get(path)
        assert MARK.findall(answer.text) == []
    assert MARK.search((settings.instance / "audit-head").read_text()) is None


def raising(error):
    def view(**_arguments):
        raise error

    return view


def test_a_library_that_tells_rows_is_kept_quiet(settings, monkeypatch):
    monkeypatch.setattr(logging, "basicConfig", lambda **_more: None)
    serving._set_up_logs(settings.model_copy(update={"log_level": "DEBUG"}))

    assert logging.getLogger("sqlalchemy").level == logging.WARNING
