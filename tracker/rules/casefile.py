"""The case file: what `tracker check` reads, an export gives and an import accepts (rulebook 11)."""

from tracker.rules.casefile_json import BadCase, document_of
from tracker.rules.casefile_read import case_of
from tracker.rules.casefile_write import answer_document, case_document
from tracker.rules.facts import Case
from tracker.rules.validation import validate

__all__ = ["BadCase", "answer_document", "case_document", "case_from", "read_case", "validate"]


def read_case(text: bytes | str) -> Case:
    """Read and validate a case file; raises BadCase."""
    return case_from(document_of(text))


def case_from(document: object) -> Case:
    """Read and validate a document that was parsed already; raises BadCase."""
    case = case_of(document)
    validate(case)
    return case
