"""The chain an authorization stands in: those of its plan, kind and product in time order, gaps between."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from tracker.models.authorization import Authorization
from tracker.rules.authorization import GRANTED
from tracker.rules.supply import same_product
from tracker.services.authorizations import OPEN
from tracker.services.kept_answer import KeptFill


@dataclass(frozen=True, slots=True)
class Link:
    """One row of the chain. `kind`: granted, open, refused, gap, missing. `days`: the length of a gap.

    `row` is None for a gap; for a missing renewal it is the one that would be renewed.
    """

    kind: str
    starts_on: date | None
    ends_on: date | None
    row: Authorization | None = None
    fill_on: date | None = None

    @property
    def days(self) -> int:
        assert self.starts_on is not None
        assert self.ends_on is not None
        return (self.ends_on - self.starts_on).days + 1


def chain(row: Authorization, others: Sequence[Authorization], to_come: Sequence[KeptFill]) -> list[Link]:
    """Everything of the chain in time order; the renewal that is missing comes last."""
    mine = sorted((each for each in others if _of_chain(row, each)), key=_order)
    links: list[Link] = []
    covered: date | None = None
    for each in mine:
        if each.status in GRANTED:
            if covered is not None and each.starts_on and each.starts_on > covered + timedelta(days=1):
                links.append(_gap(covered + timedelta(days=1), each.starts_on, to_come))
            covered = max(covered or date.min, each.ends_on or date.max)
            links.append(Link("granted", each.starts_on, each.ends_on, each))
        else:
            kind = "open" if each.status in OPEN else "refused"
            links.append(Link(kind, each.requested_starts_on, each.requested_ends_on, each))
    return links + _missing(mine, to_come)


def _missing(mine: Sequence[Authorization], to_come: Sequence[KeptFill]) -> list[Link]:
    """No renewal of the last granted one is drafted, asked for or granted, and it has an end."""
    granted = [each for each in mine if each.status in GRANTED]
    last = max(granted, key=lambda each: each.ends_on or date.max, default=None)
    if last is None or last.ends_on is None:
        return []
    if any(_follows(each, last, last.ends_on) for each in mine):
        return []
    first = next((each.on for each in to_come if each.on > last.ends_on), None)
    return [Link("missing", last.ends_on + timedelta(days=1), None, last, first)]


def _follows(each: Authorization, last: Authorization, ends_on: date) -> bool:
    """A request that renews the last one, or asks for days after it, or says no days."""
    if each.status not in OPEN:
        return False
    asked_to = each.requested_ends_on or each.requested_starts_on
    return each.renews_id == last.id or asked_to is None or asked_to > ends_on


def _of_chain(row: Authorization, each: Authorization) -> bool:
    """The same plan, kind, product, and a code in common (no lines: every code)."""
    if each.plan_id != row.plan_id or each.kind is not row.kind:
        return False
    mine, theirs = {line.code for line in row.lines}, {line.code for line in each.lines}
    shares = not mine or not theirs or bool(mine & theirs)
    return shares and same_product(row.formulation, each.formulation)


def _order(each: Authorization) -> tuple[date, str]:
    begins = each.starts_on if each.status in GRANTED else each.requested_starts_on or each.starts_on
    return begins or each.requested_on or date.min, each.id


def _gap(first: date, starts_on: date, to_come: Sequence[KeptFill]) -> Link:
    last = starts_on - timedelta(days=1)
    hit = next((each.on for each in to_come if first <= each.on <= last), None)
    return Link("gap", first, last, fill_on=hit)
