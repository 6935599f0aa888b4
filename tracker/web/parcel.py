"""A file on its way to whoever asked for it."""

import tempfile
from collections.abc import Iterator
from typing import IO

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

    def close(self) -> None:
        self.file.close()

    def __del__(self) -> None:
        self.close()
