"""`tracker doctor`: look at settings, database, clock, mail, sign-on, scan, backups, and say what to do."""

import shutil
import sys
from collections.abc import Iterator
from datetime import timedelta

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from tracker import clock, compiled, secret_files
from tracker.antivirus import EICAR, NotScanned, Scanner
from tracker.commands.doctor_database import answers, look_at_database
from tracker.commands.looking import Finding, Level, Look, Visit
from tracker.db import db, reading
from tracker.jobs.delivery import SmtpDelivery, Undelivered
from tracker.models.audit import AuditEvent
from tracker.running import is_running
from tracker.services import app_secrets, backups, health, heartbeat, holds, policy_reports
from tracker.services.openid import Unreachable
from tracker.settings import SHORTEST_TOKEN, Mode, Settings
from tracker.web import provider

ROOM = 500_000_000  # bytes


@click.command()
@with_appcontext
def doctor() -> None:
    """Look at everything that must be right, and say what to do where it is not.

    The exit status is 1 if something is bad.

    Example: tracker doctor
    """
    app = current_app._get_current_object()  # type: ignore[attr-defined] # the app behind the proxy
    visit = Visit(app, app.extensions["settings"], clock.now())
    worst = Level.OK
    with reading():  # it neither waits for a scan nor holds one up
        for look in LOOKS:
            for found in look(visit):
                click.echo(f"{found.level.value:4}  {found.text}{f' {found.cure}' if found.cure else ''}")
                worst = max(worst, found.level, key=list(Level).index)
            if look is look_at_database and worst is Level.BAD and not answers(visit):
                break  # clock, scan and mail are read from it
    if worst is Level.BAD:
        sys.exit(1)


def _settings(visit: Visit) -> Iterator[Finding]:
    given = visit.settings
    yield Finding(Level.OK, f"Settings: {given.mode.value}, instance folder {given.instance.resolve()}.")
    yield from _rules(given)
    free = shutil.disk_usage(given.instance).free
    if free < ROOM:
        yield Finding(
            Level.BAD,
            f"Disk: only {free // 1_000_000} MB are free.",
            "Make room: nothing can be saved on a full disk.",
        )
    else:
        yield Finding(Level.OK, f"Disk: {free / 1_000_000_000:.1f} GB free.")


def _rules(given: Settings) -> Iterator[Finding]:
    """Whether compiled rules are asked for, and used."""
    if compiled.are_used():
        yield Finding(Level.OK, "Rules: compiled, of this release's sources.")
    elif given.compiled_rules:
        yield Finding(
            Level.LOOK,
            "Rules: no compiled ones of these sources and this Python are there, so the sources are used, "
            "which decide the same three times slower.",
            "Run: make compiled",
        )


def _secret_keys(visit: Visit) -> Iterator[Finding]:
    """What hangs on which secret key, and whether those of before may go."""
    stand = app_secrets.standing(db.session, visit.app.extensions["keyring"])
    old = len(visit.settings.secret_keys) - 1
    if stand.lost:
        yield Finding(
            Level.BAD,
            f"Secret key: it does not read the secrets of {stand.lost} authenticator apps.",
            "Name the key of before in TRACKER_OLD_SECRET_KEYS; without it, their app is set up anew.",
        )
    if stand.waiting:
        yield Finding(
            Level.LOOK,
            f"Secret key: {stand.waiting} authenticator apps hang on an old key, or are kept as earlier "
            "releases did.",
            "Run: tracker keys rewrap",
        )
    elif old:
        yield Finding(
            Level.LOOK,
            "Secret key: nothing hangs on the old ones.",
            "Remove TRACKER_OLD_SECRET_KEYS." if not stand.lost else "",
        )
    elif not stand.lost:
        yield Finding(Level.OK, "Secret key: everything is sealed with it.")


def _clock(visit: Visit) -> Iterator[Finding]:
    newest_event = db.session.execute(select(func.max(AuditEvent.at))).scalar()
    if heartbeat.clock_is_doubtful(db.session, visit.now) or (
        newest_event is not None and newest_event > visit.now + timedelta(days=1)
    ):
        yield Finding(
            Level.BAD,
            f"Clock: it says {visit.now:%Y-%m-%d %H:%M}Z, far from the last thing on record.",
            "Set the computer's clock; until then no scan runs by itself.",
        )
        return
    yield Finding(Level.OK, f"Clock: {visit.now:%Y-%m-%d %H:%M}Z.")


def _scan(visit: Visit) -> Iterator[Finding]:
    last = heartbeat.last_beat(db.session, heartbeat.SCAN)
    silence = heartbeat.stale_after(visit.settings.scan_seconds)
    found = health.figures(db.session, visit.now)
    said = f"last complete scan {last:%Y-%m-%d %H:%M}Z" if last else "no complete scan yet"
    if not is_running(visit.settings.instance):
        yield Finding(Level.BAD, f"Scan: the tracker is not running; {said}.", "Start it: tracker run")
    elif heartbeat.scan_is_stale(db.session, visit.now, silence=silence):
        yield Finding(Level.BAD, f"Scan: stale; {said}.", "Look at the log, then start the tracker again.")
    else:
        yield Finding(
            Level.OK, f"Scan: {said}; {found.patients} patients, {found.future_fills} future fills."
        )
    if found.failing_patients:
        yield Finding(
            Level.LOOK,
            f"Scan: the check of {found.failing_patients} patients fails.",
            "They are listed on the page Scan.",
        )


def _mail(visit: Visit) -> Iterator[Finding]:
    held = holds.mail_hold(db.session)
    if held is not None:
        yield Finding(
            Level.BAD,
            f"Mail: held since {held.since_at:%Y-%m-%d %H:%M}Z, {held.reason}.",
            "Look at what waits, then run: tracker mail release",
        )
    late = health.late_mails(db.session, visit.now)
    if late and held is None:
        yield Finding(Level.BAD, f"Mail: {late} wait for over an hour.", "Look at the page Scan.")
    if not visit.settings.has_mail_server:
        level = Level.BAD if visit.settings.mode is Mode.PRODUCTION else Level.LOOK
        yield Finding(
            level,
            f"Mail: no mail server is set; mails are files in {visit.settings.mail_folder}.",
            "Set TRACKER_SMTP_HOST.",
        )
        return
    try:
        SmtpDelivery(visit.settings).try_connection()
    except Undelivered as failure:
        yield Finding(
            Level.BAD,
            f"Mail: {visit.settings.smtp_host}:{visit.settings.smtp_port} does not take mails ({failure}).",
            "See the TRACKER_SMTP settings.",
        )
    else:
        yield Finding(
            Level.OK, f"Mail: {visit.settings.smtp_host} answers. Send one: tracker mail test ADDRESS"
        )


def _single_sign_on(visit: Visit) -> Iterator[Finding]:
    found = provider.made(visit.settings)
    if found is None:
        return
    try:
        found.look()
    except Unreachable as fault:
        yield Finding(
            Level.BAD,
            f"Single sign-on: the description of {found.terms.issuer} cannot be used ({fault.reason}).",
            "Open ISSUER/.well-known/openid-configuration from this machine; see the TRACKER_OIDC settings.",
        )
        return
    yield Finding(
        Level.OK, f"Single sign-on: {found.terms.issuer} answers. Way back: {found.terms.redirect_uri}"
    )


def _secret_files(visit: Visit) -> Iterator[Finding]:
    """What is read anew at each use: whether it can be now, and is kept from others."""
    given = visit.settings
    for what, variable, path, shortest in (
        ("Mail", "TRACKER_SMTP_PASSWORD_FILE", given.smtp_password_file, 1),
        ("Metrics", "TRACKER_METRICS_TOKEN_FILE", given.metrics_token_file, SHORTEST_TOKEN),
        ("Single sign-on", "TRACKER_OIDC_CLIENT_SECRET_FILE", given.oidc_client_secret_file, 1),
    ):
        if path is None:
            continue
        try:
            long_enough = len(secret_files.read(path)) >= shortest
        except secret_files.NoSecret as fault:
            yield Finding(Level.BAD, f"{what}: {fault}.", f"See {variable}, and this account's rights.")
            continue
        if not long_enough:
            yield Finding(
                Level.BAD, f"{what}: {path} holds fewer than {shortest} characters, so it is closed."
            )
        if secret_files.is_open_to_others(path):
            yield Finding(Level.LOOK, f"{what}: others on this machine can read {path}.", f"chmod 600 {path}")


def _backups(visit: Visit) -> Iterator[Finding]:
    given = visit.settings
    if given.sqlite_file is None or given.mode is not Mode.PRODUCTION:
        return
    newest_backup = next(iter(backups.listed(given.backups)), None) if given.backups.is_dir() else None
    if not given.backup_keep:
        yield Finding(Level.LOOK, "Backups: none are made.", "Set TRACKER_BACKUP_KEEP to how many to keep.")
    elif newest_backup is None or visit.now - newest_backup.made_at > timedelta(hours=26):
        said = (
            f"the newest is of {newest_backup.made_at:%Y-%m-%d %H:%M}Z" if newest_backup else "there is none"
        )
        yield Finding(Level.BAD, f"Backups: {said}.", "Run: tracker backup")
    else:
        yield Finding(Level.OK, f"Backups: the newest is of {newest_backup.made_at:%Y-%m-%d %H:%M}Z.")
    if not given.backup_key and not given.database_key:
        yield Finding(
            Level.LOOK, "Backups: not encrypted.", "Set TRACKER_BACKUP_KEY (tracker backup --new-key)."
        )


def _browsers(visit: Visit) -> Iterator[Finding]:
    if said := policy_reports.in_words(db.session, visit.now):
        yield Finding(Level.LOOK, said, policy_reports.CURE)


def _virus_scanner(visit: Visit) -> Iterator[Finding]:
    """Whether it answers, and finds what every scanner finds."""
    given = visit.settings
    if not given.clamd:
        if given.mode is Mode.PRODUCTION:
            cure = "Install clamav-daemon and set TRACKER_CLAMD, or have the machines that open them do it."
            yield Finding(Level.LOOK, "Virus scanner: uploads are not looked through.", cure)
        return
    try:
        found = Scanner(given.clamd).virus_in(EICAR)
    except NotScanned as failure:
        yield Finding(
            Level.BAD,
            f"Virus scanner: {failure}, so no upload is taken.",
            f"Start clamav-daemon, and see that this account may use {given.clamd}.",
        )
        return
    if found is None:
        yield Finding(
            Level.BAD, "Virus scanner: it does not find the harmless test file (EICAR).", "Run: freshclam"
        )
    else:
        yield Finding(Level.OK, "Virus scanner: it answers and finds the test file (EICAR).")


LOOKS: tuple[Look, ...] = (
    *(_settings, look_at_database, _secret_keys, _clock, _scan, _mail),
    *(_secret_files, _single_sign_on, _virus_scanner, _backups, _browsers),
)
