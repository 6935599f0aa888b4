"""What holds for every request and every answer: hosts, origins, sizes, headers, cookies, the CSRF guard."""

import hashlib
from urllib.parse import urlsplit

from flask import Flask, Response, abort, current_app, request
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFError, CSRFProtect

from tracker.services import web_sessions
from tracker.settings import Settings
from tracker.web.permissions import SAFE_METHODS

csrf = CSRFProtect()

# `report-to` would reach us over https alone and minutes later; every browser still knows this one.
REPORTS = "report-uri /policy-reports"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "object-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        REPORTS,
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
SESSION_SECONDS = int(web_sessions.LONGEST.total_seconds())
ONE_YEAR = 365 * 24 * 3600
OWN_SITES = {"same-origin", "none"}  # none: typed, bookmarked, or a reload
SERVED = (".css", ".js", ".svg", ".woff2")
MOST_FIELDS = 2000
LONGEST_FIELD = 100_000
LONGEST_ADDRESS = 4000


class Cookies(SecureCookieSessionInterface):
    """Flask's cookies, signed with HMAC-SHA-256 in place of SHA-1."""

    digest_method = staticmethod(hashlib.sha256)


def init_app(app: Flask) -> None:
    app.session_interface = Cookies()
    settings: Settings = app.extensions["settings"]
    secure = settings.address.startswith("https://")
    app.config.update(
        SESSION_COOKIE_SECURE=secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_NAME="__Host-tracker" if secure else "tracker",
        PERMANENT_SESSION_LIFETIME=SESSION_SECONDS,
        # Else every answer sets the cookie again, also static files, which shared caches may keep.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=SESSION_SECONDS,
        # Over https it would ask for a referrer, which our own Referrer-Policy leaves out. The token decides.
        WTF_CSRF_SSL_STRICT=False,
        SEND_FILE_MAX_AGE_DEFAULT=ONE_YEAR,
        MAX_FORM_PARTS=MOST_FIELDS,
        # No page answers another site, so that none has anything to say before it is asked.
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.before_request(_refuse_options)
    app.before_request(_refuse_other_files)
    app.before_request(_refuse_foreign_hosts)
    app.before_request(_refuse_hostile_addresses)
    app.before_request(_refuse_foreign_origins)
    csrf.init_app(app)
    app.before_request(_refuse_endless_fields)

    @app.after_request
    def protect(response: Response) -> Response:
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        if secure:
            response.headers["Strict-Transport-Security"] = f"max-age={ONE_YEAR}; includeSubDomains"
        if request.endpoint != "static" or response.status_code >= 400:
            response.headers["Cache-Control"] = "no-store"
        return response


def _refuse_options() -> None:
    """Static files, whose route Flask makes before it is told."""
    if request.method == "OPTIONS":
        abort(405)


def _refuse_other_files() -> None:
    """Notes and lists that lie beside the files of the pages."""
    name = (request.view_args or {}).get("filename", "")
    if request.endpoint == "static" and not name.endswith(SERVED):
        abort(404)


def _refuse_foreign_hosts() -> None:
    """A page fetched under a foreign name would carry that name in its links, and maybe into a cache."""
    settings: Settings = current_app.extensions["settings"]
    names = settings.host_names
    try:
        name = urlsplit(f"//{request.environ.get('HTTP_HOST', '')}").hostname
    except ValueError:
        name = None
    if names and name not in names:
        abort(400)


def _refuse_hostile_addresses() -> None:
    """No page needs a NUL or half a character in its address, nor an endless one."""
    if len(request.full_path) > LONGEST_ADDRESS:
        abort(414)
    if any(letter == "\0" or "\ud800" <= letter <= "\udfff" for letter in request.full_path):
        abort(400)


def _refuse_foreign_origins() -> None:
    """A form sent from another site, whatever token it holds.

    Browsers send `Origin: null` with our own forms, since our pages ask them to name no referrer.
    """
    if request.method in SAFE_METHODS:
        return
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None and site not in OWN_SITES:
        raise CSRFError("sent from another site")
    origin = request.headers.get("Origin")
    if origin not in (None, "null") and origin not in _own_origins():
        raise CSRFError("sent from another site")


def _own_origins() -> set[str]:
    settings: Settings = current_app.extensions["settings"]
    public = urlsplit(settings.address)
    own = {f"{public.scheme}://{public.netloc}"}
    return own if settings.public_url else own | {request.host_url.rstrip("/")}


def _refuse_endless_fields() -> None:
    """Longer than anything a person types. Files have their own limit."""
    if request.method in SAFE_METHODS:
        return
    if any(len(value) > LONGEST_FIELD for values in request.form.listvalues() for value in values):
        abort(413)
