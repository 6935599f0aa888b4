"""The exception tree of the use cases.

TrackerError
    Refused     a rule of the domain says no; `field` names the input when there is one
    NotFound    no such record here (another clinic's counts as none)
    Conflict    someone else changed the record since it was read
    BadFile     a file from outside cannot be used; the message says where and what to do

A message says what happened, the date where there is one, and what to do.
"""


class TrackerError(Exception):
    """Anything a person can be told."""


class Refused(TrackerError):
    def __init__(self, message: str, *, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class NotFound(TrackerError):
    pass


class Conflict(TrackerError):
    pass


class BadFile(TrackerError):
    pass
