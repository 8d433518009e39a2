"""Pure: counts features of a message without understanding it, in time proportional to its length."""

import re
from collections import Counter

from chat.routing.complexity.cues import kinds_in
from search.keywords.letters import IDEOGRAPHS, plain

# The request is in the first paragraph, at its beginning or end if it is long, or in a short last paragraph. Everything
# in between, in quotation marks or in code is material. A first paragraph shorter than GREETING only greets.
HEAD, TAIL, GREETING = 600, 300, 20
BLANK_LINE = re.compile(r"\n\s*\n")
QUOTES = '"\u201c\u201d\u201e\u00ab\u00bb'
MATERIAL = re.compile(rf"```.*?(?:```|\Z)|[{QUOTES}][^\n{QUOTES}]{{60,}}[{QUOTES}]", re.DOTALL)
# Characters that count as one word in scripts without spaces.
CHARACTERS_A_WORD = 1.7
UNSPACED = re.compile(f"[{IDEOGRAPHS}]+")
FENCED = re.compile(r"```[^\n`]*\n(.*?)(?:```|\Z)", re.DOTALL)
ITEM = re.compile(r"^[ \t]*+(?:[-*•]|\d{1,3}[.)])[ \t]", re.MULTILINE)
CODE_LINE = re.compile(
    r"""^[ \t]*+(?=\S)(?:
        Traceback | File[ ]" | [#]include | [$][ ] | [}\])]
        | (?:def|class|import|from|return|for|while|if|else|try|except|elif|func|fn|let|const|var|public|private|async
            |await|defer|raise)\b .* [:;(){}=]
        | (?:SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|GROUP[ ]BY|ORDER[ ]BY|HAVING|JOIN|CREATE)\b
        | [\w.\[\]]{1,60} (?: \( | [ ]?[:+-]?= )
        | .* (?: [{}] | \); ) [ \t]*$
    )""",
    re.MULTILINE | re.VERBOSE,
)


def counted(text: str, *, passages: int, history: int) -> Counter[str]:
    """Return how often each feature occurs; missing ones count 0. Cues are searched only in the part that asks."""
    ask = _ask(text)
    words = _words(ask)
    # Adding counters drops what is below 1.
    return Counter(kinds_in(ask)) + Counter(
        {
            "words": words,
            "material": _words(text) - words,
            "code": _lines_of_code(text),
            "items": len(ITEM.findall(text)),
            "questions": ask.count("?") + ask.count("\u061f") - 1,
            "clauses": sum(ask.count(mark) for mark in ",;:\u3001\u060c\u061b"),
            "passages": passages,
            "history": history,
        }
    )


def _ask(text: str) -> str:
    """Return the part of a message that says what is wanted, with punctuation of normal width."""
    paragraphs = BLANK_LINE.split(MATERIAL.sub("\n", text).strip())
    first = 1 if len(paragraphs[0]) >= GREETING else 2
    last = [paragraph for paragraph in paragraphs[first:][-1:] if len(paragraph) <= TAIL]
    ask = "\n".join((*paragraphs[:first], *last))
    if len(ask) > HEAD + TAIL:
        ask = f"{ask[:HEAD]}\n{ask[-TAIL:]}"
    # A single character can expand to a whole sentence, so it is cut again.
    return plain(ask)[: 2 * (HEAD + TAIL)]


def _words(text: str) -> int:
    unspaced = 0 if text.isascii() else sum(map(len, UNSPACED.findall(text)))
    return max(len(text.split()), round(unspaced / CHARACTERS_A_WORD))


def _lines_of_code(text: str) -> int:
    fenced: int = sum(block.strip().count("\n") + 1 for block in FENCED.findall(text))
    return fenced + len(CODE_LINE.findall(FENCED.sub("\n", text)))
