r"""Pure: finds formulas: `$ … $`, `$$ … $$`, `\( … \)`, `\[ … \]`, and environments that stand alone.

A dollar is also the sign of money and of variables. Between two of them a formula is only what cannot be either.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.dollarmath.index import math_block_dollar, math_inline_dollar

MAX_FORMULA_LINES = 50
# Where a formula may begin that takes whole lines.
BEGINNING = re.compile(r"\$\$|\\\[|\\begin\{")
_ENVIRONMENT = re.compile(
    r"\\begin\{((?:align|aligned|alignat|equation|gather|gathered|multline|eqnarray|split|cases|[pbvBV]?matrix)\*?)\}"
)
# What may follow a formula at once: the endings of "the $n$th" and "the $x$s", but no other word, as in `$A:$B`.
_ENDING = re.compile(r"(?:th|st|nd|rd|s)(?![A-Za-z0-9])|(?![A-Za-z0-9{(\[_$])")
_IN_BRACES = re.compile(r"\{[^{}]*\}")
_COMMAND = re.compile(r"\\[A-Za-z]+")
# Words beside each other, or one that is written without blanks between words: that is a sentence.
_SENTENCE = re.compile(
    r"(?<![^\W\d_])(?:[^\W\d_]{2,}+[^\w\s]?\s++[^\W\d_]{2}|[^\W\d_]{4,}+[^\w\s]?\s++[^\W\d_])"
    r"|[\u3040-\u9fff\uac00-\ud7ff]"
)
_AMOUNT = re.compile(r"\d[\d.,]*\s?(?:[kKmMbB]\b)?")
_WORD = re.compile(r"[^\W\d_]{2,}")
_OPERATOR = re.compile(r"[-+*/=<>^_\\|]")

_block_formula = math_block_dollar(allow_labels=False, allow_blank_lines=False)
_dollar_maths = math_inline_dollar(allow_space=False, allow_digits=False, allow_double=True)


def block_formula(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse a formula over a few lines. If it is never closed, every line would otherwise be read to the end."""
    at = state.bMarks[start] + state.tShift[start]
    if not BEGINNING.match(state.src, at) or state.is_code_block(start):
        return False
    state.env["allowance"].spend(MAX_FORMULA_LINES)
    limit = min(end, start + MAX_FORMULA_LINES)
    if state.src.startswith("$$", at):
        return not silent and _block_formula(state, start, limit, silent)
    return _bracketed(state, start, limit, silent)


def _bracketed(state: StateBlock, start: int, limit: int, silent: bool) -> bool:
    first = _line(state, start)
    environment = _ENVIRONMENT.match(first)
    if not environment and not first.startswith("\\["):
        return False
    closer = f"\\end{{{environment[1]}}}" if environment else "\\]"
    lines: list[str] = []
    for number in range(start, limit):
        if state.isEmpty(number) or (number > start and state.sCount[number] < state.blkIndent):
            return False
        lines.append(_line(state, number))
        if closer in lines[-1]:
            break
    if not lines[-1].endswith(closer):
        return False
    if not silent:
        state.line = start + len(lines)
        token = state.push("math_block", "math", 0)
        source = "\n".join(lines)
        token.block, token.map = True, [start, state.line]
        token.content = source if environment else source[2:-2]
    return True


def _line(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]].rstrip()


def bracket_maths(state: StateInline, silent: bool) -> bool:
    r"""Parse `\( … \)` and `\[ … \]`, which many models write for `$ … $` and `$$ … $$`."""
    closer = {"\\(": "\\)", "\\[": "\\]"}.get(state.src[state.pos : state.pos + 2])
    if not closer or state.html_terminator_last(closer) < state.pos + 2:
        return False
    end = state.src.find(closer, state.pos + 2, state.posMax)
    if end < 0:
        return False
    if not silent:
        token = state.push("math_inline" if closer == "\\)" else "math_block", "math", 0)
        token.content = state.src[state.pos + 2 : end]
    state.pos = end + 2
    return True


def dollar_maths(state: StateInline, silent: bool) -> bool:
    """Parse `$ … $` and `$$ … $$`. At position 0 the library would take the text's last character as the previous."""
    start, source = state.pos, state.src
    if start == 0:
        state.src = f"{source} "
    found = _dollar_maths(state, True)
    state.src = source
    if not found:
        return False
    size = 2 if source.startswith("$$", start) else 1
    content = source[start + size : state.pos - size]
    before, after = source[max(0, start - 1) : start], source[state.pos : state.pos + 8]
    if state.pos > state.posMax or (size == 1 and not _is_formula(content, before, after)):
        state.pos = start
        return False
    if not silent:
        token = state.push("math_inline_double" if size == 2 else "math_inline", "math", 0)
        token.content, token.markup = content, "$" * size
    return True


def _is_formula(content: str, before: str, after: str) -> bool:
    """Return whether what stands between two dollars is a formula, not an amount, a variable or a sentence."""
    if (before.isascii() and before.isalnum()) or not _ENDING.match(after):
        return False
    bare = _COMMAND.sub("\\\\", _IN_BRACES.sub("", content))
    if _SENTENCE.search(bare):
        return False
    amount = _AMOUNT.match(bare)
    rest = bare[amount.end() :] if amount else ""
    if not rest:
        return True
    # `$5 per month, or 10$`: an amount that goes on in words, or with a blank and no sign of a calculation.
    return not _WORD.search(rest) and (not re.search(r"\s", rest) or bool(_OPERATOR.search(rest)))
