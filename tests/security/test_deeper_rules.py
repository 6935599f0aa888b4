"""What ASVS level 3 asks of the code itself: patterns, scripts, locks, cryptography, figures of the guide."""

import ast
import importlib
import pkgutil
import re
import signal
import threading
from contextlib import contextmanager
from pathlib import Path

import pytest

import tracker
from tracker.antivirus import SECONDS as CLAMD_SECONDS
from tracker.db import BUSY_SECONDS, engine_options
from tracker.formats.papers import LARGEST, MOST_PIXELS
from tracker.jobs.delivery import WHOLE_SEND_SECONDS
from tracker.jobs.ping import SECONDS as PING_SECONDS
from tracker.services import openid_http, tidying, unusual_sign_in, upload_quota, users
from tracker.services.outbox import WAIT_MINUTES
from tracker.services.pace import Buckets, Pace, TooFast

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = sorted((ROOT / "tracker").rglob("*.py"))
SCRIPTS = sorted((ROOT / "tracker" / "static").glob("*.js"))
GUIDE = (ROOT / "tracker" / "SECURITY.md").read_text(encoding="utf-8")


def trees():
    for path in PROGRAM:
        yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text(encoding="utf-8"))


# --------------------------------------------------------------------------------------------- patterns

LETTERS = [
    "a",
    "0",
    " ",
    "-",
    "(",
    "\\",
    "/",
    ".",
    ",",
    "aA",
    "a0",
    "a ",
    "0-",
    "/A ",
    "a@",
    "a.",
    "0,0",
    "<",
    '"',
]


def patterns():
    """Every pattern that a module of the program keeps, once."""
    for module in pkgutil.walk_packages(tracker.__path__, "tracker."):
        if "sso" not in module.name:
            importlib.import_module(module.name)
        for name, value in vars(importlib.import_module(module.name)).items():
            if isinstance(value, re.Pattern):
                yield f"{module.name}:{name}", value


@contextmanager
def ended_after(seconds):
    """A search looks for signals while it goes on, so that this one ends it."""

    def end(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def test_no_pattern_takes_long_on_any_text():
    """ReDoS: a thousand letters, asked from each on, take a thousand times a thousand steps, and not more."""
    slow, count = [], 0
    for name, pattern in patterns():
        count += 1
        for letters in LETTERS:
            text = (letters * 1_000)[:1_000] + "\x01"
            try:
                with ended_after(1):
                    pattern.search(text if isinstance(pattern.pattern, str) else text.encode())
            except TimeoutError:
                slow.append((name, letters))

    assert slow == []
    assert count > 30


def test_a_pattern_that_squares_its_text_twice_is_noticed():
    with pytest.raises(TimeoutError), ended_after(0.2):
        re.search(r"(.+?) *(?:caps?|capsules?|tabs?|days?)\.?", " " * 1_000 + "x")


# ---------------------------------------------------------------------------------------------- scripts


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_a_script_leaves_no_name_behind_and_trusts_none(path):
    """DOM clobbering: each script is a function of its own, strict, that declares every name and sets none on
    `window` or `document`; what has an id is asked for by it, never found as a name."""
    text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL).strip()

    assert re.match(r"\(function \(\) \{\s*\"use strict\";", text)
    assert text.endswith("})();")
    assert re.findall(r"\b(?:window|document|self|globalThis)\.\w+\s*=(?!=)", text) in (
        [],
        ["document.title ="],
    )
    assert re.findall(r"\bdocument\.(?:forms|images|embeds|all)\b|\bwindow\[", text) == []


def test_no_answer_is_a_script_made_for_its_asker():
    """Neither JSONP nor a script made of data: no template and no view answers with one."""
    made = [path.name for path in (ROOT / "templates").rglob("*.js*")]
    text = "\n".join(path.read_text(encoding="utf-8") for path in PROGRAM)

    assert made == []
    assert re.findall(r"[\"'](?:text|application)/(?:x-)?javascript", text) == []
    assert re.findall(r"args(?:\.get\(|\[)[\"'](?:callback|jsonp)[\"']", text) == []


# ------------------------------------------------------------------------------------------------ locks

KINDS = {"Lock", "RLock", "Semaphore", "BoundedSemaphore", "Condition"}


def locks():
    """(file, name) of each lock that the program makes."""
    for path, tree in trees():
        for node in ast.walk(tree):
            made = node.value if isinstance(node, ast.Assign) else None
            if isinstance(made, ast.Call) and getattr(made.func, "attr", "") in KINDS:
                yield path, ast.unparse(node.targets[0])


def test_every_lock_is_held_by_its_own_module_alone():
    """Its name begins with an underscore, and no other module names it."""
    found = list(locks())
    text = {path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8") for path in PROGRAM}

    assert {name.removeprefix("self.")[0] for _path, name in found} == {"_"}
    shared = [name for path, name in found for other in text if other != path and f".{name}" in text[other]]
    assert [name for name in shared if not name.startswith("self.")] == []
    assert len(found) >= 5


def test_nobody_waits_for_a_lock_without_end():
    """Held with `with` around what does no waiting of its own, or asked for with an end."""
    endless = [
        (path, ast.unparse(node))
        for path, tree in trees()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", "") == "acquire"
        and not {"timeout", "blocking"} & {each.arg for each in node.keywords}
    ]

    assert endless == []


def test_no_lock_is_asked_for_while_another_is_held():
    """So that no two threads can wait for each other."""
    names = {name.removeprefix("self.") for _path, name in locks()}
    nested = []
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.With) and any(_is_lock(item.context_expr, names) for item in node.items):
                inside = [each for part in node.body for each in ast.walk(part)]
                nested += [
                    (path, node.lineno)
                    for each in inside
                    if isinstance(each, ast.expr) and _is_lock(each, names)
                ]

    assert nested == []


def _is_lock(node, names):
    return (isinstance(node, ast.Attribute) and node.attr in names) or (
        isinstance(node, ast.Name) and node.id in names
    )


def test_threads_that_count_together_lose_no_call():
    buckets, pace, passed = Buckets(), Pace("calls", burst=200, a_second=0.001), []

    def call():
        for _ in range(100):
            try:
                buckets.take(pace, "ana", now=0.0)
            except TooFast:
                continue
            passed.append(1)

    threads = [threading.Thread(target=call) for _ in range(8)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()

    assert len(passed) == 200


# ----------------------------------------------------------------------------------------- cryptography

MODULES = {"hashlib", "hmac", "secrets", "ssl", "argon2", "cryptography", "passlib", "pyrage", "webauthn"}
MODULES |= {"joserfc", "authlib", "itsdangerous", "sqlcipher3", "flask_security", "Crypto", "nacl"}


def test_the_guide_names_every_place_of_cryptography():
    """Found by what is imported: a new place is a new word in the guide, and one that is gone leaves it."""
    uses = {}
    for path, tree in trees():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found = {alias.name.partition(".")[0] for alias in node.names}
            else:
                found = {(getattr(node, "module", "") or "").partition(".")[0]}
            for name in found & MODULES if isinstance(node, ast.Import | ast.ImportFrom) else ():
                uses.setdefault(name, set()).add(path.removeprefix("tracker/").removesuffix(".py"))
    told = {
        name: set(re.findall(r"[\w/]+", places))
        for name, places in re.findall(r"^\| `(\w+)` \| [^|]+ \| `([^|]+)` \|$", GUIDE, re.MULTILINE)
    }

    assert told == uses


# ------------------------------------------------------------------------------- the figures of the guide

POSTGRES = engine_options("postgresql+psycopg://h/d")
FIGURES = [
    (upload_quota.MOST_DOCUMENTS, f"{upload_quota.MOST_DOCUMENTS:,} documents"),
    (upload_quota.MOST_BYTES, f"{upload_quota.MOST_BYTES // 10**9} GB in 30 days"),
    (upload_quota.MOST_WAITING, f"{upload_quota.MOST_WAITING} imports that wait"),
    (LARGEST, f"{LARGEST // 1024**2} MB, {MOST_PIXELS // 10**6} million dots"),
    (unusual_sign_in.MANY, f"after {unusual_sign_in.MANY} or more wrong tries"),
    (unusual_sign_in.KNOWN_FOR, f"not for {unusual_sign_in.KNOWN_FOR.days} days"),
    (tidying.IMPORTS_WAIT, f"{tidying.IMPORTS_WAIT.days} days, then discarded"),
    (tidying.LINKS_STAY, f"{tidying.LINKS_STAY.days} days after their end"),
    (POSTGRES, f"pool of 5, 10 more at need; {POSTGRES['pool_timeout']} s for one of them"),
    (BUSY_SECONDS, f"{BUSY_SECONDS} s for whoever writes"),
    (WHOLE_SEND_SECONDS, f"{WHOLE_SEND_SECONDS:.0f} s for one mail"),
    (WAIT_MINUTES, "after {}, {}, {}, {}, {}, then each {} minutes for a day".format(*WAIT_MINUTES)),
    (PING_SECONDS, f"{PING_SECONDS:.0f} s, no second try"),
    (CLAMD_SECONDS, f"{CLAMD_SECONDS:.0f} s, no second try"),
    (
        openid_http.CALLS_AT_ONCE,
        f"{openid_http.CALLS_AT_ONCE}, the next waits {openid_http.WAIT_SECONDS:.0f} s",
    ),
    (openid_http.ALL_SECONDS, f"{openid_http.ALL_SECONDS:.0f} s, no second try"),
    (users.HASHES_AT_ONCE, "two at a time, 503 after 5 seconds"),
]


@pytest.mark.parametrize("said", [said for _figure, said in FIGURES])
def test_the_guide_says_the_figures_of_the_code(said):
    assert said in GUIDE
