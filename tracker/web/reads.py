"""What of patients each page shows, and that it was shown: every read goes on record in one place.

Each endpoint has a line here, in `READS` or in `SHOW_NOBODY`, and `tests/web/test_reads.py` names those that
have none; until then what they answer counts as a read. A page is never lost to a record that cannot be
written: the record waits in this process for the next one, and the log says so. What leaves as a file does
not leave without.
"""

import logging
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from flask import Flask, Response, current_app, g, request, template_rendered
from flask_login import current_user
from sqlalchemy import select
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError
from werkzeug.exceptions import ServiceUnavailable

from tracker import clock
from tracker.db import db, writing
from tracker.models.alert import Alert
from tracker.models.audit import AuditAction
from tracker.models.clinic import Clinic
from tracker.models.types import REFUSED
from tracker.models.user import User
from tracker.services import audit, audit_chain, emergency, throttle
from tracker.services.actor import Actor, Origin, origin, set_origin
from tracker.web import access
from tracker.web.origin import origin_of

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Read:
    """What a page shows. `record`: the argument that names it; `count`: where a template finds how many.

    `leaves`: it is a file to keep, which is not given without a record; `strict`: nor is this page.
    """

    what: str
    record: str | None = None
    count: str | None = None
    leaves: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """A read as it goes on record, apart from the request it came from.

    `kept`: of a refused sign-in, whether it stays; either takes the same work. None for all else.
    """

    clinic_id: str
    actor: Actor
    origin: Origin
    action: AuditAction
    at: datetime
    what: str
    record: str | None
    patient_id: str | None
    new: Mapping[str, Any]
    kept: bool | None = None
    strict: bool = False


TOLD = {200, 403, 422, 429}

READS: dict[str, Read] = {
    "today.index": Read("today"),
    "alerts.index": Read("worklist", count="page.rows"),
    "alerts.show": Read("alert", "alert_id"),
    "alert_acts.do": Read("alert", "alert_id"),
    "worklist_bulk.ask": Read("worklist", count="rows"),
    "worklist_bulk.preview": Read("worklist", count="rows"),
    "worklist_export.call_sheet": Read("call sheet", count="rows"),
    "worklist_export.call_sheet_of": Read("call sheet", count="rows"),
    "patients.index": Read("patients", count="lines"),
    "patients.search": Read("search", count="lines"),
    "patients.show": Read("patient page"),
    "sheets.patient": Read("patient sheet"),
    "sheets.calls": Read("call sheet", count="calls"),
    "patient_forms.change": Read("patient form"),
    "authorizations.show": Read("authorization", "authorization_id"),
    "authorizations.move": Read("authorization", "authorization_id"),
    "packets.first": Read("packet of a request"),
    "packets.first_sheet": Read("packet of a request"),
    "packets.show": Read("packet of a request", "authorization_id"),
    "packets.sheet": Read("packet of a request", "authorization_id"),
    "packets.sent": Read("packet of a request", "authorization_id"),
    "authorizations.renew": Read("authorization", "authorization_id"),
    "authorizations.replace": Read("authorization", "authorization_id"),
    "contacts.add": Read("contact form"),
    "facts.add": Read("fact form"),
    "facts.change": Read("fact form", "fact_id"),
    "facts.remove": Read("fact form", "fact_id"),
    "documents.index": Read("documents", count="standing"),
    "documents.download": Read("document", "document_id", leaves=True),
    "documents.remove": Read("document", "document_id"),
    "steps.show": Read("steps"),
    "steps.ask_exception": Read("steps"),
    "what_if.form": Read("what if"),
    "what_if.preview": Read("what if"),
    "what_if.accept": Read("what if"),
    "calendar.index": Read("calendar"),
    "january.index": Read("january wave", count="rows"),
    "january.change": Read("january wave", count="rows"),
    "reports.index": Read("report", count="rows"),
    "imports.columns": Read("import", "batch_id"),
    "imports.sheet": Read("import", "batch_id"),
    "imports.show": Read("import", "batch_id"),
    "imports.commit": Read("import", "batch_id"),
    "imports.undo": Read("import", "batch_id"),
    "imports.rows": Read("import rows", "batch_id", count="rows"),
    "imports.errors": Read("import errors", "batch_id", leaves=True),
    "audit.index": Read("audit trail", count="page.lines"),
    "history.show": Read("history"),
    "emergency.show": Read(emergency.WHAT, "access_id", strict=True),
    "emergency.reviews": Read("emergency access", count="lines"),
    "emergency.review": Read("emergency access", count="lines"),
    "emergency.policy": Read("emergency access", count="lines"),
    "payers.new_version": Read("patients a rule touches", "rule_id"),
    "payers.change_rule": Read("patients a rule touches", "rule_id"),
    "payers.add_rule": Read("patients a rule touches", "plan_id"),
    "payers.change_plan": Read("patients a rule touches", "plan_id"),
    "lead_times.change": Read("patients a rule touches"),
}

# Pages about payers, mails, settings and oneself, acts that only lead on, and what puts itself on record.
SHOW_NOBODY = {
    *("static", "sign_in.enter", "sign_in.leave", "health.alive", "health.metrics", "health.ready"),
    *("news.show", "help.keys", "help.switch", "saved_views.index", "saved_views.add", "saved_views.delete"),
    *("saved_views.rename", "scan.index", "scan.check_now", "scan.move_date", "scan.release_mail"),
    *("emergency.index", "mail.index", "mail.choices", "mail.policy", "mail.again", "mail.seen"),
    "ladder.change",
    *("payers.index", "payers.payer", "payers.plan", "payers.rule", "payers.add_payer", "payers.add_plan"),
    *("payers.change_payer", "calendar.feed", "calendar.feed_settings", "calendar.make_feed"),
    *(
        "calendar.end_feed",
        "imports.index",
        "imports.discard",
        "patients.search_again",
        "patients.new_authorization",
        "patient_forms.add",
    ),
    *("worklist_columns.choose", "tags.add", "tags.remove"),
    *("worklist_bulk.do", "worklist_bulk.undo", "worklist_export.export", "reports.file"),
    *("account.index", "account.password", "account.rename", "account.end_others", "account.end_session"),
    *("account.ask_clinic", "account.open_clinic", "people.index", "people.add", "people.change"),
    "people.forget",
    *("people.invite_again", "people.off", "people.on", "people.require", "people.require_of_clinic"),
    "people.end_sessions",
    *("people.unlock", "people.waive", "reset.ask", "reset.asked", "reset.choose", "sign_in.confirm"),
    *("sign_in.second", "second_factor.add_passkey", "second_factor.app", "second_factor.codes"),
    *("single_sign_on.start", "single_sign_on.go", "single_sign_on.back", "single_sign_on.refused"),
    *("provider_sign_out.take", "policy_reports.take"),
    *("single_sign_on.out", "single_sign_on.confirm", "single_sign_on.connect", "single_sign_on.remove"),
    *("second_factor.new_codes", "second_factor.remove_app", "second_factor.remove_passkey"),
    *("second_factor.set_up", "second_factor.start_app"),
}

REFUSED_SIGN_INS = {
    "sign_in.enter": "sign-in",
    "sign_in.second": "second factor",
    "sign_in.confirm": "sign-in once more",
}
MOST_WAITING = 10_000
# What no later attempt mends; what else the database answers (busy, full, gone) is worth another.
FOREVER = (IntegrityError, DataError)


def init_app(app: Flask) -> None:
    app.extensions["reads_waiting"] = deque(maxlen=MOST_WAITING)
    app.before_request(lambda: set_origin(origin_of(request)))
    app.teardown_request(lambda _error: set_origin(None))
    app.after_request(_put_on_record)
    template_rendered.connect(_keep_context, app)


def show_of(clinic_id: str, patient_id: str, actor: Actor) -> None:
    """This page shows a patient of another clinic: the read goes on record there."""
    g.read_of = clinic_id, patient_id, actor


def _keep_context(_sender: Flask, template: object, context: dict[str, Any], **_more: Any) -> None:
    g.setdefault("shown", []).append(context)


def _put_on_record(response: Response) -> Response:
    if response.status_code not in TOLD:
        return response  # nothing was shown, and after a failure the database may not answer
    found = _event(response)
    if found is None:
        return response
    try:
        _write(found, hurried=not found.strict)
    except DBAPIError as error:
        db.session.rollback()
        if found.kept is False:
            return response
        if found.strict:
            return current_app.make_response(current_app.handle_http_exception(ServiceUnavailable()))
        if isinstance(error, FOREVER):
            _tell("a read cannot go on record", found, error)
        else:
            _waiting().append(found)
            _tell("a read waits to go on record", found, error)
    return response


def _waiting() -> deque[Event]:
    """Reads that no transaction took yet; oldest first."""
    found: deque[Event] = current_app.extensions["reads_waiting"]
    return found


def _tell(what: str, read: Event, error: DBAPIError) -> None:
    """The log says who read whose record, by ids, and so stands in for the audit."""
    page = read.new.get("page") if read.new else None
    extra = {"user_id": read.actor.user_id, "patient_id": read.patient_id, "part": page}
    log.error(what, extra={**extra, "error": type(error).__name__})


def _event(response: Response) -> Event | None:
    endpoint = request.endpoint
    if endpoint in REFUSED_SIGN_INS and response.status_code == 422:
        return _refused_sign_in(REFUSED_SIGN_INS[endpoint])
    if endpoint is None or request.method == "HEAD" or not current_user.is_authenticated:
        return None
    read = READS.get(endpoint) or Read(endpoint)
    if response.status_code == 403:
        return _of_request(read, AuditAction.DENIED)
    slowed = g.pop("slowed", None)
    if slowed and response.status_code == 429:
        return replace(_of_request(read, AuditAction.DENIED), what=f"too many {slowed} at once")
    if response.status_code != 200 or endpoint in SHOW_NOBODY:
        return None
    return _of_request(read, AuditAction.EXPORTED if read.leaves else AuditAction.VIEWED)


def _of_request(read: Read, action: AuditAction) -> Event:
    arguments = request.view_args or {}
    own = access.current_clinic_id(), _patient_id(arguments), access.current_actor()
    clinic_id, patient_id, actor = g.get("read_of") or own
    new: dict[str, Any] = {"page": request.endpoint}
    count = _count(read)
    if count is not None:
        new["count"] = count
    return Event(
        clinic_id=clinic_id,
        actor=actor,
        origin=origin(),
        action=action,
        at=clock.now(),
        what=read.what,
        record=_id(arguments.get(read.record or "")),
        patient_id=patient_id,
        new=new,
        strict=(read.leaves or read.strict) and action is not AuditAction.DENIED,
    )


def _id(value: object) -> str | None:
    return value if isinstance(value, str) and access.ROW_ID.fullmatch(value) else None


def _patient_id(arguments: Mapping[str, Any]) -> str | None:
    """Whose page it is; an alert's page names its alert."""
    alert_id = _id(arguments.get("alert_id"))
    if alert_id is None:
        return _id(arguments.get("patient_id"))
    query = select(Alert.patient_id).where(
        Alert.clinic_id == access.current_clinic_id(), Alert.id == alert_id
    )
    return db.session.execute(query).scalar_one_or_none()


def _count(read: Read) -> int | None:
    """How many a list shows, found in what its template was given."""
    first, *rest = (read.count or "").split(".")
    value: Any = next((each[first] for each in g.get("shown", []) if first in each), None)
    for name in rest:
        value = getattr(value, name, None)
    return len(value) if hasattr(value, "__len__") else None


def _refused_sign_in(what: str) -> Event | None:
    """A wrong password or code. Who tried is not known; where no such account is, the log says so."""
    user = _whose_sign_in()
    any_clinic = db.session.scalar(select(Clinic.id).limit(1))  # asked for either way, for the same work
    clinic_id = any_clinic if user is None else user.clinic_id
    if clinic_id is None:
        return None
    if user is None:
        log.warning("a sign-in was refused: no such account")
    return Event(
        clinic_id=clinic_id,
        actor=Actor("Somebody"),
        origin=origin(),
        action=AuditAction.DENIED,
        at=clock.now(),
        what=what,
        record=user.id if user else None,
        patient_id=None,
        new={},
        kept=user is not None,
    )


def _whose_sign_in() -> User | None:
    """The account that was typed, or that of the session before the second factor."""
    if request.endpoint != "sign_in.enter":
        return access.half_way()[1]
    email = REFUSED.sub("", request.form.get("email", "")).strip().lower()
    query = select(User).where(User.email == email)
    return db.session.execute(query).scalar_one_or_none() if email else None


def _write(event: Event, *, hurried: bool) -> None:
    """In a transaction of its own, with what waited. The request's is over: a view has saved what it wants
    kept, and what a preview tried out is taken back.
    """
    if request.method != "GET" or db.session.new or db.session.dirty or db.session.deleted:
        db.session.rollback()
    else:
        db.session.commit()
    waited = list(_taken())
    try:
        _save([*waited, event], hurried=hurried)
        return
    except FOREVER:
        db.session.rollback()
    except BaseException:
        _waiting().extendleft(reversed(waited))
        raise
    finally:
        set_origin(event.origin)
    _save_each(waited, hurried=hurried)
    _save([event], hurried=hurried)


def _save_each(waited: list[Event], *, hurried: bool) -> None:
    """One by one: a read that can never be written holds up no other."""
    while waited:
        try:
            _save(waited[:1], hurried=hurried)
        except FOREVER as error:
            db.session.rollback()
            _tell("a read cannot go on record", waited[0], error)
        except BaseException:
            _waiting().extendleft(reversed(waited))
            raise
        del waited[0]


def _save(events: list[Event], *, hurried: bool) -> None:
    with writing(hurried=hurried):
        for each in events:
            if each.kept is None:
                _record(each)
            else:
                _record_refused(each, kept=each.kept)
        db.session.commit()


def _record_refused(event: Event, *, kept: bool) -> None:
    """A refused sign-in: of one that is not kept nothing stays but the time."""
    with audit.on_trial(db.session, kept=kept):
        _record(event)
        db.session.flush()
        audit_chain.link(db.session, event.clinic_id)
    throttle.touch(db.session, throttle.ACCOUNT, request.form.get("email", ""))


def _taken() -> Iterator[Event]:
    """What waited, each for one thread alone."""
    while True:
        try:
            yield _waiting().popleft()
        except IndexError:
            return


def _record(event: Event) -> None:
    set_origin(event.origin)
    audit.record(
        db.session,
        clinic_id=event.clinic_id,
        actor=event.actor,
        action=event.action,
        at=event.at,
        table_name=event.what,
        row_key=event.record,
        patient_id=event.patient_id,
        new=event.new or None,
    )
