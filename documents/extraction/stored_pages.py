"""The pages that the extraction process has written; those of a long document stay in its file until needed."""

import json
import os
from collections.abc import Sequence
from typing import IO, Any, overload

from documents.extraction.types import ExtractedPage

# Pages of a shorter outcome are kept in memory.
STORED_BYTES = 4 * 1024 * 1024


class StoredPages(Sequence[ExtractedPage]):
    """The pages in a file, by the places at which their lines begin. Not for several threads at once."""

    def __init__(self, output: IO[bytes], places: Sequence[int]) -> None:
        # A descriptor that stays open for as long as somebody has the pages.
        self._file = os.fdopen(os.dup(output.fileno()), "rb")
        self._places = places

    def __del__(self) -> None:
        self._file.close()

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, place: int) -> ExtractedPage: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[ExtractedPage]: ...

    def __getitem__(self, place: int | slice) -> ExtractedPage | Sequence[ExtractedPage]:
        if isinstance(place, slice):
            return [self[each] for each in range(*place.indices(len(self)))]
        self._file.seek(self._places[place])
        return ExtractedPage(*json.loads(self._file.readline()))


def read(output: IO[bytes]) -> tuple[Sequence[ExtractedPage], dict[str, Any]]:
    """Return the pages that the process wrote, and the rest of the outcome, which is its last line."""
    output.seek(0)
    places, last = list[int](), b""
    end = 0
    for line in output:
        places.append(end)
        last, end = line, end + len(line)
    places.pop()
    pages: Sequence[ExtractedPage] = StoredPages(output, places)
    return pages if end > STORED_BYTES else tuple(pages), json.loads(last)
