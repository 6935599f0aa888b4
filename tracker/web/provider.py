"""The clinic's own sign-in provider, as pages find it, and what the cookie keeps on the way there."""

from importlib import import_module

from flask import Flask, abort, current_app, session, url_for

from tracker import clock
from tracker.db import db
from tracker.models.user import User
from tracker.services import second_factors, single_sign_on, users
from tracker.services.errors import Refused
from tracker.services.openid import IdentityProvider, Prompt, Terms, words_of
from tracker.settings import Settings
from tracker.web import authenticator

EXTENSION = "identity_provider"
TICKET = "ticket"  # the secret of this browser that its exchanges are made of
LINKING = "linking"  # who the person is there, sealed, until the second factor was shown


def init_app(app: Flask) -> None:
    app.extensions[EXTENSION] = provider = made(app.extensions["settings"])
    app.jinja_env.globals["provider_name"] = provider.terms.name if provider else None


def made(settings: Settings) -> IdentityProvider | None:
    """The libraries are loaded only where a provider is set: they are an extra, and take their time."""
    if not settings.oidc_issuer:
        return None
    provider: IdentityProvider = import_module("tracker.services.identity_provider").Provider(
        terms_of(settings)
    )
    return provider


def terms_of(settings: Settings) -> Terms:
    return Terms(
        issuer=settings.oidc_issuer,
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        name=settings.oidc_name.strip(),
        redirect_uri=f"{settings.address}/sign-in/provider/back",
        second_factor=words_of(settings.oidc_second_factor),
        prompt=Prompt(settings.oidc_prompt),
        ca_file=settings.oidc_ca_file,
        plain_http=settings.oidc_issuer.startswith("http://"),
        client_secret_file=settings.oidc_client_secret_file,
    )


def find() -> IdentityProvider | None:
    """The provider, if one is set."""
    found: IdentityProvider | None = current_app.extensions[EXTENSION]
    return found


def needed() -> IdentityProvider:
    """The provider; without one its pages do not exist."""
    found = find()
    if found is None:
        abort(404)
    return found


def ticket() -> str:
    """This browser's, made when it is first needed. Several pages may be on their way at once."""
    held = session.get(TICKET)
    if not isinstance(held, str):
        held = session[TICKET] = single_sign_on.new_ticket()
    return held


def has_link(user: User) -> bool:
    """Whether a person can show themselves at the provider."""
    return find() is not None and single_sign_on.link_of(db.session, user.id) is not None


def passwords_for_all() -> bool:
    settings: Settings = current_app.extensions["settings"]
    return settings.passwords_for_all


def password_counts(user: User) -> bool:
    """Whether this person may sign in with a password, or only at the provider."""
    return passwords_for_all() or single_sign_on.is_administrator(db.session, user)


def password_suffices(user: User) -> bool:
    """Whether a password is one of the ways to show oneself again.

    Not where two factors are asked for and the second was shown at the provider alone.
    """
    if user.password_hash == users.NO_PASSWORD or not password_counts(user):
        return False
    needs_two = second_factors.is_required(db.session, user) and not second_factors.has_any(
        db.session, user.id
    )
    return not (needs_two and has_link(user))


def link_later(issuer: str, subject: str) -> None:
    """Keep who the person is there until their second factor was shown."""
    session[LINKING] = authenticator.seal([issuer, subject])


def link_now(user: User) -> None:
    """The second factor was shown: keep what waited for it. The caller commits, and renews the cookie."""
    held = session.pop(LINKING, None)
    issuer, subject = (*authenticator.unseal(held), "", "")[:2] if held else ("", "")
    if not subject:
        return
    try:
        single_sign_on.connect(db.session, user, issuer, subject, now=clock.now())
    except Refused:  # connected meanwhile, in another browser
        return


def out_url() -> str:
    """Where a session ends that the provider began."""
    return url_for("single_sign_on.out")
