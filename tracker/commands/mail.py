"""`tracker mail`: send what waits, list it, or send a test mail."""

import click
from flask import current_app
from flask.cli import with_appcontext
from sqlalchemy import func, select

from tracker import clock
from tracker.db import db
from tracker.jobs.delivery import Undelivered, delivery_for
from tracker.jobs.mailer import compose, send_due
from tracker.models.ids import new_id
from tracker.models.outbox import OutboxLine, OutboxMessage, OutboxState
from tracker.models.user import User
from tracker.services import holds
from tracker.services.errors import Refused
from tracker.services.mail_queue import message_id
from tracker.services.mail_text import MailText
from tracker.serving import office_of
from tracker.settings import Settings

TEST = MailText(
    subject="[PA tracker] Test",
    text="This is a test mail of the PA tracker. Mails reach you.\n",
    html="<p>This is a test mail of the PA tracker. Mails reach you.</p>\n",
)


@click.group()
def mail() -> None:
    """Mails about alerts: they wait in the outbox until they are sent.

    Example: tracker mail list
    """


@mail.command()
@with_appcontext
def send() -> None:
    """Send the mails whose time has come.

    Example: tracker mail send
    """
    held = holds.mail_hold(db.session)
    db.session.rollback()
    if held is not None:
        raise Refused(f"Mails are held: {held.reason}. Let them go with: tracker mail release")
    app = current_app._get_current_object()  # type: ignore[attr-defined] # the app behind the proxy
    tally = send_due(office_of(app), round_seconds=3600)
    click.echo(
        f"{tally.sent} sent, {tally.retry} to be tried again, {tally.failed} failed, "
        f"{tally.dropped} not needed."
    )


@mail.command("list")
@click.option("--all", "everything", is_flag=True, help="sent and dropped mails too")
@with_appcontext
def list_mails(everything: bool) -> None:
    """List the mails that wait or failed, oldest first.

    Example: tracker mail list --all
    """
    done = () if everything else (OutboxState.SENT, OutboxState.DROPPED)
    lines = select(func.count()).where(OutboxLine.message_row_id == OutboxMessage.id).scalar_subquery()
    query = (
        select(OutboxMessage, User.email, lines)
        .join(User, User.id == OutboxMessage.recipient_id)
        .where(OutboxMessage.state.not_in(done))
        .order_by(OutboxMessage.created_at)
    )
    rows = db.session.execute(query).all()
    for message, email, count in rows:
        error = f", {message.last_error}" if message.last_error else ""
        click.echo(
            f"{message.created_at:%Y-%m-%d %H:%M}Z  {message.state.value:8}  {email}  "
            f"{count} alerts, {message.attempts} tries{error}"
        )
    if not rows:
        click.echo("No mail waits.")


@mail.command()
@click.option("--reason", default="held by hand", show_default=True, help="why, for those who read it")
@with_appcontext
def hold(reason: str) -> None:
    """Send nothing until someone says that mails may go again.

    Example: tracker mail hold --reason "restored from last night"
    """
    holds.hold_mail(db.session, reason=reason, now=clock.now())
    db.session.commit()
    click.echo("Mails are held. Let them go with: tracker mail release")


@mail.command()
@click.option(
    "--drop", is_flag=True, help="do not send what waits: it went out before the backup was restored"
)
@click.option("--send", is_flag=True, help="send what waits")
@with_appcontext
def release(drop: bool, send: bool) -> None:
    """Let held mails go again, once you have looked at what waits.

    Example: tracker mail release --drop
    """
    held = holds.mail_hold(db.session)
    if held is None:
        click.echo("Mails are not held.")
        return
    click.echo(f"Held since {held.since_at:%Y-%m-%d %H:%M}Z: {held.reason}. {held.waiting_count} mails wait.")
    if drop == send:
        raise Refused("Say --send to send what waits, or --drop if it went out before the restore.")
    dropped = holds.release_mail(db.session, drop_waiting=drop, now=clock.now())
    db.session.commit()
    click.echo(f"Mails go out again. {dropped} were dropped; their alerts stay on the pages.")


@mail.command()
@click.argument("address")
@with_appcontext
def test(address: str) -> None:
    """Send a test mail to an address, by the settings as they are.

    Example: tracker mail test kim@clinic.example
    """
    settings: Settings = current_app.extensions["settings"]
    way = delivery_for(settings)
    try:
        way.send(compose(message_id(new_id()), address, TEST, settings=settings, now=clock.now()), to=address)
    except Undelivered as failure:
        raise click.ClickException(f"Not sent: {failure}. See the TRACKER_SMTP settings.") from None
    finally:
        way.close()
    place = settings.smtp_host if settings.has_mail_server else settings.mail_folder
    click.echo(f"Handed over to {place}.")
