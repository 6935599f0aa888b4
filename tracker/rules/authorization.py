"""Authorizations of a fill (rulebook 5.2): which is in force, has units left and is charged."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Final

from tracker.rules.dates import FAR
from tracker.rules.facts import Authorization
from tracker.rules.supply import same_product
from tracker.rules.words import AuthorizationStatus, Formulation

GRANTED: Final = frozenset(
    {
        AuthorizationStatus.APPROVED,
        AuthorizationStatus.PARTIALLY_APPROVED,
        AuthorizationStatus.NOT_REQUIRED,
    }
)
IN_PROGRESS: Final = frozenset(
    {AuthorizationStatus.SUBMITTED, AuthorizationStatus.PENDED, AuthorizationStatus.APPEALED}
)


class Permit:
    """An authorization with its limits: code -> units before any fill (None: no limit); None: no lines.

    `metered`: some code has a limit, so that its units count.
    """

    __slots__ = ("asked_codes", "limits", "metered", "pa")

    def __init__(
        self,
        pa: Authorization,
        limits: Mapping[str, int | None] | None,
        asked_codes: frozenset[str],
    ) -> None:
        self.pa = pa
        self.limits = limits
        self.metered = limits is not None and any(each is not None for each in limits.values())
        self.asked_codes = asked_codes

    def on(self, day: date) -> bool:
        pa = self.pa
        return (pa.starts_on is None or pa.starts_on <= day) and (pa.ends_on is None or day <= pa.ends_on)

    def fits(self, formulation: Formulation | None) -> bool:
        return same_product(self.pa.formulation, formulation)

    def covers(self, code: str) -> bool:
        return self.limits is None or code in self.limits

    def is_about(self, own_codes: Iterable[str]) -> bool:
        """Has it, or the request for it, a line of one of these codes, or no lines?"""
        codes = self.asked_codes if self.limits is None else self.limits
        return not codes or any(code in codes for code in own_codes)

    @property
    def granted(self) -> bool:
        return self.pa.status in GRANTED

    @property
    def begins(self) -> date:
        return self.pa.starts_on or date.min

    @property
    def ends(self) -> date:
        return self.pa.ends_on or FAR


def permit_of(pa: Authorization) -> Permit:
    """Index the lines of an authorization; two lines of one code add up."""
    limits: dict[str, int | None] = {}
    for line in pa.lines:
        given = None if line.units is None else line.units - line.units_used_before
        sofar = limits.get(line.code, 0)
        limits[line.code] = None if given is None or sofar is None else sofar + given
    asked = frozenset(line.code for line in pa.requested.lines) if pa.requested else frozenset()
    return Permit(pa, limits if pa.lines else None, asked)


class Ledger:
    """Units charged to authorizations with limits so far, by authorization and code."""

    __slots__ = ("_used",)

    def __init__(self, sofar: "Ledger | None" = None) -> None:
        """Empty, or going on from another one."""
        self._used: dict[str, dict[str, int]] = {}
        if sofar is not None:
            for authorization, units in sofar._used.items():
                self._used[authorization] = units.copy()

    def charge(self, authorization: str, units: Mapping[str, int]) -> None:
        used = self._used.get(authorization)
        if used is None:
            used = self._used[authorization] = {}
        for code in units:
            used[code] = used.get(code, 0) + units[code]

    def used(self, authorization: str, code: str) -> int:
        """Units of a code charged so far."""
        used = self._used.get(authorization)
        return used.get(code, 0) if used else 0

    def left(self, permit: Permit, code: str) -> int | None:
        """Units left of a code; None: no limit. A code it lacks has none."""
        limit = None if permit.limits is None else permit.limits.get(code, 0)
        return None if limit is None else max(limit - self.used(permit.pa.id, code), 0)

    def enough(self, permit: Permit, needed: Mapping[str, int]) -> bool:
        """Does it list every code, with units left for it?"""
        if permit.limits is None:
            return True
        for code, count in needed.items():
            if code not in permit.limits:
                return False
            limit = permit.limits[code]
            if limit is not None and limit - self.used(permit.pa.id, code) < count:
                return False
        return True


def valid_on(permits: Sequence[Permit], day: date) -> list[Permit]:
    """Granted and valid on the day; the one that ends first, first (then as listed)."""
    found = [each for each in permits if each.granted and each.on(day)]
    found.sort(key=lambda each: each.ends)
    return found


def pick(permits: Sequence[Permit], ledger: Ledger, needed: Mapping[str, int]) -> Permit | None:
    """Of those in force, the first that still has enough units of every code."""
    for each in permits:
        if ledger.enough(each, needed):
            return each
    return None
