"""Refuses pages whose tags would keep a parser busy: for many tags it searches upwards and backwards.

Elements are counted as browsers' parsers build them from ordinary pages, careless ones included: tags that end each
other (paragraphs, items, cells) do not nest. The processor time limit stops a page that was made to differ from that.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass, field

from documents.extraction.types import ExtractionError
from documents.sentences import said
from langai_site.words import gettext_noop

# Browsers draw at most 512 levels.
MAX_DEPTH = 1000
MAX_ATTRIBUTES = 1000
MAX_OPTIONS = 10_000

TOO_DEEP = said(
    gettext_noop(
        "This page nests its elements more than %(max_depth)s levels deep. Save it again in a simpler form, for "
        "example as plain text, and upload that."
    ),
    max_depth=MAX_DEPTH,
)
TOO_MANY_ATTRIBUTES = said(
    gettext_noop(
        "A tag of this page has more than %(max_attributes)s attributes. Save the page again in a simpler form."
    ),
    max_attributes=MAX_ATTRIBUTES,
)
TOO_MANY_OPTIONS = said(
    gettext_noop(
        "This page has lists to choose from with more than %(max_options)s entries. Save it again without its forms."
    ),
    max_options=MAX_OPTIONS,
)

# These expressions never backtrack, so that no page can make them slow.
TAG = re.compile(r"<(?:(?P<comment>!--)|(?P<end>/)?(?P<name>[a-zA-Z][^\s/>]*+))")
COMMENT_END = re.compile("--!?>")
ATTRIBUTE = re.compile(r"""[\s/]*+[^\s/>][^\s/>=]*+(?:\s*+=\s*+(?:"[^"]*+"?|'[^']*+'?|[^\s>"'][^\s>]*+|(?=>)))?""")

VOID = {
    *("area", "base", "basefont", "bgsound", "br", "col", "embed", "frame", "hr", "img", "input", "link", "meta"),
    *("param", "source", "track", "wbr"),
}
# Parsers keep these in a separate list, which makes them cheap; pages often leave them open.
FORMATS = {
    *("a", "b", "big", "code", "em", "font", "i", "nobr", "s", "small", "strike", "strong", "tt", "u"),
}
# Their content is text, whatever it looks like.
RAW = {"iframe", "noembed", "noframes", "script", "style", "textarea", "title", "xmp"}
# An opening tag closes the nearest open element of the same kind, unless one of the second set is in between.
KINDS = (
    ({"li"}, {"ol", "ul", "menu"}),
    ({"dd", "dt"}, {"dl"}),
    ({"td", "th"}, {"table"}),
    ({"tr"}, {"table"}),
    ({"tbody", "thead", "tfoot"}, {"table"}),
    ({"option", "optgroup"}, {"select"}),
    ({"rb", "rt", "rtc", "rp"}, {"ruby"}),
)
ENDED_BY_OWN_KIND = {name: kind for kind in KINDS for name in kind[0]}
PARAGRAPH = ({"p"}, {"button", "caption", "table", "td", "th"})
ENDS_PARAGRAPH = {
    *("address", "article", "aside", "blockquote", "center", "dd", "details", "dialog", "dir", "div", "dl", "dt"),
    *("fieldset", "figcaption", "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hgroup"),
    *("hr", "li", "main", "menu", "nav", "ol", "p", "pre", "search", "section", "summary", "table", "ul", "xmp"),
}


def check(markup: str) -> None:
    """Raise ExtractionError for a page that nests too deeply or has too many of one thing. Takes linear time."""
    counted, position = OpenElements(), 0
    while tag := TAG.search(markup, position):
        if tag["comment"]:
            end = COMMENT_END.search(markup, tag.start() + 2)
            position = end.end() if end else len(markup)
            continue
        name = tag["name"].lower()
        position, attributes = _after_attributes(markup, tag.end())
        if tag["end"]:
            counted.closes(name)
        else:
            counted.opens(name, attributes)
            position = _after_text(markup, name, position)


def _after_attributes(markup: str, position: int) -> tuple[int, int]:
    """Return where the tag's attributes end, and how many there are."""
    for number in range(MAX_ATTRIBUTES + 1):
        found = ATTRIBUTE.match(markup, position)
        if found is None:
            return position, number
        position = found.end()
    raise ExtractionError(TOO_MANY_ATTRIBUTES)


def _after_text(markup: str, name: str, position: int) -> int:
    if name not in RAW:
        return position
    end = re.compile(f"</{name}", re.IGNORECASE).search(markup, position)
    return end.start() if end else len(markup)


@dataclass
class OpenElements:
    """The elements that are open at a position in a page."""

    open: list[str] = field(default_factory=list)
    # The positions of each name in `open`.
    places: dict[str, list[int]] = field(default_factory=dict)
    options: int = 0
    # Attributes of all <html> and <body> tags: parsers add those of later tags to the first.
    body_attributes: int = 0

    def opens(self, name: str, attributes: int) -> None:
        self._count(name, attributes)
        if name in ENDS_PARAGRAPH:
            self._end(*PARAGRAPH)
        if name in ENDED_BY_OWN_KIND:
            self._end(*ENDED_BY_OWN_KIND[name])
        if name not in VOID and name not in FORMATS and name not in ("html", "body"):
            self.places.setdefault(name, []).append(len(self.open))
            self.open.append(name)
            if len(self.open) > MAX_DEPTH:
                raise ExtractionError(TOO_DEEP)

    def closes(self, name: str) -> None:
        if self.places.get(name):
            self._cut(self.places[name][-1])

    def _count(self, name: str, attributes: int) -> None:
        self.options += name == "option"
        if self.options > MAX_OPTIONS:
            raise ExtractionError(TOO_MANY_OPTIONS)
        self.body_attributes += attributes if name in ("body", "html") else 0
        if self.body_attributes > MAX_ATTRIBUTES:
            raise ExtractionError(TOO_MANY_ATTRIBUTES)

    def _end(self, names: Collection[str], between: Collection[str]) -> None:
        """Close the nearest open one of `names`, unless one of `between` was opened after it."""
        place = self._last(names)
        if place > self._last(between):
            self._cut(place)

    def _last(self, names: Collection[str]) -> int:
        return max((self.places[name][-1] for name in names if self.places.get(name)), default=-1)

    def _cut(self, length: int) -> None:
        while len(self.open) > length:
            self.places[self.open.pop()].pop()
