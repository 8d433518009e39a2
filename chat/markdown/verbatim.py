"""Pure: text that markdown shows as it is written, without links, pictures, formulas or citations coming of it."""

import re

# Unseen between a bracket and a number: what a document calls [1] is none of the answer's citations.
JOINER = "\N{WORD JOINER}"

_SIGNS = re.compile(r"[\\`*_~$<>&|\]]")
_LIST = re.compile(r"^(\s*)(?:([-+#=])|(\d{1,9})([.)]))", re.MULTILINE)
_NUMBERED = re.compile(r"\[(?=\d)")


def verbatim(text: str) -> str:
    """`text`, of one line or several, for a place in markdown where a paragraph may stand."""
    signed = _SIGNS.sub(lambda sign: f"\\{sign[0]}", _NUMBERED.sub(f"[{JOINER}", text))
    return _LIST.sub(_unlisted, signed)


def _unlisted(found: "re.Match[str]") -> str:
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}"
