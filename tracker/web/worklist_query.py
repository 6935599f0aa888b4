"""The worklist's filters as an address carries them, as choices of its form, and in words."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from werkzeug.datastructures import MultiDict

from tracker.models.types import REFUSED
from tracker.rules.words import AlertCode, Drug, Severity, Word
from tracker.services.worklist import label_of
from tracker.services.worklist_counts import COUNTED_AT_MOST, Counts
from tracker.services.worklist_filters import GROUPS, ME, NONE, Due, Filters, Sort, Status, codes_of
from tracker.services.worklist_page import Place, WorkPage

W = TypeVar("W", bound=Word)
Query = dict[str, list[str]]

LONGEST_TEXT, LONGEST_ID = 100, 26
EARLIER = "earlier"
QUOTED = "\N{LEFT DOUBLE QUOTATION MARK}{}\N{RIGHT DOUBLE QUOTATION MARK}"


@dataclass(frozen=True, slots=True)
class Choice:
    """One option of a filter; `count` None where it is not counted."""

    value: str
    label: str
    count: str | None
    chosen: bool


@dataclass(frozen=True, slots=True)
class Select:
    """One filter of the form. `groups` come first, under a heading of their own."""

    name: str
    label: str
    choices: Sequence[Choice]
    groups: Sequence[Choice] = ()


def filters_of(args: MultiDict[str, str]) -> Filters:
    """What an address asks for; what it cannot mean is left out."""
    return Filters(
        owner=_key(args.get("owner")),
        payer=_key(args.get("payer")),
        drug=_value(Drug, args.get("drug")) or (NONE if args.get("drug") == NONE else ""),
        cause=args.get("cause", "") if codes_of(args.get("cause", "")) else "",
        severities=tuple(word for word in Severity if word.value in args.getlist("severity")),
        due=_word(Due, args.get("due")),
        text=REFUSED.sub(" ", args.get("text", "")).strip()[:LONGEST_TEXT],
        status=_word(Status, args.get("status")) or Status.OPEN,
        sort=_word(Sort, args.get("sort")) or Sort.HARM,
        earlier=args.get("opened") == EARLIER,
        tag=_key(args.get("tag")),
    )


def place_of(args: MultiDict[str, str]) -> Place:
    return Place(after=_key(args.get("after")), before=_key(args.get("before")))


def query_of(filters: Filters) -> Query:
    """The filters as an address carries them; defaults are left out."""
    query = {
        "owner": [filters.owner],
        "payer": [filters.payer],
        "drug": [filters.drug],
        "cause": [filters.cause],
        "severity": [word.value for word in filters.severities],
        "due": [filters.due.value if filters.due else ""],
        "text": [filters.text],
        "status": ["" if filters.status is Status.OPEN else filters.status.value],
        "sort": ["" if filters.sort is Sort.HARM else filters.sort.value],
        "opened": [EARLIER if filters.earlier else ""],
        "tag": [filters.tag],
    }
    return {name: values for name, values in query.items() if any(values)}


def toggled(filters: Filters, severity: Severity) -> Query:
    """The address that has this severity as well, or no longer."""
    chosen = {*filters.severities} ^ {severity}
    return query_of(replace(filters, severities=tuple(word for word in Severity if word in chosen)))


def selects(filters: Filters, page: WorkPage, user_id: str) -> list[Select]:
    """The form's filters with what stands behind each choice."""
    counts = page.counts
    return [
        Select("owner", "Owner", _owners(filters, page, user_id)),
        _select("payer", "Payer", filters.payer, page, counts.payer, page.plans.names, none="No plan"),
        _select("drug", "Drug", filters.drug, page, counts.drug, _drugs(counts.drug), none="Not known"),
        _select("cause", "Cause", filters.cause, page, counts.cause, _causes(counts.cause)),
        Select("due", "Due", _due(filters, counts)),
        Select("status", "Status", _statuses(filters, counts.status)),
        *([_tags(filters, page)] if page.tags or filters.tag else []),
    ]


def capped(count: int) -> str:
    return f"over {COUNTED_AT_MOST:,}" if count > COUNTED_AT_MOST else f"{count:,}"


def in_words(
    filters: Filters, people: Mapping[str, str], payers: Mapping[str, str], tags: Mapping[str, str]
) -> list[str]:
    """The filters as a person would say them, for a list that is empty and for what is printed."""
    owners = {**people, "": "", ME: "me", NONE: "nobody"}
    owner = owners.get(filters.owner, "not on file")
    payer = {"": "", NONE: "no plan"}.get(filters.payer, payers.get(filters.payer, "not on file"))
    drug = {"": "", NONE: "not known"}.get(filters.drug, filters.drug.replace("_", " "))
    severities = " or ".join(word.label for word in filters.severities)
    said = {
        "owner": owner,
        "payer": payer,
        "drug": drug,
        "cause": QUOTED.format(_cause(filters.cause)) if filters.cause else "",
        "severity": severities,
        "due": filters.due.label.lower() if filters.due else "",
        "the words": QUOTED.format(filters.text) if filters.text else "",
        "status": "" if filters.status is Status.OPEN else filters.status.label.lower(),
        "opened": "before today" if filters.earlier else "",
        "tag": QUOTED.format(tags.get(filters.tag, "not on file")) if filters.tag else "",
    }
    return [f"{name} {words}" for name, words in said.items() if words]


def _told(counts: Counts, by: Mapping[Any, int], key: object) -> str | None:
    return str(by.get(key, 0)) if counts.told else None


def _owners(filters: Filters, page: WorkPage, user_id: str) -> list[Choice]:
    counts = page.counts.owner
    named = {ME: "Me", NONE: "Unowned"} | {key: name for key, name in page.people.items() if key != user_id}
    return [
        Choice("", "Anyone", None, not filters.owner),
        *(
            Choice(key, name, _told(page.counts, counts, key), filters.owner == key)
            for key, name in named.items()
        ),
    ]


def _tags(filters: Filters, page: WorkPage) -> Select:
    """The tags that somebody bears. One that nobody bears any more is still what was asked for."""
    names = page.tags if not filters.tag else {filters.tag: "not on file", **page.tags}
    choices = [
        Choice(key, name, _told(page.counts, page.counts.tag, key), filters.tag == key)
        for key, name in sorted(names.items(), key=lambda pair: pair[1].casefold())
    ]
    return Select("tag", "Tag", [Choice("", "Any tag", None, not filters.tag), *choices])


def _due(filters: Filters, counts: Counts) -> list[Choice]:
    bands = [
        Choice(band.value, band.label, _told(counts, counts.due, band), filters.due is band) for band in Due
    ]
    return [Choice("", "Any time", None, filters.due is None), *bands]


def _statuses(filters: Filters, counts: Mapping[Status, int]) -> list[Choice]:
    return [
        Choice(
            "" if status is Status.OPEN else status.value,
            status.label,
            capped(counts[status]),
            filters.status is status,
        )
        for status in Status
    ]


def _select(
    name: str,
    label: str,
    chosen: str,
    page: WorkPage,
    counts: Mapping[str, int],
    names: Mapping[str, str],
    *,
    none: str = "",
) -> Select:
    """Every value that stands on the list, by its name, and the one that was chosen."""
    known = counts if page.counts.told else names
    values = {key for key in {*known, chosen} if key and key not in GROUPS}
    named = {key: names.get(key, key) for key in values} | ({NONE: none} if NONE in values else {})
    ordered = sorted(named, key=lambda key: (key == NONE, named[key].casefold()))
    groups = [(key, text) for key, (text, _) in GROUPS.items()] if name == "cause" else []
    return Select(
        name,
        label,
        [
            Choice("", f"Any {label.lower()}", None, not chosen),
            *(Choice(key, named[key], _told(page.counts, counts, key), chosen == key) for key in ordered),
        ],
        [Choice(key, text, _told(page.counts, counts, key), chosen == key) for key, text in groups],
    )


def _drugs(counts: Mapping[str, int]) -> dict[str, str]:
    return {key: key.replace("_", " ") for key in {*counts, *(drug.value for drug in Drug)}}


def _causes(counts: Mapping[str, int]) -> dict[str, str]:
    return {key: label_of(key) for key in {*counts, *AlertCode.__members__} if key not in GROUPS}


def _cause(cause: str) -> str:
    return GROUPS[cause][0] if cause in GROUPS else label_of(cause)


def _key(value: str | None) -> str:
    """An id, or a word in the place of one."""
    return value if value and value.isascii() and value.isalnum() and len(value) <= LONGEST_ID else ""


def _word(words: type[W], value: str | None) -> W | None:
    return next((word for word in words if word.value == value), None)


def _value(words: type[Word], value: str | None) -> str:
    found = _word(words, value)
    return found.value if found else ""
