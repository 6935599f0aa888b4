"""No secret lies in the tree: keys, tokens of services, passwords in settings, and what looks like chance.

Vendored files are left out: they are held to their digests. What is allowed is listed with its reason.
"""

import math
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("tracker", "templates", "tests", "migrations", ".ci")
LEFT_OUT = {"vendor", "__pycache__", "node_modules"}
TEXTS = {".py", ".html", ".text", ".subject", ".js", ".css", ".svg", ".md", ".toml", ".txt", ".ini", ".mako"}
TEXTS |= {".json", ".csv", ".yml", ".yaml", ".sh", ".cfg", ".env", ".pem", ".key", ""}
KNOWN = {
    "private key": r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
    "age key": r"AGE-SECRET-KEY-1[A-Z0-9]{50,}",
    "cloud key": r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bAIza[\w-]{35}",
    "token of a service": r"\bgh[pousr]_\w{36}|\bgithub_pat_\w{22,}|\bxox[abprs]-[\w-]{10,}"
    r"|\bsk[-_](?:live_)?\w{20,}",
    "signed token": r"\beyJ[\w-]{10,}\.eyJ[\w-]{10,}",
    "password in an address": r"\b[a-z][a-z+]{2,}://[^/\s:@\"'{}<>]+:[^/\s@\"'{}<>]{3,}@",
}
NAMED = re.compile(
    r"(?:passw(?:or)?d|secret|token|api_?key|credential)\w*[\"']?\s*[:=]\s*[\"']([^\s\"'{}<>()]{12,})[\"']",
    re.I,
)
CHANCE = re.compile(r"[\"'=\s]([A-Za-z0-9+/_-]{32,}={0,2})(?=[\"'\s]|$)", re.MULTILINE)
# (file, the beginning of what was found): why it is no secret.
MADE_UP = "typed for the tests, and opens nothing anywhere"
PUT_HERE = "planted below, to be found"
WORD = "a name in the program"
ALLOWED = {
    ("tests/browser/test_accounts.py", "kim@clinic"): "an address beside a password",
    ("tests/commands/test_encryption_commands.py", "Gq8vN3"): MADE_UP,
    ("tests/commands/test_keys_command.py", "k3Yq8v"): MADE_UP,
    ("tests/commands/test_keys_command.py", "Zt5uB9"): MADE_UP,
    ("tests/security/test_secrets.py", "9f86d0"): PUT_HERE,
    ("tests/security/test_secrets.py", "Tr0ub4"): PUT_HERE,
    ("tests/security/test_secrets.py", "a3bf4f"): PUT_HERE,
    ("tests/security/test_secrets.py", "https://user:word@"): PUT_HERE,
    ("tests/security/test_secrets.py", "eyJhbG"): PUT_HERE,
    ("tests/services/test_app_secrets.py", "k3Yq8v"): MADE_UP,
    ("tests/services/test_app_secrets.py", "Zt5uB9"): MADE_UP,
    ("tests/services/test_passwords.py", "vK2#pq"): MADE_UP,
    ("tests/test_keyring.py", "k3Yq8v"): MADE_UP,
    ("tests/test_keyring.py", "Zt5uB9"): MADE_UP,
    ("tests/test_readiness.py", "nJ2vW8"): MADE_UP,
    ("tests/test_settings.py", "/nowhere/mail"): "a path of a file that is not there",
    ("tests/web/test_second_factor.py", "Zt5uB9"): MADE_UP,
    ("tests/web/test_single_sign_on_attacks.py", "https://user:word@"): MADE_UP,
    ("tests/web/test_single_sign_on_attacks.py", "file:///etc/passwd"): "an attack",
    ("tracker/rules/data/products.json", "01"): "the digest of a public file",
    ("tracker/rules/data/products.json", "3f"): "the digest of a public file",
    ("tracker/rules/data/products.json", "9d"): "the digest of a public file",
    ("tracker/rules/data/products.json", "cf"): "the digest of a public file",
    ("tracker/rules/data/products.json", "d3"): "the digest of a public file",
    ("tracker/rules/data/products.json", "d5"): "the digest of a public file",
    ("tracker/rules/data/products.json", "e7"): "the digest of a public file",
    ("tracker/services/identity_provider.py", "client_secret_post"): WORD,
    ("tracker/services/notices.py", "password_changed"): WORD,
    ("tracker/settings.py", "cyclosporine-demo"): "the demo's password, which production refuses",
}


def files():
    for room in ROOMS:
        yield from (ROOT / room).rglob("*")
    yield from ROOT.glob("*")


def texts():
    """Every file of the tree that a person could have typed a secret into, by its path."""
    for path in sorted(set(files())):
        inside = path.relative_to(ROOT)
        if path.is_file() and not LEFT_OUT & set(inside.parts) and path.suffix in TEXTS:
            yield inside.as_posix(), path.read_text(encoding="utf-8", errors="replace")


def bits(text):
    """Shannon entropy of its letters."""
    return -sum(n / len(text) * math.log2(n / len(text)) for n in Counter(text).values())


def looks_like_chance(text):
    """Letters and digits mixed as no word is; 32 hexadecimal digits of chance have 3.4 bits, base64 4.5."""
    kinds = sum(bool(re.search(kind, text)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    is_hex = re.fullmatch("[0-9a-f]+|[0-9A-F]+", text) is not None
    return (is_hex and bits(text) > 3.2 and not text.isdigit()) or (kinds == 3 and bits(text) > 4.2)


def found_in(text):
    for name, pattern in KNOWN.items():
        yield from ((name, found[0]) for found in re.finditer(pattern, text))
    yield from (("named secret", found[1]) for found in NAMED.finditer(text) if bits(found[1]) > 3.3)
    yield from (("chance", found[1]) for found in CHANCE.finditer(text) if looks_like_chance(found[1]))


def test_no_secret_lies_in_the_tree():
    every = list(texts())
    open_ones = [
        (path, name, text[:12])
        for path, content in every
        for name, text in found_in(content)
        if not any(path == where and text.startswith(start) for where, start in ALLOWED)
    ]

    assert open_ones == []
    assert len(every) > 500


def test_what_is_allowed_is_still_there():
    content = dict(texts())
    gone = [(path, start) for path, start in ALLOWED if start not in content.get(path, "")]

    assert gone == []


# Put together here, so that none stands in this file.
PLANTED = {
    "private key": "-----BEGIN RSA " + "PRIVATE KEY-----",
    "age key": "AGE-SECRET-" + "KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2,
    "cloud key": "AKIA" + "IOSFODNN7EXAMPLE",
    "token of a service": "ghp_" + "a1B2" * 9,
    "signed token": "eyJhbGciOiJIUzI1NiJ9." + "eyJzdWIiOiIxMjM0NTY3ODkwIn0.x",
    "password in an address": "postgresql://tracker:" + "hunter22@db.example/tracker",
    "named secret": 'smtp_password = "' + 'Tr0ub4dor&3-horse"',
    "chance": 'key: "' + "9f86d081884c7d659a2feaa0c55ad015" + 'a3bf4f1b2b0b822cd15d6c15b0f00a08"',
}


@pytest.mark.parametrize("name", PLANTED)
def test_a_planted_secret_is_found(name):
    assert name in {kind for kind, _text in found_in(f"\n{PLANTED[name]}\n")}


@pytest.mark.parametrize(
    "text",
    ['password = "the password of the clinic"', "TRACKER_SMTP_PASSWORD=", 'token = "{{ token }}"']
    + [
        '"test_what_is_allowed_is_still_there_and_more"',
        "postgresql://HOST/DATABASE",
        'secret_key="xxxxxxxxxxxxxx"',
    ],
)
def test_words_are_no_secret(text):
    assert list(found_in(text)) == []
