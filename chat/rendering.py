"""Markdown -> HTML that is safe to show, whole or as it grows. The same for a stream and for history.

Three liberties with CommonMark keep a growing answer steady, so that a block once finished never changes: link
reference definitions are plain text (one at the end would change links at the start), raw HTML is text, and display
maths contains no blank line. Addresses are http, https or mailto; pictures become links, so that reading an answer
loads nothing from anywhere.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from html import escape

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from mdit_py_plugins.dollarmath import dollarmath_plugin

from chat.characters import whole_characters
from chat.quotations import CITATION, Quotation, comparable, in_blocks, written
from chat.sanitizing import CLEANER, CODE_CLASSES

# Raise it when a text comes to look different, or the sanitiser lets less through: cached HTML is then drawn again.
RENDERER_VERSION = 1

ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")
CLOSER = re.compile(r"</([a-z0-9]+)>")
TAG = re.compile(r"<(/?)([a-z0-9]+)[^>]*>")
MAX_FORMULA, MAX_HIGHLIGHT = 2_000, 20_000
VOID = {"br", "hr"}
# A row or a sign of a formula, parsed on its own, would not become what it is inside its table or formula.
NEEDS_PARENT = {"math", "table", "thead", "tbody", "tr"}

NOT_FOUND = ' <span class="unfound">not found in the sources</span>'

Cites = Mapping[int, str]


def render(text: str, cites: Cites | None = None, unverified: Collection[str] = ()) -> str:
    """`text` as sanitised HTML. `cites` has the address of every number that may be cited; other numbers stay text.

    `unverified` quotations are marked as such.
    """
    return CLEANER.clean(MARKDOWN.render(_plain(text), {"cites": cites or {}, "unverified": unverified}))


def _plain(text: str) -> str:
    return whole_characters(text.replace("\r\n", "\n").replace("\r", "\n"))


# As it grows


@dataclass(frozen=True)
class Drawn:
    """`finished_html`: blocks finished since last time, to append. `open_html`: the block being written."""

    finished_html: str
    open_html: str


class Stream:
    """Draws a growing text. All that was ever finished, and then what is open, is `render` of the whole."""

    def __init__(self, cites: Cites | None = None) -> None:
        self._cites = cites
        self._open_from = 0

    def feed(self, text: str) -> Drawn:
        """`text` is all there is so far, and starts with what was fed before."""
        rest = _plain(text)[self._open_from :]
        cut = _open_block(rest)
        self._open_from += cut
        finished = render(rest[:cut], self._cites) if cut else ""
        return Drawn(finished, render(rest[cut:], self._cites) if rest[cut:].strip() else "")


def _open_block(text: str) -> int:
    """Where the last block of the complete lines of `text` begins; the line being written may yet join that block."""
    complete = text[: text.rfind("\n") + 1]
    tokens: list[Token] = []
    MARKDOWN.block.parse(complete, MARKDOWN, {}, tokens)
    lines = complete.split("\n")
    may_be_maths = _unclosed_maths(lines)
    starts = [token.map[0] for token in tokens if token.level == 0 and token.map and token.map[0] <= may_be_maths]
    return sum(len(line) + 1 for line in lines[: starts[-1]]) if len(starts) > 1 else 0


def _unclosed_maths(lines: Sequence[str]) -> int:
    """The line from which on all may yet become a formula: one with `$$` and no blank line after it. Else the last."""
    first = len(lines)
    for number in range(len(lines) - 2, -1, -1):
        if not lines[number].strip():
            break
        if "$$" in lines[number]:
            first = number
    return first


def grown(old: str, new: str) -> tuple[str, str] | None:
    """What to insert where, if `new` is `old` with something inserted before its last closing tags.

    Returns the CSS path, below the container, of the element that the piece goes to the end of, and the piece.
    """
    if len(new) < len(old):
        return None
    for at in [*reversed(_trailing_closers(old)), len(old)]:
        piece = new[at : len(new) - len(old) + at]
        if old[:at] == new[:at] and new.endswith(old[at:]) and _balanced(piece):
            return _path(old[at:], piece)
    return None


def _trailing_closers(html: str) -> list[int]:
    """Where the closing tags at the end of `html` begin, the last first."""
    found: list[int] = []
    end = len(html)
    while True:
        end = len(html[:end].rstrip())
        at = html.rfind("</", 0, end)
        if at < 0 or not CLOSER.fullmatch(html, at, end):
            return found
        found.append(at)
        end = at


def _balanced(piece: str) -> bool:
    """Whether `piece` closes what it opens, and nothing else."""
    opened: list[str] = []
    for closing, name in TAG.findall(piece):
        if not closing:
            opened += [] if name in VOID else [name]
        elif not opened or opened.pop() != name:
            return False
    return not opened


def _path(ends: str, piece: str) -> tuple[str, str] | None:
    names = CLOSER.findall(ends)
    if NEEDS_PARENT.intersection(names):
        return None
    return "".join(f">{name}:last-child" for name in reversed(names)), piece


# Rules of the parser


def _citations(state: StateCore) -> None:
    """`[1]`, `[1][2]` and `[1, 2]` become links where the numbers have addresses; never in code or in a link."""
    cites: Cites = state.env.get("cites") or {}
    for block in state.tokens if cites else ():
        if block.children:
            block.children = _outside_links(block.children, lambda token: _cited(token, cites))


def _outside_links(tokens: Sequence[Token], change: Callable[[Token], list[Token]]) -> list[Token]:
    result: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        result += [token] if depth else change(token)
    return result


def _cited(token: Token, cites: Cites) -> list[Token]:
    if token.type != "text":
        return [token]
    pieces: list[Token] = []
    end = 0
    for match in CITATION.finditer(token.content):
        numbers = [int(number) for number in match[1].split(",")]
        if all(number in cites for number in numbers):
            links = "".join(f'<a class="cite" href="{escape(cites[number])}">{number}</a>' for number in numbers)
            pieces += [_piece("text", token.content[end : match.start()]), _piece("html_inline", links)]
            end = match.end()
    return [*pieces, _piece("text", token.content[end:])]


def _piece(kind: str, content: str) -> Token:
    return Token(kind, "", 0, content=content)


def _unverified(state: StateCore) -> None:
    """Quotations that stand in none of the sources are marked, and are told so in words."""
    wanted = {comparable(text) for text in state.env.get("unverified") or ()}
    for block, quotations in in_blocks(state.tokens) if wanted else ():
        for quotation in quotations:
            if comparable(quotation.text) in wanted:
                block.children = _marked(block.children or [], quotation)


def _marked(tokens: Sequence[Token], quotation: Quotation) -> list[Token]:
    """The tokens with each text of the quotation in an element of its own, so that none crosses another."""
    result: list[Token] = []
    at = 0
    for token in tokens:
        length = len(written(token))
        start, end = (min(max(place - at, 0), length) for place in (quotation.start, quotation.end))
        is_last = at < quotation.end <= at + length
        at += length
        if token.type != "text" or start == end:
            result += [token, _piece("html_inline", NOT_FOUND)] if is_last else [token]
            continue
        result += [_piece("text", token.content[:start]), _piece("html_inline", '<span class="unverified">')]
        result += [_piece("text", token.content[start:end]), _piece("html_inline", "</span>")]
        result += [_piece("html_inline", NOT_FOUND)] if is_last else []
        result.append(_piece("text", token.content[end:]))
    return result


def _pictures(state: StateCore) -> None:
    """A picture becomes a link to it, or its description where it stands in a link."""
    for block in state.tokens:
        for image in (token for token in block.children or () if token.type == "image"):
            image.type, image.content = "text", image.content or "picture"
            image.meta = {"address": image.attrGet("src")}
        if block.children:
            block.children = _outside_links(block.children, _linked_picture)


def _linked_picture(token: Token) -> list[Token]:
    if "address" not in token.meta:
        return [token]
    opening = Token("link_open", "a", 1, attrs={"href": token.meta["address"]})
    return [opening, _piece("text", token.content), Token("link_close", "a", -1)]


def _aligned(state: StateCore) -> None:
    """Cells say by class, not by style, how they are aligned."""
    for cell in (token for token in state.tokens if token.type in ("td_open", "th_open")):
        style = str(cell.attrs.pop("style", ""))
        if side := style.removeprefix("text-align:"):
            cell.attrs["class"] = side


def _bracket_maths(state: StateInline, silent: bool) -> bool:
    r"""`\( … \)` and `\[ … \]`, which many models write for `$ … $` and `$$ … $$`."""
    closer = {"\\(": "\\)", "\\[": "\\]"}.get(state.src[state.pos : state.pos + 2])
    end = state.src.find(closer, state.pos + 2, state.posMax) if closer else -1
    if end < 0:
        return False
    if not silent:
        token = state.push("math_inline" if closer == "\\)" else "math_block", "math", 0)
        token.content = state.src[state.pos + 2 : end]
    state.pos = end + 2
    return True


# How tokens look


def _drawn_by(draw: Callable[[Token], str]) -> Callable[..., str]:
    def rule(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: object) -> str:
        return draw(tokens[index])

    return rule


@lru_cache(maxsize=512)
def formula(source: str, display: str) -> str:
    """MathML of a LaTeX formula; its source where it cannot be read."""
    from latex2mathml.converter import convert

    try:
        if len(source) <= MAX_FORMULA:
            return convert(source, display=display)
    except Exception:  # noqa: S110 - the converter raises whatever it stumbled upon
        pass
    return f"<code>{escape(source, quote=False)}</code>"


def _fence(token: Token) -> str:
    """A block of code: highlighted once it is closed, plain while it is being written."""
    words = token.info.split()
    language = words[0] if words and LANGUAGE.fullmatch(words[0]) else ""
    first, end = token.map or (0, 0)
    content_lines = token.content.count("\n") + (0 if token.content.endswith("\n") or not token.content else 1)
    is_closed = end - first == content_lines + 2
    code = highlighted(token.content, language) if is_closed and language else escape(token.content, quote=False)
    return _code(code, f' data-language="{language}"' if language else "")


def _code(html: str, attributes: str = "") -> str:
    return f'<div class="code"{attributes}><pre><code>{html}</code></pre></div>\n'


@lru_cache(maxsize=64)
def highlighted(code: str, language: str) -> str:
    """`code` with a class on what has a meaning in `language`; as it is, where the language is unknown."""
    from pygments.lexers import get_lexer_by_name
    from pygments.token import STANDARD_TYPES
    from pygments.util import ClassNotFound

    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return escape(code, quote=False)
    if len(code) > MAX_HIGHLIGHT:
        return escape(code, quote=False)
    return "".join(_word(word, STANDARD_TYPES.get(kind, "")) for kind, word in lexer.get_tokens(code))


def _word(word: str, name: str) -> str:
    text = escape(word, quote=False)
    return f'<span class="{name}">{text}</span>' if name in CODE_CLASSES else text


def _markdown() -> MarkdownIt:
    markdown = MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
    markdown.disable(["reference", "html_block", "html_inline"])
    dollarmath_plugin(
        markdown, allow_labels=False, allow_space=False, allow_digits=False, allow_blank_lines=False, double_inline=True
    )
    markdown.inline.ruler.before("escape", "bracket_maths", _bracket_maths)
    for rule in (_pictures, _unverified, _citations, _aligned):
        markdown.core.ruler.push(rule.__name__, rule)
    markdown.validateLink = lambda address: bool(ADDRESS.match(address))  # type: ignore[method-assign, assignment]
    looks: dict[str, Callable[[Token], str]] = {
        "math_inline": lambda token: formula(token.content.strip(), "inline"),
        "math_inline_double": lambda token: formula(token.content.strip(), "block"),
        "math_block": lambda token: formula(token.content.strip(), "block"),
        "fence": _fence,
        "code_block": lambda token: _code(escape(token.content, quote=False)),
    }
    for kind, draw in looks.items():
        markdown.add_render_rule(kind, _drawn_by(draw))
    return markdown


MARKDOWN = _markdown()
