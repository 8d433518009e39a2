"""Pure: parses markdown into blocks of tokens, within the text's allowance.

The parser is markdown-it's, with three differences: inline rules are selected by the character that they start with,
their work is charged to the text's allowance, and once that is used up, or blocks are nested too deep, text is shown as
it was written. Nothing is ever left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from markdown_it import MarkdownIt
from markdown_it.parser_block import RuleFuncBlockType
from markdown_it.parser_inline import ParserInline, RuleFuncInlineType
from markdown_it.rules_block import StateBlock, table
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token
from markdown_it.utils import EnvType
from mdit_py_plugins.deflist import deflist_plugin
from mdit_py_plugins.dollarmath import dollarmath_plugin

from chat.markdown.addresses import BEGINNING, HINT, bare_address
from chat.markdown.allowance import AGAIN, LINK, MOST, STEP, TOKEN, Allowance
from chat.markdown.destinations import HELPERS
from chat.markdown.dialect import footnote, footnote_reference, inline_html
from chat.markdown.emphasis import EmphasisState
from chat.markdown.maths import block_formula, bracket_maths, dollar_maths

ADDRESS = re.compile(r"(?:https?://|mailto:)", re.IGNORECASE)
# The deepest nesting of blocks in blocks, and of emphasis in emphasis.
DEEPEST = 20
MAX_COLUMNS, MAX_TERM_LINES = 100, 50
# Lines are shown as written until this much has been saved up again, and then until the next empty line.
RESERVE = MOST / 4
# The characters that inline rules start with.
BEGINNINGS = {
    **{"newline": "\n", "bracket_maths": "\\", "escape": "\\", "math_inline": "$", "backticks": "`"},
    **{"strikethrough": "~", "emphasis": "*_", "link": "[", "image": "!", "autolink": "<", "entity": "&"},
    **{"inline_html": "<", "footnote_reference": "["},
}
# All characters that end plain text, including the bracket that ends a link's label.
_SIGNS = "[" + re.escape("".join(BEGINNINGS.values()) + "]") + "]"
SIGN = re.compile(_SIGNS)
# The same with what may begin an address, for texts that contain a hint of one.
SIGN_OR_ADDRESS = re.compile(f"{_SIGNS}|{BEGINNING}", re.IGNORECASE)


@dataclass(frozen=True)
class Block:
    """A top-level block without its inline content, see `read_inline`. It ends where the next one begins.

    `next_line` is the number of the line that it ends before.
    """

    tokens: list[Token]
    end: int
    next_line: int
    is_last: bool


def environment(allowance: Allowance | None = None, **rest: object) -> dict[str, Any]:
    """Return the environment of the rules: what they know of the text that they read."""
    return {"allowance": allowance or Allowance(), **rest}


def blocks(text: str, markdown: MarkdownIt, env: dict[str, Any]) -> Iterator[Block]:
    """Yield the blocks of `text`. Handle each before taking the next: what that may cost depends on it."""
    allowance: Allowance = env["allowance"]
    state, rules = StateBlock(text, markdown, env, []), markdown.block.ruler.getRules("")
    start, line = 0, state.skipEmptyLines(0)
    while line < state.lineMax:
        # The rule for lists counts lines from here. A text that starts with this block must be parsed the same way.
        state.line, state.tokens = line, []
        allowance.begin(start)
        any(rule(state, line, state.lineMax, False) for rule in rules)
        line = state.skipEmptyLines(state.line)
        start = state.bMarks[line]
        allowance.line(len(state.tokens))
        allowance.earn(start)
        yield Block(state.tokens, start, line, line >= state.lineMax)


def read_inline(block: Block, markdown: MarkdownIt, env: dict[str, Any]) -> list[Token]:
    """Return the tokens of a block including its inline content."""
    state = StateCore("", markdown, env, block.tokens)
    markdown.core.process(state)
    return state.tokens


class InlineParser(ParserInline):
    """Charges each step to the allowance; once that is used up, the rest is plain text."""

    def __init__(self, markdown: MarkdownIt) -> None:
        super().__init__()
        self.ruler, self.ruler2 = markdown.inline.ruler, markdown.inline.ruler2
        self.terminator_re = SIGN
        self._by_sign: dict[str, tuple[RuleFuncInlineType, ...]] = {}
        self._address = (paid(bare_address),)

    def arrange(self) -> None:
        """Sort the rules by the characters that they start with, once all rules are registered."""
        named = dict(zip(self.ruler.get_active_rules(), self.ruler.getRules(""), strict=True))
        for sign in {*"".join(BEGINNINGS.values()), "]"}:
            rules = [rule for name, rule in named.items() if sign in BEGINNINGS.get(name, "")]
            self._by_sign[sign] = tuple(map(paid, rules) if sign in "[!<" else rules)

    def parse(self, src: str, md: MarkdownIt, env: EnvType, tokens: list[Token]) -> list[Token]:
        allowance: Allowance = env["allowance"]
        sign = SIGN_OR_ADDRESS if HINT.search(src) else SIGN
        if allowance.left > 0 and sign.search(src):
            allowance.spend(TOKEN)
            state = EmphasisState(src, md, env, tokens)
            state.sign = sign
            self.tokenize(state)
            for rule in self.ruler2.getRules(""):
                rule(state)
            return state.tokens
        if src:
            allowance.spend(STEP)
            tokens.append(Token("text", "", 0, content=src))
        return tokens

    def tokenize(self, state: StateInline) -> None:
        allowance: Allowance = state.env["allowance"]
        while state.pos < state.posMax:
            start = self._text_end(state) if allowance.left > 0 else state.posMax
            if start > state.pos:
                state.append_pending(state.src[state.pos : start])
                state.pos = start
                continue
            known = len(state.tokens)
            if not self._try_rules(state, silent=False):
                state.append_pending(state.src[start])
                state.pos = start + 1
            allowance.spend(STEP + TOKEN * (len(state.tokens) - known))
        if state.pending:
            state.pushPending()

    def _text_end(self, state: StateInline) -> int:
        sign = state.sign.search(state.src, state.pos, state.posMax)  # type: ignore[attr-defined]
        return sign.start() if sign else state.posMax

    def _try_rules(self, state: StateInline, *, silent: bool) -> bool:
        """Try the rules for the character at this position."""
        if state.level < DEEPEST:
            for rule in self._by_sign.get(state.src[state.pos], self._address):
                if rule(state, silent):
                    return True
        return False

    def skipToken(self, state: StateInline) -> None:  # noqa: N802 - the library's name
        """Skip what is here without making tokens of it."""
        allowance, start = state.env["allowance"], state.pos
        allowance.spend(AGAIN if start in state.cache else STEP)
        if allowance.left <= 0:
            state.pos = state.posMax
            return
        if start not in state.cache:
            state.cache[start] = self._skipped(state)
        state.pos = state.cache[start]

    def _skipped(self, state: StateInline) -> int:
        start, text_end = state.pos, self._text_end(state)
        if text_end > start:
            return text_end
        if state.level >= DEEPEST:
            return state.posMax
        state.level += 1
        found = self._try_rules(state, silent=True)
        state.level -= 1
        return state.pos if found else start + 1


# Rules for blocks


def plain_lines(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Keep lines as they were written, if the allowance is used up or they are nested too deep."""
    allowance: Allowance = state.env["allowance"]
    if silent:
        allowance.line(len(state.tokens))
    if state.level < DEEPEST and allowance.covers(state.eMarks[start]):
        return False
    if not silent:
        state.line = _end_of_plain(state, start, end)
        token = state.push("code_block", "code", 0)
        token.content = state.getLines(start, state.line, state.blkIndent, True)
        token.map = [start, state.line]
    return True


def _end_of_plain(state: StateBlock, start: int, end: int) -> int:
    allowance, line, last = state.env["allowance"], start, start
    while line < end:
        if state.isEmpty(line):
            if allowance.covers(state.eMarks[line], RESERVE):
                break
        elif state.sCount[line] < state.blkIndent:
            break
        else:
            last = line
        line += 1
    return last + 1


def narrow_table(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a table unless it has more columns than anybody reads: each adds a cell to every row."""
    under = start + 1
    if under < end and state.src.count("|", state.bMarks[under], state.eMarks[under]) > MAX_COLUMNS:
        return False
    return table(state, start, end, silent)


def _terms() -> RuleFuncBlockType:
    """Return the plugin's rule for terms and what they mean, which it registers itself."""
    markdown = MarkdownIt("commonmark").use(deflist_plugin)
    named = dict(zip(markdown.block.ruler.get_active_rules(), markdown.block.ruler.getRules(""), strict=True))
    return named["deflist"]


_any_terms = _terms()


def short_terms(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse terms and what they mean, a few lines at a time: the rule goes on however much they cost."""
    return _any_terms(state, start, min(end, start + MAX_TERM_LINES), silent)


# Rules for what lines hold


def paid(rule: RuleFuncInlineType) -> RuleFuncInlineType:
    """Wrap a rule for links or pictures: reading an address costs more than other steps, above all if it is none."""

    def paying(state: StateInline, silent: bool) -> bool:
        found = rule(state, silent)
        if found or state.html_terminator_last("](") > state.pos:
            state.env["allowance"].spend(LINK)
        return found

    return paying


def shallow(state: StateInline) -> None:
    """Turn emphasis into text where it is nested deeper than anybody can see."""
    opened: list[bool] = []
    for token in state.tokens:
        if token.nesting > 0:
            opened.append(len(opened) >= DEEPEST and token.type != "link_open")
        if opened.pop() if token.nesting < 0 else token.nesting > 0 and opened[-1]:
            token.type, token.tag, token.nesting, token.content = "text", "", 0, token.markup


def parser() -> MarkdownIt:
    """Return the parser, without rules about whole blocks of inline content and without rules for drawing."""
    markdown = MarkdownIt("commonmark", {"html": False, "maxNesting": DEEPEST + 3})
    markdown.options.update({"breaks": True, "tasklists": True, "alerts": True})
    markdown.enable(["table", "strikethrough"])
    markdown.disable(["normalize", "block", "reference", "html_block", "html_inline"])
    dollarmath_plugin(markdown)
    rules = markdown.block.ruler
    rules.at("table", narrow_table, {"alt": ["paragraph", "reference"]})
    rules.at("math_block", block_formula, {"alt": ["paragraph", "reference", "blockquote", "list"]})
    rules.before("paragraph", "deflist", short_terms, {"alt": ["paragraph", "reference", "blockquote"]})
    rules.before("paragraph", "footnote", footnote, {"alt": ["paragraph", "reference", "blockquote"]})
    rules.before("table", "plain_lines", plain_lines, {"alt": ["paragraph", "blockquote", "list"]})
    markdown.inline.ruler.at("math_inline", dollar_maths)
    markdown.inline.ruler.before("escape", "bracket_maths", bracket_maths)
    markdown.inline.ruler.before("link", "footnote_reference", footnote_reference)
    markdown.inline.ruler.push("inline_html", inline_html)
    markdown.inline.ruler2.before("fragments_join", "shallow", shallow)
    markdown.helpers = HELPERS  # type: ignore[assignment]
    markdown.inline = InlineParser(markdown)
    markdown.inline.arrange()
    markdown.validateLink = lambda address: bool(ADDRESS.match(address))  # type: ignore[method-assign, assignment]
    return markdown
