"""`tracker user`: add people who sign in, change a password, switch an account off, open it again."""

from datetime import date, datetime

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker import clock
from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.user import Role, User
from tracker.services import handover, notices, people, second_factors, users
from tracker.services.actor import COMMAND


@click.group()
def user() -> None:
    """People who sign in.

    Example: tracker user add kim@clinic.example --name "Kim Tran" --clinic "Renal clinic"
    """


@user.command()
@click.argument("email")
@click.option("--name", required=True, help="as colleagues know them")
@click.option("--clinic", "clinic_name", required=True, help="name of the clinic; made if it does not exist")
@click.option("--time-zone", default="America/Chicago", show_default=True, help="of a new clinic")
@click.option("--role", type=click.Choice([role.value for role in Role]), default=Role.COORDINATOR.value)
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="15 characters or more"
)
@with_appcontext
def add(email: str, name: str, clinic_name: str, time_zone: str, role: str, password: str) -> None:
    """Add a person to a clinic.

    Example: tracker user add kim@clinic.example --name "Kim Tran" --clinic "Renal clinic" --role lead
    """
    clinic = db.session.scalar(select(Clinic).where(Clinic.name == clinic_name))
    if clinic is None:
        clinic = Clinic(name=clinic_name, time_zone=users.known_zone(time_zone))
        db.session.add(clinic)
        db.session.flush()
    users.add_user(
        db.session, clinic_id=clinic.id, email=email, name=name, password=password, role=Role(role)
    )
    db.session.commit()
    click.echo(f"{name} can sign in as {email.lower()}.")


@user.command()
@click.argument("email")
@click.option(
    "--password", prompt=True, hide_input=True, confirmation_prompt=True, help="15 characters or more"
)
@with_appcontext
def password(email: str, password: str) -> None:
    """Give a person a new password.

    Example: tracker user password kim@clinic.example
    """
    person = _known(email)
    users.set_password(db.session, person, password)
    notices.tell(db.session, person, notices.Notice.PASSWORD_CHANGED, now=clock.now())
    db.session.commit()
    click.echo("The password is changed. The person is told by mail.")


@user.command()
@click.argument("email")
@with_appcontext
def off(email: str) -> None:
    """Switch an account off: it can no longer sign in and gets no mail.

    Its patients and alerts go to the backup, else to the clinic lead; they are listed.

    Example: tracker user off kim@clinic.example
    """
    handed = handover.switch_off(db.session, _known(email), actor=COMMAND, now=clock.now())
    db.session.commit()
    click.echo("The account is off.")
    to = handed.to.name if handed.to else "nobody: they are unowned"
    click.echo(f"{len(handed.patient_ids)} patients and {len(handed.alert_ids)} alerts went to {to}.")
    for what, ids in (("patient", handed.patient_ids), ("alert", handed.alert_ids)):
        for row_id in ids:
            click.echo(f"{what} {row_id}")


@user.command()
@click.argument("email")
@click.option("--from", "first", type=click.DateTime(["%Y-%m-%d"]), help="first day away")
@click.option(
    "--to", "last", type=click.DateTime(["%Y-%m-%d"]), help="last day away; none: until further notice"
)
@click.option("--backup", "backup_email", help="address of who stands in")
@with_appcontext
def away(email: str, first: datetime | None, last: datetime | None, backup_email: str | None) -> None:
    """Say when a person is away and who stands in; without days they are back.

    Example: tracker user away kim@clinic.example --from 2026-12-01 --backup ben@clinic.example
    """
    person = _known(email)
    backup = _known(backup_email) if backup_email else None
    now = clock.now()
    days = first.date() if first else None, last.date() if last else None
    handover.set_away(db.session, person, first=days[0], last=days[1], backup=backup, actor=COMMAND, now=now)
    db.session.commit()
    standing_in = handover.successor(db.session, person, now=now)
    click.echo(f"Away: {_span(*days)}. Stands in: {standing_in.name if standing_in else 'nobody'}.")


def _span(first: date | None, last: date | None) -> str:
    if first is None:
        return "no"
    return f"{first.isoformat()} to {last.isoformat() if last else 'further notice'}"


@user.command()
@click.argument("email")
@with_appcontext
def on(email: str) -> None:
    """Switch an account on again.

    Example: tracker user on kim@clinic.example
    """
    users.switch(db.session, _known(email), active=True)
    db.session.commit()
    click.echo("The account is on.")


@user.command()
@click.argument("email")
@with_appcontext
def unlock(email: str) -> None:
    """Open a sign-in that too many wrong tries have locked.

    Example: tracker user unlock kim@clinic.example
    """
    person = _known(email)
    was = people.is_locked(db.session, person, now=clock.now())
    people.open_sign_in(db.session, person)
    db.session.commit()
    click.echo("The sign-in is open again." if was else "The sign-in was not locked; its count is wiped.")


@user.command("forget-second-factor")
@click.argument("email")
@with_appcontext
def forget_second_factor(email: str) -> None:
    """Forget a person's app, passkeys and recovery codes, as after a lost telephone.

    Example: tracker user forget-second-factor kim@clinic.example
    """
    person = _known(email)
    second_factors.forget_all(db.session, person.id)
    notices.tell(db.session, person, notices.Notice.FACTORS_CHANGED, now=clock.now())
    db.session.commit()
    click.echo("The second factor is forgotten. If the clinic asks for one, the next sign-in sets it up.")


@user.command("list")
@with_appcontext
def list_users() -> None:
    """List the people with their clinic and role.

    Example: tracker user list
    """
    rows = db.session.execute(
        select(User, Clinic.name).join(Clinic, Clinic.id == User.clinic_id).order_by(Clinic.name, User.email)
    )
    for person, clinic_name in rows:
        state = "" if person.active else ", off"
        if people.is_locked(db.session, person, now=clock.now()):
            state += ", locked"
        click.echo(f"{person.email}  {person.name}  {clinic_name}  {person.role.value}{state}")


def _known(email: str) -> User:
    found = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None:
        raise click.ClickException(f"Nobody signs in as {email}. See: tracker user list")
    return found
