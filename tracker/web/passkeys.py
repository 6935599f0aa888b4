"""Passkeys (WebAuthn): what the browser is asked, and whether its answer is good.

Where we stand (the relying party) comes from the configured address, never from what a request says.
"""

import json
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import current_app
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from tracker import clock
from tracker.db import db
from tracker.models.second_factor import Passkey
from tracker.models.user import User
from tracker.models.web_session import WebSession
from tracker.services import second_factors, web_sessions
from tracker.services.errors import Refused
from tracker.settings import Settings

NAME = "PA tracker"
LONGEST_ANSWER = 20_000
WRONG = "The passkey was not accepted. Try again, or type a code."
BROKEN = (WebAuthnException, ValueError, TypeError, KeyError, RecursionError)


def are_possible() -> bool:
    """Browsers offer passkeys for names, not for bare network addresses."""
    try:
        ip_address(_site())
    except ValueError:
        return True
    return False


def question(row: WebSession, user: User) -> str | None:
    """What the browser must ask a key of this person, as JSON; None if they have none."""
    keys = db.session.execute(second_factors.passkeys_of(user.id)).scalars().all()
    if not keys or not are_possible():
        return None
    options = generate_authentication_options(
        rp_id=_site(),
        challenge=base64url_to_bytes(row.challenge),
        allow_credentials=_described(keys),
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return options_to_json(options)


def is_theirs(answer: str, row: WebSession, user: User) -> bool:
    """Whether a key of this person signed what was asked, now and for this site."""
    challenge = web_sessions.take_challenge(db.session, row)
    try:
        credential = _read(answer)
        key = second_factors.passkey_by_credential(db.session, user.id, str(credential["id"]))
        if key is None:
            return False
        done = verify_authentication_response(
            credential=credential,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_site(),
            expected_origin=_origin(),
            credential_public_key=key.public_key,
            credential_current_sign_count=key.sign_count,
        )
    except BROKEN:
        return False
    key.sign_count, key.used_at = done.new_sign_count, clock.now()
    db.session.flush()
    return True


def invitation(row: WebSession, user: User) -> str:
    """What the browser must ask a new key, as JSON."""
    keys = db.session.execute(second_factors.passkeys_of(user.id)).scalars().all()
    options = generate_registration_options(
        rp_id=_site(),
        rp_name=NAME,
        user_id=user.id.encode(),
        user_name=user.email,
        user_display_name=user.name,
        challenge=base64url_to_bytes(row.challenge),
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.DISCOURAGED,
            user_verification=UserVerificationRequirement.PREFERRED,
        ),
        exclude_credentials=_described(keys),
    )
    return options_to_json(options)


def add(answer: str, name: str, row: WebSession, user: User) -> Passkey:
    """Keep a new key that answered. Raises Refused if it did not answer rightly."""
    challenge = web_sessions.take_challenge(db.session, row)
    try:
        done = verify_registration_response(
            credential=_read(answer),
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=_site(),
            expected_origin=_origin(),
        )
    except BROKEN:
        raise Refused("The passkey was not accepted. Try again.") from None
    return second_factors.add_passkey(
        db.session,
        user.id,
        name=name,
        credential_id=bytes_to_base64url(done.credential_id),
        public_key=done.credential_public_key,
        sign_count=done.sign_count,
        now=clock.now(),
    )


def _read(answer: str) -> dict[str, Any]:
    found = json.loads(answer)
    if not isinstance(found, dict):
        raise TypeError
    return found


def _described(keys: Any) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=base64url_to_bytes(key.credential_id)) for key in keys]


def _origin() -> str:
    settings: Settings = current_app.extensions["settings"]
    parts = urlsplit(settings.address)
    return f"{parts.scheme}://{parts.netloc}"


def _site() -> str:
    return urlsplit(_origin()).hostname or ""
