"""A whole OpenID provider in a process of its own: Django OAuth Toolkit with a login page and one person.

    python real_provider.py PORT FOLDER REDIRECT_URI AFTER_LOGOUT_URI

Prints "ready" when it answers. It shares no code with the program that is tested.
"""

import sys
from pathlib import Path

import django
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from django.conf import settings
from django.core.management import call_command
from django.core.wsgi import get_wsgi_application
from waitress.server import create_server

PERSON, PASSWORD = "ana", "another horse battery staple"
EMAIL = "ana@clinic.example"
CLIENT, SECRET = "tracker", "a secret of the client, long enough"
LOGIN = """<!doctype html><title>Clinic ID</title><h1>Clinic ID</h1>
<form method="post">{% csrf_token %}{{ form.as_p }}<input type="hidden" name="next" value="{{ next }}">
<button>Log in</button></form>"""
END = """<!doctype html><title>Clinic ID</title><h1>Log out of Clinic ID?</h1>
<form method="post">{% csrf_token %}{% for field in form %}{% if field.is_hidden %}{{ field }}{% endif %}
{% endfor %}<button name="allow" value="yes">Log out</button></form>"""


def configure(folder: Path, port: int) -> None:
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pages = {"registration/login.html": LOGIN, "oauth2_provider/logout_confirm.html": END}
    loaders = [
        ("django.template.loaders.locmem.Loader", pages),
        "django.template.loaders.app_directories.Loader",
    ]
    settings.configure(
        SECRET_KEY="only of the tests",
        ALLOWED_HOSTS=["localhost"],
        ROOT_URLCONF="real_provider_urls",
        USE_TZ=True,
        DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIGRATION_MODULES=dict.fromkeys(("auth", "contenttypes", "sessions", "oauth2_provider")),
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.middleware.csrf.CsrfViewMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "provider.db"}},
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": loaders,
                    "context_processors": ["django.template.context_processors.request"],
                },
            }
        ],
        PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"],
        LOGIN_URL="/login/",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": key.decode(),
            "OIDC_ISS_ENDPOINT": f"http://localhost:{port}/o",
            "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
            "PKCE_REQUIRED": True,
            "SCOPES": {"openid": "who you are", "email": "your address"},
            "OAUTH2_VALIDATOR_CLASS": "real_provider_urls.Validator",
            "ALLOWED_REDIRECT_URI_SCHEMES": ["http"],
        },
    )


def fill(redirect_uri: str, after_logout: str) -> None:
    from django.contrib.auth.models import User  # noqa: PLC0415 - these need the settings above
    from oauth2_provider.models import Application  # noqa: PLC0415

    User.objects.create_user(PERSON, EMAIL, PASSWORD)
    Application.objects.create(
        name="PA tracker",
        client_id=CLIENT,
        client_secret=SECRET,
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=redirect_uri,
        post_logout_redirect_uris=after_logout,
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )


def main(port: int, folder: Path, redirect_uri: str, after_logout: str) -> None:
    sys.path.insert(0, str(Path(__file__).parent))
    configure(folder, port)
    django.setup()
    call_command("migrate", run_syncdb=True, verbosity=0)
    fill(redirect_uri, after_logout)
    server = create_server(get_wsgi_application(), host="127.0.0.1", port=port, threads=2)
    print("ready", flush=True)
    server.run()


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4])
