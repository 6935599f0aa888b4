"""What must stand nowhere in the program, its pages and its scripts."""

import ast
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = sorted((ROOT / "tracker").rglob("*.py"))
PAGES = sorted(path for path in (ROOT / "templates").rglob("*.html") if "email" not in path.parts)
SCRIPTS = sorted((ROOT / "tracker" / "static").glob("*.js"))
# Each runs or rebuilds what someone else wrote, or a program of the system.
NEVER_IMPORTED = {
    *("pickle", "marshal", "shelve", "dill", "yaml", "subprocess", "pty", "ctypes", "xml", "lxml", "code"),
    *("ldap3", "pymemcache", "httpx", "telnetlib", "ftplib", "imaplib"),
}
NEVER_CALLED = {"eval", "exec", "compile", "__import__", "system", "popen", "from_string", "execv"}


def imported(tree):
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").split(".")[0]


def called(tree):
    """Names of what is called; `re.compile` is no `compile`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name):
                yield node.func.id
            elif isinstance(node.func, ast.Attribute) and node.func.attr != "compile":
                yield node.func.attr


def test_no_text_becomes_a_program():
    found = []
    for path in PROGRAM:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        found += [(path.name, name) for name in imported(tree) if name in NEVER_IMPORTED]
        found += [(path.name, name) for name in called(tree) if name in NEVER_CALLED]

    assert found == []
    assert len(PROGRAM) > 200


def test_only_the_ping_fetches_and_only_the_mailer_connects():
    users = {
        path.relative_to(ROOT).as_posix(): set(imported(ast.parse(path.read_text(encoding="utf-8"))))
        for path in PROGRAM
    }
    text = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PROGRAM}

    assert [name for name, code in text.items() if "urllib.request" in code] == ["tracker/jobs/ping.py"]
    assert {name.split("/")[1] for name, names in users.items() if "smtplib" in names} == {"jobs"}
    openers = {name for name, code in text.items() if "socket.socket(" in code or "create_connection" in code}
    assert openers == {"tracker/antivirus.py", "tracker/jobs/smtp_line.py"}
    assert [name for name, names in users.items() if "http" in names or "aiohttp" in names] == []
    assert sorted(name for name, names in users.items() if names & {"requests", "urllib3", "authlib"}) == [
        "tracker/services/identity_provider.py",
        "tracker/services/openid_http.py",
        "tracker/services/openid_token.py",  # claims only
    ]


@pytest.mark.parametrize(
    "pattern",
    [
        r"\|\s*safe\b",
        r"autoescape\s+false",
        r"\son\w+\s*=\s*[\"']",
        r"<script(?![^>]*\ssrc=)[^>]*>",
        r"<style\b",
        r"\sstyle\s*=",
        r"href=[\"']\s*javascript:",
        r"src=[\"']https?:",
    ],
)
def test_no_page_holds_what_the_policy_forbids(pattern):
    found = [path.name for path in PAGES if re.search(pattern, path.read_text(encoding="utf-8"), re.I)]

    assert found == []
    assert len(PAGES) > 50


@pytest.mark.parametrize(
    "word",
    ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "new Function", "postMessage"]
    + ["localStorage", "sessionStorage", "indexedDB", "document.cookie", "__proto__"],
)
def test_no_script_writes_markup_or_keeps_data(word):
    assert [path.name for path in SCRIPTS if word in path.read_text(encoding="utf-8")] == []
    assert len(SCRIPTS) >= 2


def test_every_exception_for_the_search_says_why():
    bare = []
    for path in PROGRAM:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
            if "nosec" in line and not re.search(r"# nosec B\d{3} # \w+ \w+", line):
                bare.append(f"{path.name}:{number}")

    assert bare == []


def test_chance_comes_from_the_system():
    """`random` makes the demo's patients, and nothing else."""
    users = [path.name for path in PROGRAM if "random" in set(imported(ast.parse(path.read_text("utf-8"))))]

    assert users == ["demo.py"]


def test_no_secret_stands_in_the_code():
    long_secret = re.compile(
        r"[\"'](?:AGE-SECRET-KEY-1\w+|-----BEGIN[^\"']*|[A-Za-z0-9+/_-]{40,}={0,2})[\"']"
    )
    found = [
        (path.name, text)
        for path in PROGRAM
        for text in long_secret.findall(path.read_text(encoding="utf-8"))
        if len(set(text)) > 20 and not text.strip("\"'").isalpha() and "/" not in text
    ]

    assert found == []


def test_every_package_is_pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").split()
    pinned = {line.partition("==")[0].casefold().replace("_", "-") for line in lines}
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {
        re.split(r"[\[<>=~!]", each)[0].strip().casefold()
        for group in (project["dependencies"], project["optional-dependencies"]["test"])
        for each in group
    }

    assert all("==" in line for line in lines)
    assert sorted(wanted - pinned) == []


def test_no_test_is_packaged():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

    assert project["tool"]["setuptools"]["packages"]["find"]["include"] == ["tracker*"]
    assert project["tool"]["setuptools"]["py-modules"] == ["app"]
