"""Turns markdown into HTML that is safe to show; the same for streams (`chat/markdown/streaming.py`) and history.

Three deviations from CommonMark keep a growing answer stable, so that a finished block never changes: link reference
definitions are plain text (one at the end would change links at the start), raw HTML is text, and display maths
contains no blank line. Addresses are http, https or mailto; pictures become links, so that reading an answer loads
nothing from elsewhere.

The cost of a text is limited (`chat/markdown/allowance.py`); what would cost more is shown as it was written.
"""

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from html import escape
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from chat.markdown import chart_drawing, parsing
from chat.markdown.allowance import CITE, Allowance
from chat.markdown.directions import give_directions
from chat.markdown.formulas import drawn_formula
from chat.markdown.highlighting import MAX_HIGHLIGHT, highlighted, lexer_of, price
from chat.markdown.marking import TextMark, affordable, marked, piece
from chat.markdown.parsing import Block
from chat.markdown.quotations import CITATION, comparable, in_blocks, text_of, written
from chat.markdown.sanitizing import CLEANER
from langai_site.characters import whole_characters

# The HTML of ended answers is cached; a higher number makes it be drawn again. 2: limits on the cost of a text. 3: also
# on marks and code. 4: on formulas and brackets, more exactly; formulas at the start of a text. 5: empty items of
# lists. 6: more formulas. 8: frames around tables, and wide code that the keyboard reaches. 9: charts.
RENDERER_VERSION = 9

LANGUAGE = re.compile(r"[A-Za-z0-9+#.-]{1,20}")
# Code with longer lines may not fit beside a sidebar: then it scrolls, by keyboard as well.
WIDE = 80
MAX_TABLE_NAME = 80
# The names by which sentences can be checked.
CHECKED = ("stands", "reworded", "otherwise")
# What GitHub's markdown calls its alerts.
ALERTS = {
    "Note": gettext_lazy("Note"),
    "Tip": gettext_lazy("Tip"),
    "Important": gettext_lazy("Important"),
    "Warning": gettext_lazy("Warning"),
    "Caution": gettext_lazy("Caution"),
}

Cites = Mapping[int, str]


def render(
    text: str, cites: Cites | None = None, unverified: Collection[str] = (), checked: Mapping[str, str] | None = None
) -> str:
    """Return `text` as sanitised HTML. `cites` maps the numbers that may be cited to addresses; others stay text.

    `unverified` quotations are marked as such, and sentences that were `checked` by one of the names in CHECKED.
    """
    env = parsing.environment(
        cites=cites or {},
        unverified={comparable(quotation) for quotation in unverified},
        checked=checked or {},
    )
    return clean("".join(draw(block, env) for block in parsing.blocks(plain(text), MARKDOWN, env)))


def draw(block: Block, env: dict[str, Any]) -> str:
    """Return the HTML of a block, not yet sanitised."""
    return str(MARKDOWN.renderer.render(parsing.read_inline(block, MARKDOWN, env), MARKDOWN.options, env))


def clean(html: str) -> str:
    return CLEANER.clean(html)


def parsed(text: str) -> list[Token]:
    """Return the tokens of `text`, as the page shows it."""
    env = parsing.environment()
    return [
        token for block in parsing.blocks(text, MARKDOWN, env) for token in parsing.read_inline(block, MARKDOWN, env)
    ]


def plain(text: str) -> str:
    """Return `text` with one kind of line end, and only with characters that a page can show."""
    return whole_characters(text.replace("\r\n", "\n").replace("\r", "\n"))


# Rules of the parser


def _citations(state: StateCore) -> None:
    """Turn `[1]`, `[1][2]` and `[1, 2]` into links if the numbers have addresses; never in code or in a link."""
    cites: Cites = state.env.get("cites") or {}
    for block in state.tokens if cites else ():
        if block.children:
            block.children = _outside_links(block.children, lambda token: _cited(token, cites, state.env["allowance"]))


def _outside_links(tokens: Sequence[Token], change: Callable[[Token], list[Token]]) -> list[Token]:
    result: list[Token] = []
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        result += [token] if depth else change(token)
    return result


def _cited(token: Token, cites: Cites, allowance: Allowance) -> list[Token]:
    if token.type != "text":
        return [token]
    pieces: list[Token] = []
    end = 0
    for match in CITATION.finditer(token.content):
        numbers = [int(number) for number in match[1].split(",")]
        if all(number in cites for number in numbers) and allowance.afford(CITE * len(numbers)):
            links = "".join(f'<a class="cite" href="{escape(cites[number])}">{number}</a>' for number in numbers)
            pieces += [piece("text", token.content[end : match.start()]), piece("html_inline", links)]
            end = match.end()
    return [*pieces, piece("text", token.content[end:])]


def _checked(state: StateCore) -> None:
    """Mark the sentences that were compared with their passages, as far as the allowance goes."""
    checked: Mapping[str, str] = state.env.get("checked") or {}
    for block in state.tokens if checked else ():
        if block.children:
            found = _sentences(text_of(block.children), checked)
            block.children = marked(block.children, affordable(block.children, found, state.env["allowance"]))


def _note_of(name: str) -> str:
    """Return what follows a checked sentence: in words, because a line below it is not for everybody to see."""
    if name == "stands":
        return ""
    if name == "otherwise":
        return _remark(_("the source says otherwise"))
    words = _("(not in these words in the source)")
    return f'<span class="unfound unseen"> {escape(words)}</span>'


def _remark(words: str) -> str:
    return f' <span class="unfound">{escape(words)}</span>'


def _sentences(text: str, checked: Mapping[str, str]) -> list[TextMark]:
    """Return where in a block the sentences stand that are not within one another."""
    places = sorted((text.find(sentence), len(sentence), name) for sentence, name in checked.items())
    marks: list[TextMark] = []
    for start, length, name in places:
        if start >= 0 and not (marks and start < marks[-1].end):
            marks.append(TextMark(start, start + length, name, _note_of(name)))
    return marks


def _unverified(state: StateCore) -> None:
    """Mark quotations that are in none of the sources, and say so in words, as far as the allowance goes."""
    wanted: Collection[str] = state.env.get("unverified") or ()
    not_found = _remark(_("not found in the sources")) if wanted else ""
    for block, quotations in in_blocks(state.tokens) if wanted else ():
        tokens = block.children or []
        found = [
            TextMark(quotation.start, quotation.end, "unverified", not_found)
            for quotation in quotations
            if comparable(quotation.text) in wanted
        ]
        block.children = marked(tokens, affordable(tokens, found, state.env["allowance"]))


def _pictures(state: StateCore) -> None:
    """Turn pictures into links, or into their description inside a link."""
    for block in state.tokens:
        for image in (token for token in block.children or () if token.type == "image"):
            image.type, image.content = "text", image.content or _("picture")
            image.meta = {"address": image.attrGet("src")}
        if block.children:
            block.children = _outside_links(block.children, _linked_picture)


def _linked_picture(token: Token) -> list[Token]:
    if "address" not in token.meta:
        return [token]
    opening = Token("link_open", "a", 1, attrs={"href": token.meta["address"]})
    return [opening, piece("text", token.content), Token("link_close", "a", -1)]


def _aligned(state: StateCore) -> None:
    """Give cells their alignment as a class instead of a style."""
    for cell in (token for token in state.tokens if token.type in ("td_open", "th_open")):
        style = str(cell.attrs.pop("style", ""))
        if (side := style.removeprefix("text-align:")) in ("center", "right"):
            cell.attrs["class"] = side


def _directions(state: StateCore) -> None:
    give_directions(state.tokens)


def _table_names(state: StateCore) -> None:
    """Name each table by its header, for people who cannot see it."""
    table, header = None, list[str]()
    for number, token in enumerate(state.tokens):
        if token.type == "table_open":
            table, header = token, []
        elif token.type == "th_open":
            header.append("".join(map(written, state.tokens[number + 1].children or ())).strip())
        elif token.type == "thead_close" and table:
            # Only what can be read aloud: passages are marked with characters that cannot.
            name = "".join(filter(str.isprintable, ", ".join(filter(None, header))))
            table.meta = {"name": _("Table: %(columns)s") % {"columns": name[:MAX_TABLE_NAME]} if name else _("Table")}


def _alert_titles(state: StateCore) -> None:
    """Give alerts their titles in the language of the page."""
    for before, title in pairwise(state.tokens):
        if before.type == "alert_title_open":
            for text in title.children or ():
                text.content = str(ALERTS[text.content]) if text.content in ALERTS else text.content


# How tokens are drawn


def drawn_by(draw: Callable[[Token, Allowance], str]) -> Callable[..., str]:
    """Return the rule of the renderer that draws a kind of token."""

    def rule(renderer: RendererHTML, tokens: Sequence[Token], index: int, options: object, env: Any) -> str:  # noqa: ANN401 - a rule's
        return draw(tokens[index], env["allowance"])

    return rule


def _item(token: Token, allowance: Allowance) -> str:
    """Draw the beginning of an item; a task begins with a box that nobody can tick."""
    tag = "<li" + "".join(f' {name}="{token.attrs[name]}"' for name in ("class", "dir") if name in token.attrs) + ">"
    if "checked" not in (token.meta or {}):
        return tag
    name, box = (_("Done"), 'checked="" ') if token.meta["checked"] else (_("To do"), "")
    return f'{tag}<input type="checkbox" disabled="" {box}aria-label="{escape(name)}"> '


def _note(token: Token, allowance: Allowance) -> str:
    direction = f' dir="{token.attrs["dir"]}"' if "dir" in token.attrs else ""
    return f'<div class="footnote"{direction}><sup>{escape(token.meta["label"], quote=False)}</sup>\n'


def _table(token: Token, allowance: Allowance) -> str:
    """Draw the beginning of a table in a frame that scrolls, so that it stays a table to screen readers."""
    direction = f' dir="{token.attrs["dir"]}"' if "dir" in token.attrs else ""
    name = escape((token.meta or {}).get("name", _("Table")))
    return f'<div class="table" role="region" aria-label="{name}" tabindex="0"><table{direction}>\n'


def _fence(token: Token, allowance: Allowance) -> str:
    """Draw a block of code: highlighted, or as a chart, once it is closed; plain while it is being written."""
    words = token.info.split()
    language = words[0] if words and LANGUAGE.fullmatch(words[0]) else ""
    if language == "chart" and is_closed(token) and allowance.afford(chart_drawing.price(token.content), token.content):
        return _chart(token.content)
    code = _highlighted(token.content, language, allowance) if language and is_closed(token) else ""
    attributes = f' data-language="{language}"' if language else ""
    return _code(code or escape(token.content, quote=False), token.content, attributes)


def _chart(source: str) -> str:
    """Draw a chart, or its source with the reason why it cannot be drawn."""
    if problem := chart_drawing.reason(source):
        return _code(escape(source, quote=False), source, ' data-language="chart"') + problem
    return chart_drawing.drawn_chart(source)


def is_closed(fence: Token) -> bool:
    first, end = fence.map or (0, 0)
    content_lines = fence.content.count("\n") + (0 if fence.content.endswith("\n") or not fence.content else 1)
    return end - first == content_lines + 2


def _highlighted(code: str, language: str, allowance: Allowance) -> str:
    """Return the highlighted code; empty if there is no lexer for it, or if it would cost too much."""
    lexer = lexer_of(language)
    if not lexer or len(code) > MAX_HIGHLIGHT:
        return ""
    if not allowance.afford(price(code, lexer, allowance.lexers), code):
        return ""
    allowance.lexers |= {lexer}
    return highlighted(code, lexer)


def code_html(text: str) -> str:
    """Return a block of code without colours."""
    return _code(escape(text, quote=False), text)


def _code(html: str, text: str, attributes: str = "") -> str:
    focus = ' tabindex="0"' if len(max(text.split("\n"), key=len)) > WIDE else ""
    return f'<div class="code"{attributes}><pre{focus}><code>{html}</code></pre></div>\n'


def new_parser() -> MarkdownIt:
    """Return a parser that draws as answers are drawn."""
    markdown = parsing.parser()
    for rule in (_pictures, _checked, _unverified, _citations, _aligned, _directions, _table_names, _alert_titles):
        markdown.core.ruler.push(rule.__name__, rule)
    looks: dict[str, Callable[[Token, Allowance], str]] = {
        "math_inline": lambda token, allowance: drawn_formula(token, "inline", allowance),
        "math_inline_double": lambda token, allowance: drawn_formula(token, "block", allowance),
        "math_block": lambda token, allowance: drawn_formula(token, "block", allowance),
        "fence": _fence,
        "table_open": _table,
        "table_close": lambda token, allowance: "</table></div>\n",
        "list_item_open": _item,
        "footnote": lambda token, allowance: f"<sup>{escape(token.content, quote=False)}</sup>",
        "footnote_reference_open": _note,
        "footnote_reference_close": lambda token, allowance: "</div>\n",
        "code_block": lambda token, allowance: code_html(token.content),
    }
    for kind, draw in looks.items():
        markdown.add_render_rule(kind, drawn_by(draw))
    return markdown


MARKDOWN = new_parser()
