"""`tracker user`: add people who sign in, change a password, switch an account off."""

import click
from flask.cli import with_appcontext
from sqlalchemy import select

from tracker.db import db
from tracker.models.clinic import Clinic
from tracker.models.user import Role, User
from tracker.services import users


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
    users.set_password(db.session, _known(email), password)
    db.session.commit()
    click.echo("The password is changed.")


@user.command()
@click.argument("email")
@with_appcontext
def off(email: str) -> None:
    """Switch an account off: it can no longer sign in and gets no mail.

    Example: tracker user off kim@clinic.example
    """
    _known(email).active = False
    db.session.commit()
    click.echo("The account is off.")


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
        click.echo(f"{person.email}  {person.name}  {clinic_name}  {person.role.value}{state}")


def _known(email: str) -> User:
    found = db.session.scalar(select(User).where(User.email == email.strip().lower()))
    if found is None:
        raise click.ClickException(f"Nobody signs in as {email}. See: tracker user list")
    return found
