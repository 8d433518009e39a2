"""Pure: the words of a markdown text without its signs, for the few lines of a search result.

A result shows a piece of a passage, which may begin and end anywhere. So the signs are taken out by what they look
like, line by line, and nothing is parsed.
"""

import re

# Lines that are only signs: rules, fences, and what separates a table's head.
_SIGNS_ONLY = re.compile(
    r"^(?:[ \t]*(?:[-*_=]{3,}|(?:```+|~~~+)[^\n]{0,40})[ \t]*|(?=[^\n]*--)[ \t:|-]+)$", re.MULTILINE
)
_BEGINNING = re.compile(r"^[ \t]*(?:>[ \t]?)*(?:#{1,6}[ \t]+|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)?", re.MULTILINE)
_CLOSING = re.compile(r"(?<![ \t])[ \t]+#+[ \t]*$", re.MULTILINE)
_LINK = re.compile(r"!?\[([^\[\]\n]{0,300})\]\((?:[^()\n]|\([^()\n]*\)){0,500}\)")
_ANGLE = re.compile(r"<(https?://[^<>\s]{1,500}|[\w.+-]{1,64}@[\w.-]{1,200})>")
_EMPHASIS = re.compile(r"(?<!\\)(?:\*{1,3}(?=\S)|(?<=\S)\*{1,3}|(?<!\w)_{1,3}(?=\w)|(?<=\w)_{1,3}(?!\w)|~~|`+)")
_BARS = re.compile(r"[ \t]*\|[ \t]*")
_ESCAPED = re.compile(r"\\([!-/:-@\[-`{-~])")
_ROW = re.compile(r"^[ \t]*\|.*$", re.MULTILINE)


def plain_words(text: str) -> str:
    """Return `text` without the signs of markdown; cells of a table are separated by dots."""
    text = _BEGINNING.sub("", _SIGNS_ONLY.sub("", text))
    text = _ROW.sub(lambda row: _BARS.sub(" · ", row[0].strip().strip("|").strip()), text)
    text = _ANGLE.sub(r"\1", _LINK.sub(r"\1", _LINK.sub(r"\1", _CLOSING.sub("", text))))
    text = _ESCAPED.sub(r"\1", _EMPHASIS.sub("", text))
    return re.sub(r"\n{3,}", "\n\n", text).strip()
