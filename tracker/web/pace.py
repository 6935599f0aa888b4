"""Calls of signed-in people, and feeds and reports of an address, held to a pace (`services/pace.py`)."""

import logging

from flask import Flask, current_app, g, request
from flask_login import current_user

from tracker import clock
from tracker.services.pace import (
    ALL,
    FEED,
    LEAVING,
    RECORD,
    REPORT,
    REPORTS,
    SEARCH,
    TRY_OUT,
    UPLOAD,
    Buckets,
    Pace,
    TooFast,
)
from tracker.settings import Settings
from tracker.web import access, permissions, tries
from tracker.web.permissions import SAFE_METHODS

log = logging.getLogger(__name__)

COSTLY: dict[str, Pace] = {
    "patients.index": SEARCH,
    "patients.search": SEARCH,
    "patients.search_again": SEARCH,
    "patients.new_authorization": SEARCH,
    "what_if.preview": TRY_OUT,
    "worklist_bulk.preview": TRY_OUT,
    "imports.columns": TRY_OUT,
    "imports.sheet": TRY_OUT,
    "payers.add_rule": TRY_OUT,
    "payers.change_rule": TRY_OUT,
    "payers.new_version": TRY_OUT,
    "payers.change_plan": TRY_OUT,
    "audit.index": RECORD,
    "history.show": RECORD,
    "documents.download": RECORD,
    "worklist_export.export": LEAVING,
    "worklist_export.call_sheet": LEAVING,
    "worklist_export.call_sheet_of": LEAVING,
    "sheets.calls": LEAVING,
    "imports.errors": LEAVING,
}
UPLOADS = {"imports.index", "documents.index"}  # to look at them is no upload


def init_app(app: Flask) -> None:
    """After the guard: who is not let in is not counted."""
    settings: Settings = app.extensions["settings"]
    app.extensions["buckets"] = Buckets()
    if settings.call_limits:
        app.before_request(_hold_to_pace)


def _hold_to_pace() -> None:
    endpoint = request.endpoint or ""
    if endpoint == "calendar.feed":
        if tries.is_apart():
            _take(FEED, request.remote_addr or "")
        return
    if endpoint == "policy_reports.take":
        _take_report(request.remote_addr or "")
        return
    rule = permissions.rule_for(endpoint)
    if rule is None or rule.door is permissions.Door.OPEN or not current_user.is_authenticated:
        return  # signing in has limits of its own
    person = access.signed_in().id
    if endpoint in UPLOADS and request.method not in SAFE_METHODS:
        _take(UPLOAD, person)
    elif endpoint in COSTLY:
        _take(COSTLY[endpoint], person)
    _take(ALL, person)


def _take_report(address: str) -> None:
    """Too many are dropped, and fill neither log nor record: a browser sends them by itself."""
    now = clock.now().timestamp()
    _buckets().take(REPORT, address, now=now)
    _buckets().take(REPORTS, "everyone", now=now)


def _buckets() -> Buckets:
    found: Buckets = current_app.extensions["buckets"]
    return found


def _take(pace: Pace, subject: str) -> None:
    try:
        _buckets().take(pace, subject, now=clock.now().timestamp())
    except TooFast as refusal:
        if refusal.first:
            g.slowed = pace.kind  # for the record
            log.warning("calls were held to a pace", extra={"part": request.endpoint})
        raise
