"""Words of a template that are not marked: texts and attributes that people see or hear, outside of translate tags."""

import re
from collections.abc import Iterator
from html.parser import HTMLParser

from django.template.base import Lexer, Token, TokenType

# Attributes whose texts people see or hear.
SEEN = {"alt", "aria-label", "aria-description", "aria-roledescription", "label", "placeholder", "title", "summary"}
# Elements whose texts nobody reads as words: programs, and names of keys.
UNREAD = {"script", "style", "symbol", "kbd", "code"}
# Names and signs that are the same in every language.
NAMES = re.compile(
    r"LangAI|OpenAPI|OpenAI|PostgreSQL|SQLite|JSON|HTML|CSV|PDF|URL|API|QR|ID|IP|TSV|MB|kB|GB|ms|CPU|Ctrl|Esc|Alt|\bs\b"
)
WORD = re.compile(r"[^\W\d_]")
LITERALS = re.compile(r"""(?:default|default_if_none|yesno|pluralize|add):("[^"]*"|'[^']*')|\|(pluralize)\b""")
IN_WITH = re.compile(r"""(\w+)=("[^"]*"|'[^']*')""")
# What stands for a value or a tag: not a letter.
HOLE = "\N{REPLACEMENT CHARACTER}"


class Words(HTMLParser):
    """Collects the texts of a page that are not in `UNREAD`, and the attributes that people see or hear."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[str] = []
        self._unread = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNREAD:
            self._unread += 1
        values = dict(attrs)
        is_button = tag == "input" and values.get("type") in ("submit", "button", "reset")
        self.found += [
            value
            for name, value in values.items()
            if value and (name in SEEN or (name == "value" and is_button) or is_told(name, value))
        ]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in UNREAD:
            self._unread -= 1

    def handle_data(self, data: str) -> None:
        if not self._unread:
            self.found.append(data)


def is_told(name: str, value: str) -> bool:
    """Return whether an attribute holds words that a script shows: data with a space between words."""
    return (
        name.startswith("data-") and not name.startswith("data-hx") and bool(re.search(r"[^\W\d_]{2} [^\W\d_]", value))
    )


def has_words(text: str) -> bool:
    return bool(WORD.search(NAMES.sub("", text)))


def unmarked(source: str) -> list[str]:
    """Return the words in a template that are in no translate tag."""
    parser = Words()
    literals: list[str] = []
    pieces = []
    for token in _outside(Lexer(source).tokenize()):
        if token.token_type == TokenType.TEXT:
            pieces.append(token.contents)
        else:
            pieces.append(HOLE)
            literals += _literals(token)
    parser.feed("".join(pieces))
    parser.close()
    return [" ".join(text.split()) for text in (*parser.found, *literals) if has_words(text)]


def _outside(tokens: list[Token]) -> Iterator[Token]:
    """Leave out comments, class names, and what is between the two ends of a translated block."""
    inside = ""
    for token in tokens:
        name = token.contents.split(None, 1)[0] if token.token_type == TokenType.BLOCK else ""
        if inside:
            inside = "" if name == f"end{inside}" else inside
        elif name in ("comment", "blocktranslate", "blocktrans"):
            inside = name
        elif token.contents == "block bodyclass":
            inside = "block"
        elif token.token_type != TokenType.COMMENT and name not in ("translate", "trans"):
            yield token


def _literals(token: Token) -> list[str]:
    """Return the words that a tag or a filter would show."""
    found = [text or "|pluralize" for text, _ in LITERALS.findall(token.contents)]
    if token.token_type == TokenType.BLOCK and token.split_contents()[0] in ("include", "with", "element"):
        found += [text for _name, text in IN_WITH.findall(token.contents) if " " in text or text[1:2].isupper()]
    return found
