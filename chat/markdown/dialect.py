"""Pure: parts of markdown beyond CommonMark that models write: `<br>`, `<sub>`, `<sup>`, and footnotes.

A footnote stays where it was written, and its number is what was written: a note at the end of an answer must not
change the blocks before it, which are finished by then.
"""

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline
from mdit_py_plugins.footnote.index import footnote_def

_BREAK = re.compile(r"<br\s{0,3}/?>", re.IGNORECASE)
# An element of one line of text that does not contain itself; so nothing can be left open.
_SCRIPT = re.compile(r"<(su[bp])>((?:(?!</?\1>).){1,300}?)</\1>", re.IGNORECASE | re.DOTALL)
# In plain text `[^abc]` may be a class of characters: a note with a name is attached to a word.
_REFERENCE = re.compile(r"\[\^(?:(\d{1,3})|(?<=[^\s\[(|]\[\^)([A-Za-z][\w-]{0,29}))\](?![+*?{(])")
_DEFINITION = re.compile(r"\[\^[\w-]{1,30}\]:")


def inline_html(state: StateInline, silent: bool) -> bool:
    """Parse `<br>`, and `<sub>` and `<sup>` that are closed; every other tag stays text."""
    if found := _BREAK.match(state.src, state.pos, state.posMax):
        if not silent:
            state.push("hardbreak", "br", 0)
        state.pos = found.end()
        return True
    if max(map(state.html_terminator_last, ("</su", "</SU"))) < state.pos:
        return False
    script = _SCRIPT.match(state.src, state.pos, state.posMax)
    if not script:
        return False
    if not silent:
        _push_script(state, script)
    state.pos = script.end()
    return True


def _push_script(state: StateInline, script: "re.Match[str]") -> None:
    tag, limit = script[1].lower(), state.posMax
    state.push("script_open", tag, 1).markup = f"<{tag}>"
    state.pos, state.posMax = script.start(2), script.end(2)
    state.md.inline.tokenize(state)
    state.posMax = limit
    state.push("script_close", tag, -1).markup = f"</{tag}>"


def footnote_reference(state: StateInline, silent: bool) -> bool:
    """Parse `[^1]`, the number of a note."""
    found = _REFERENCE.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("footnote", "sup", 0).content = found[1] or found[2]
    state.pos = found.end()
    return True


def footnote(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    """Parse `[^1]: …`, a note, with its further paragraphs."""
    at = state.bMarks[start] + state.tShift[start]
    return bool(_DEFINITION.match(state.src, at, state.eMarks[start])) and footnote_def(state, start, end, silent)
