"""Pure: reads the addresses of links, `[text](address)`, in time that no address can make long.

The parser asks for one after each `](`. The library reads it character by character, to the end of the word, so a long
word that many links seem to begin in was read as often.
"""

import re
from types import SimpleNamespace

from markdown_it import helpers
from markdown_it.common.utils import unescapeAll
from markdown_it.helpers.parse_link_destination import _Result

# Brackets in brackets in an address: CommonMark asks for three at least.
DEEPEST = 4
_RUN = re.compile(r"(?:[^\x00-\x20\x7f()\\]|\\[^ ])+", re.DOTALL)


def read_destination(text: str, start: int, end: int) -> _Result:
    """Return the address that begins at `start`, as the library does, but with few brackets in brackets."""
    if text.startswith("<", start, end):
        # It ends with the line, or with the next one of these.
        return helpers.parseLinkDestination(text, start, end)
    result, at, depth = _Result(), start, 0
    while at < end:
        if run := _RUN.match(text, at, end):
            at = run.end()
        elif text[at] == "(" and depth < DEEPEST:
            at, depth = at + 1, depth + 1
        elif text[at] == ")" and depth:
            at, depth = at + 1, depth - 1
        elif text[at] == "\\" and at + 1 == end:
            at = end
        else:
            break
    if at == start or depth:
        return result
    result.ok, result.pos, result.str = True, at, unescapeAll(text[start:at])
    return result


HELPERS = SimpleNamespace(
    parseLinkLabel=helpers.parseLinkLabel,
    parseLinkTitle=helpers.parseLinkTitle,
    parseLinkDestination=read_destination,
)
