"""Pure: the words of a query in a text."""

import re
from collections.abc import Sequence

from search.queries import folded
from search.results import Matcher
from search.snippets import Match

_W = re.compile(r"\w+")


def matcher(query: str) -> Matcher:
    terms = {folded(word)[:5] for word in _W.findall(query) if len(word) > 3}

    def matches(text: str) -> Sequence[Match]:
        return [Match(m.start(), m.end(), folded(m[0])[:5]) for m in _W.finditer(text) if folded(m[0])[:5] in terms]

    return matches
