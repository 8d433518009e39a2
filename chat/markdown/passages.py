"""Pure: draws a text from a markdown document, with the part that is cited marked in it.

The part is marked where it stands in the source. Two characters that no text contains are put around it before the
text is parsed, and become marks in the HTML. Some places do not allow it, such as the number of a list or an address:
then the next word is tried. It has worked if the HTML is the same without the two characters; if no place works, the
caller has to show the text as it is written.
"""

import re
from collections.abc import Iterator
from itertools import islice

from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from chat.markdown import parsing
from chat.markdown.allowance import Allowance
from chat.markdown.rendering import clean, code_html, drawn_by, new_parser, plain

# From the area of characters without a meaning.
_START, _END = "\ue0f1", "\ue0f2"
# How many places are tried at each end, if the text is short; each try draws all of it.
_TRIES, _TRIED_CHARS = 6, 80_000
_WORD_START, _WORD_END = re.compile(r"(?<!\w)\w"), re.compile(r"\w(?!\w)")
# What may be a sign of markdown at the end of a part, and belongs outside the mark.
_LAST_SIGNS = " \t\n*_~`|>#-"
_PIECES = re.compile(r'(<(?:[^<>"]|"[^"]*")*>)')


def drawn_passage(before: str, marked: str, after: str) -> str | None:
    """Return the HTML of a markdown text whose middle part is marked, the first mark with the id `marked`.

    Returns None if the mark cannot be placed.
    """
    text = plain(f"{before}{marked}{after}").translate({ord(_START): "\ufffd", ord(_END): "\ufffd"})
    if len(text) != len(before) + len(marked) + len(after):
        return None
    html = _drawn(text)
    if not marked.strip():
        return html
    first, last = len(before), len(before) + len(marked)
    tries = max(2, min(_TRIES, _TRIED_CHARS // len(text)))
    start = next((at for at in islice(_starts(text, first, last), tries) if _fits(html, text, at, _START)), None)
    if start is None:
        return None
    end = next((at for at in islice(_ends(text, first, last), tries) if _fits(html, text, at, _END)), None)
    if end is None or start >= end:
        return None
    both = _drawn(f"{text[:start]}{_START}{text[start:end]}{_END}{text[end:]}")
    return _with_marks(both) if _without(both) == html else None


def _drawn(text: str) -> str:
    env = parsing.environment()
    found = []
    for block in parsing.blocks(text, _PARSER, env):
        tokens = parsing.read_inline(block, _PARSER, env)
        found.append(str(_PARSER.renderer.render(tokens, _PARSER.options, env)))
    return clean("".join(found))


def _starts(text: str, first: int, last: int) -> Iterator[int]:
    yield from (found.start() for found in _WORD_START.finditer(text, first, last))


def _ends(text: str, first: int, last: int) -> Iterator[int]:
    """Yield places where the mark may end, the last first: with the punctuation after the last word, then words."""
    yield first + len(text[first:last].rstrip(_LAST_SIGNS))
    yield from reversed([found.end() for found in _WORD_END.finditer(text, max(first, last - 400), last)])


def _fits(html: str, text: str, at: int, sign: str) -> bool:
    tried = _drawn(f"{text[:at]}{sign}{text[at:]}")
    # In a tag it would be in an attribute.
    is_text = any(sign in piece for piece in _PIECES.split(tried) if not piece.startswith("<"))
    return tried.count(sign) == 1 and is_text and _without(tried) == html


def _without(html: str) -> str:
    return html.replace(_START, "").replace(_END, "")


def _with_marks(html: str) -> str:
    """Return the HTML with each text between the two signs in a mark of its own, so that elements never overlap."""
    out: list[str] = []
    is_inside = is_in_formula = False
    opening = '<mark id="marked">'
    for piece in _PIECES.split(html):
        if not piece.startswith("<"):
            for part in re.split(f"([{_START}{_END}])", piece):
                is_sign = part in (_START, _END) and part
                is_inside = part == _START if is_sign else is_inside
                if not is_sign and is_inside and part.strip() and not is_in_formula:
                    part, opening = f"{opening}{part}</mark>", "<mark>"
                out += [] if is_sign else [part]
            continue
        is_formula = piece.startswith("<math")
        if is_inside and is_formula:
            out.append(opening)
            opening = "<mark>"
        out.append(piece)
        if is_inside and piece == "</math>":
            out.append("</mark>")
        is_in_formula = is_formula or (is_in_formula and piece != "</math>")
    return "".join(out)


def _only_links_that_lead_somewhere(state: StateCore) -> None:
    """Show the words of other links only: paths inside a folder that is not here, and what could run something."""
    for block in state.tokens:
        opened: list[bool] = []
        kept: list[Token] = []
        for token in block.children or ():
            if token.type == "link_open":
                opened.append(bool(parsing.ADDRESS.match(str(token.attrGet("href") or ""))))
            leads = token.type not in ("link_open", "link_close") or not opened or opened[-1]
            if token.type == "link_close" and opened:
                opened.pop()
            kept += [token] if leads else []
        if block.children:
            block.children = kept


def _code(token: Token, _allowance: Allowance) -> str:
    return code_html(token.content)


_PARSER = new_parser()
# Documents are often written in lines of a fixed length.
_PARSER.options["breaks"] = False
_PARSER.validateLink = lambda address: True  # type: ignore[method-assign, assignment]
_PARSER.core.ruler.push("only_links", _only_links_that_lead_somewhere)
_PARSER.add_render_rule("fence", drawn_by(_code))
