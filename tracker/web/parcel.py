"""A file on its way to whoever asked for it."""

import tempfile
from collections.abc import Iterator
from typing import IO

from werkzeug.wrappers import Response

CSV = "text/csv; charset=utf-8"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SPOOLED = 4 * 1024 * 1024
PIECE = 64 * 1024


class Parcel:
    """Written here, then sent in pieces. Closed when it was sent, and when nobody takes it."""

    def __init__(self) -> None:
        self.file: IO[bytes] = tempfile.SpooledTemporaryFile(SPOOLED)  # noqa: SIM115 - closed below

    def __iter__(self) -> Iterator[bytes]:
        self.file.seek(0)
        while piece := self.file.read(PIECE):
            yield piece

    def answer(self, name: str, content_type: str) -> Response:
        """The answer that hands it over as a file of this name, once all of it is written."""
        found = Response(self, content_type=content_type)
        found.content_length = self.file.tell()
        found.headers.set("Content-Disposition", "attachment", filename=name)
        return found

    def close(self) -> None:
        self.file.close()

    def __del__(self) -> None:
        self.close()
