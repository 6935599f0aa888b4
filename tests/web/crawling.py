"""Every address of the site, with the ids of a clinic's records put in, and a browser for anyone."""

import re
from dataclasses import dataclass

import kept
import make
from tracker.models.base import Base, ClinicRow
from tracker.models.user import Membership, Role
from tracker.web.permissions import SAFE_METHODS

ROLES = list(Role)
CHOICE = re.compile(r"<any\((\w+)[^)]*\):\w+>")  # of a few words the first will do
KINDS = ("fill", "authorization", "regimen", "coverage", "trial", "nothing")


def browser(app, name):
    """A browser in which someone of the cast is signed in."""
    client = app.test_client()
    answer = client.post("/sign-in", data={"email": f"{name}@clinic.example", "password": make.PASSWORD})
    assert answer.status_code == 303, answer.text
    return client


def people_of_every_role(session, clinic):
    """One person of each role, named after it."""
    return {role: make.user(session, clinic, name=role.value, role=role) for role in ROLES}


def stock(session, cast):
    """A patient with everything in each clinic."""
    for clinic, mrn in ((cast.renal, "100234"), (cast.skin, "100777")):
        kept.alvarez(session, clinic, mrn=mrn)
    session.add(Membership(clinic_id=cast.renal.id, user_id=cast.cleo.id, role=Role.VIEWER))
    session.commit()


def ids_of(session, clinic_id):
    """Ids of everything that one clinic owns."""
    found = set()
    for mapper in Base.registry.mappers:
        if issubclass(mapper.class_, ClinicRow):
            table = mapper.class_
            found.update(session.query(table.id).filter(table.clinic_id == clinic_id).all())
    return sorted({row[0] for row in found})


@dataclass(frozen=True)
class Way:
    """One method of one endpoint; `address(id)` puts an id wherever the rule wants one."""

    endpoint: str
    method: str
    rule: str
    names: tuple

    def addresses(self, row_ids):
        """Every address with one of the ids in every place, and every kind of fact."""
        if not self.names:
            return [self.rule]
        made = []
        for row_id in row_ids:
            for kind in KINDS if "kind" in self.names else (None,):
                address = self.rule
                for name in self.names:
                    value = kind if name == "kind" else row_id
                    address = address.replace(f"<{name}>", value).replace(f"<path:{name}>", value)
                made.append(address)
        return made


def ways(app):
    """Every method of every endpoint, static files left out."""
    return [
        Way(rule.endpoint, method, _plain(rule.rule), _ids(_plain(rule.rule)))
        for rule in app.url_map.iter_rules()
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"})
        if rule.endpoint != "static"
    ]


def _plain(rule):
    """A rule with its first word and the number 1 put in, so that only places for ids are left."""
    return re.sub(r"<int:\w+>", "1", CHOICE.sub(r"\1", rule))


def _ids(rule):
    """Names of the places for an id; a place for one of a few words is none."""
    return tuple(re.findall(r"<(?:path:)?(\w+)>", rule))


def is_unsafe(way):
    return way.method not in SAFE_METHODS
