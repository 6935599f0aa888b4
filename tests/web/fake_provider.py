"""A sign-in provider in this process that can be told to lie, and a browser's steps through it."""

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, parse_qsl, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

CLIENT, SECRET = "tracker", "a secret of the client, long enough"
BACK = "/sign-in/provider/back"


@cache
def key(name):
    return RSAKey.generate_key(2048, {"kid": name, "use": "sig", "alg": "RS256"})


class FakeProvider:
    """Answers what is true, unless a test put something else into `says` (by path), `header` or `signer`."""

    def __init__(self):
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                provider._answer(self, {})

            def do_POST(self):
                length = int(self.headers.get("Content-Length", 0))
                provider._answer(self, dict(parse_qsl(self.rfile.read(length).decode())))

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.issuer = f"http://127.0.0.1:{self.server.server_port}"
        self.reset()
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True)
        self.thread.start()

    def reset(self):
        self.codes, self.says, self.asked = {}, {}, []
        self.signer, self.published, self.header, self.description = key("one"), [key("one")], {}, {}

    def close(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(5)

    # ------------------------------------------------------------------------------------------ what it says

    def _described(self):
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "userinfo_endpoint": f"{self.issuer}/me",
            "end_session_endpoint": f"{self.issuer}/end?from=here",
            "authorization_response_iss_parameter_supported": True,
            **self.description,
        }

    def _answer(self, request, form):
        path = urlsplit(request.path).path
        self.asked.append(path)
        say = self.says.get(path)
        if callable(say):
            say(request)
            return
        body = {
            "/.well-known/openid-configuration": self._described,
            "/keys": lambda: {"keys": [each.as_dict(private=False) for each in self.published]},
            "/token": lambda: self._redeem(form, request.headers.get("Authorization", "")),
            "/me": dict,
        }[path]()
        reply(request, json.dumps(body if say is None else say), 400 if "error" in body else 200)

    def _redeem(self, form, basic):
        found = self.codes.pop(form.get("code"), None)
        shown = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        good = found and basic == f"Basic {shown}" and found[0]["code_challenge"] == challenge
        if not good or found[0]["redirect_uri"] != form.get("redirect_uri"):
            return {"error": "invalid_grant"}
        return {"id_token": self.token(found[1]), "access_token": "opaque", "token_type": "Bearer"}

    def token(self, claims):
        header = {"alg": "RS256", "kid": "one", **self.header}
        if header["alg"] == "none":
            parts = (json.dumps(part).encode() for part in (header, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        return jwt.encode(header, claims, self.signer, algorithms=[header["alg"]])

    def logout_token(self, header=None, **claims):
        """Its word that someone is signed out. A claim of None is left out."""
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 120,
            "jti": secrets.token_urlsafe(16),
            "events": {"http://schemas.openid.net/event/backchannel-logout": {}},
            "sub": "s-ana",
        }
        told = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        before, self.header = self.header, {"typ": "logout+jwt", **self.header, **(header or {})}
        try:
            return self.token(told)
        finally:
            self.header = before

    # ---------------------------------------------------------------------------------------- what people do

    def grant(self, address, **claims):
        """Someone signs in there: the words that bring the browser back. A claim of None is left out."""
        asked = {name: each[0] for name, each in parse_qs(urlsplit(address).query).items()}
        now = int(time.time())
        usual = {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": "s-ana",
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "email": "ana@clinic.example",
            "email_verified": True,
        }
        code = secrets.token_urlsafe(16)
        told = {name: value for name, value in {**usual, **claims}.items() if value is not None}
        self.codes[code] = asked, told
        return {"code": code, "state": asked["state"], "iss": self.issuer}


def unbound(name):
    """The same key, not bound to an algorithm."""
    return RSAKey.import_key(
        {word: value for word, value in key(name).as_dict(private=True).items() if word != "alg"}
    )


def reply(request, body, status=200, **headers):
    request.send_response(status)
    for name, value in {"Content-Type": "application/json", **headers}.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(body if isinstance(body, bytes) else body.encode())


@contextmanager
def running():
    provider = FakeProvider()
    try:
        yield provider
    finally:
        provider.close()


def public_pem_as_secret():
    """The published key, misused as the secret of an HMAC."""
    return OctKey.import_key(base64.urlsafe_b64encode(key("one").as_pem(private=False)).decode())


def away(client, path="/sign-in/provider"):
    """Press the button; where the page that follows leads."""
    answer = client.post(path)
    assert answer.location == "/sign-in/provider/go", answer.location
    page = client.get(answer.location)
    assert page.status_code == 200
    return page.headers["Refresh"].removeprefix("0; url=")


def come(client, provider, path="/sign-in/provider", **claims):
    """There and back."""
    return client.get(BACK, query_string=provider.grant(away(client, path), **claims))


def why(client, answer):
    """The heading of the page that a refusal leads to."""
    assert answer.location == "/sign-in/provider/refused", answer.location
    page = client.get(answer.location)
    assert page.status_code == 200
    return page.text.split("<h1")[1].split(">", 1)[1].split("</h1>")[0]


def used(settings, fake, **more):
    """The settings of a clinic whose people sign in at this provider."""
    given = {"oidc_issuer": fake.issuer, "oidc_client_id": CLIENT, "oidc_client_secret": SECRET}
    return settings.model_copy(update={**given, "oidc_name": "Clinic ID", **more})


def at(seconds):
    """A time in a token, so many seconds from now."""
    return int(time.time()) + seconds
