"""Pure: makes markdown show text as it is written, without links, pictures, formulas or citations."""

import re

# Invisible between a bracket and a number: [1] in a document is not a citation of the answer.
JOINER = "\N{WORD JOINER}"

_SIGNS = re.compile(r"[\\`*_~$<>&|\]]")
# Blanks of the same line only: read across lines, a text of empty lines would be read to its end from each of them.
_LIST = re.compile(r"^([^\S\n]*)(?:([-+#=:])|(\d{1,9})([.)]))", re.MULTILINE)
# Where addresses would become links.
_ADDRESS = re.compile(r":(?=//)|(?<=www)\.|@", re.IGNORECASE)
_NUMBERED = re.compile(r"\[(?=\d)")


def verbatim(text: str) -> str:
    """Return `text`, of one or several lines, escaped for a place in markdown where a paragraph may stand."""
    signed = _SIGNS.sub(lambda sign: f"\\{sign[0]}", _NUMBERED.sub(f"[{JOINER}", text))
    signed = _ADDRESS.sub(lambda sign: f"\\{sign[0]}", signed)
    return _LIST.sub(_unlisted, signed)


def _unlisted(found: "re.Match[str]") -> str:
    return f"{found[1]}\\{found[2]}" if found[2] else f"{found[1]}{found[3]}\\{found[4]}"
