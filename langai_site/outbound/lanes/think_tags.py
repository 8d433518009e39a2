"""Pure: separates thinking from text if a server sends both as text.

Local servers without a parser for their model send the marks that the model writes around its thoughts.
"""

import re

from langai_site.outbound.lanes.events import Event, TextDelta, ThinkingDelta, ThoughtSoFar

HARMONY_END = "<|end|><|start|>assistant<|channel|>final<|message|>"
# The marks at the beginning and the end of a thought, in lower case.
PAIRS = {
    **{f"<{name}>": f"</{name}>" for name in ("think", "thinking", "thought", "thoughts", "reasoning", "reason")},
    "[think]": "[/think]",  # Mistral's Magistral
    "◁think▷": "◁/think▷",  # Kimi-VL
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "<|begin_of_think|>": "<|end_of_think|>",
    "<|think|>": "<|/think|>",
    "<unused94>thought": "<unused95>",  # MedGemma
    "<seed:think>": "</seed:think>",
    "<|channel>thought": "<channel|>",  # Gemma 4
    "<|channel|>analysis<|message|>": HARMONY_END,  # gpt-oss, as mlx-lm's server sends it
    "<|start|>assistant<|channel|>analysis<|message|>": HARMONY_END,
}
# Marks before an answer without a thought.
EMPTY = ("<|channel|>final<|message|>", "<|start|>assistant<|channel|>final<|message|>")
OPENINGS = (*PAIRS, *EMPTY)
LONGEST_OPENING = max(map(len, OPENINGS))
# The end of a thought whose beginning is in the prompt, so that the server does not send it.
LONE = "</think>"
LONE_OPENING = re.compile("<think>", re.IGNORECASE)
# Characters of an answer that are searched for such an end: longer thoughts are rare, and so are answers about tags.
FIRST_PART = 2**17
# After a quote, a mark is only mentioned.
QUOTES = ('"', "'", "“", "\u2018", "`")
# The most white space before a mark; with more, the mark is text.
MOST_BLANKS = 256


class ThinkSplitter:
    """Splits the text of one answer, however it is cut into deltas.

    A mark counts only at the start of the text, after white space or another thought. In the middle of an answer, such
    as in a code block about it, it stays text. A thought without an end lasts to the end of the text.
    """

    def __init__(self, *, opened: bool = False) -> None:
        """`opened`: the model's template opens the thought, so the text begins inside one."""
        self._held = ""
        self._closing = ""
        self._is_opened = opened
        self._is_at_start = True
        self._is_after_thought = False
        self._is_blank_dropped = False
        self._lone: _LoneEnd | None = _LoneEnd()

    def expect_text(self) -> None:
        """Take back `opened`, because the server separates thinking from text itself."""
        self._is_opened = False

    def feed(self, text: str) -> list[Event]:
        """Return the events of `text`. The beginning of what may be a mark is held back."""
        found: list[Event] = []
        while text:
            if self._closing:
                text = self._think(text, found)
            elif self._is_at_start:
                text = self._start(text, found)
            elif self._lone is not None:
                text = self._search(text, found)
            else:
                found.append(TextDelta(text))
                text = ""
        return found

    def close(self) -> list[Event]:
        """Return what was held back: it was not a mark."""
        held, self._held = self._held, ""
        if self._closing:
            return [ThinkingDelta(held)] if held else []
        if not held:
            return []
        return [ThinkingDelta(held) if self._is_opened else TextDelta(held)]

    def _start(self, text: str, found: list[Event]) -> str:
        """Decide whether the text begins with a mark; return what is still to be read."""
        text, self._held = self._held + text, ""
        stripped = text.lstrip()
        head = stripped[: LONGEST_OPENING + 1].lower()
        is_near = self._is_after_thought or len(text) - len(stripped) <= MOST_BLANKS
        opening = next((opening for opening in OPENINGS if head.startswith(opening)), "")
        if opening and is_near:
            self._is_blank_dropped, self._is_opened = True, False
            if opening in EMPTY:
                self._is_at_start, self._lone = False, None
                return stripped[len(opening) :]
            self._closing = PAIRS[opening]
            return stripped[len(opening) :]
        if is_near and any(opening.startswith(head) for opening in OPENINGS):
            self._held = stripped if self._is_after_thought else text
            return ""
        if self._is_opened:
            self._closing, self._is_blank_dropped, self._is_opened = LONE, True, False
            return text
        self._is_at_start = False
        return stripped if self._is_after_thought else text

    def _think(self, text: str, found: list[Event]) -> str:
        """Add thinking up to its end; return what follows."""
        text, self._held = self._held + text, ""
        if self._is_blank_dropped:
            text = text.lstrip()
            self._is_blank_dropped = not text
        at = _find(text, self._closing)
        if at < 0:
            thought = text[: _mark_begins(text, self._closing)]
            self._held = text[len(thought) :]
        else:
            thought = text[:at]
            text = text[at + len(self._closing) :]
            self._closing = ""
            self._is_at_start = self._is_after_thought = True
            self._lone = None
        if thought:
            found.append(ThinkingDelta(thought))
        return text if at >= 0 else ""

    def _search(self, text: str, found: list[Event]) -> str:
        """Add text, and search for the end of a thought without a beginning; return what follows."""
        lone = self._lone
        if lone is None or ("<" not in text and not self._held):
            if lone is not None and not lone.pass_over(text):
                self._lone = None
            found.append(TextDelta(text))
            return ""
        text, self._held = self._held + text, ""
        at = _find(text, LONE)
        given = text[:at] if at >= 0 else text[: _mark_begins(text, LONE)]
        is_searched = lone.pass_over(given)
        if at < 0:
            self._held = text[len(given) :]
        if given:
            found.append(TextDelta(given))
        if at < 0:
            return ""
        if is_searched and lone.is_end_here():
            found.append(ThoughtSoFar())
            self._is_at_start = self._is_after_thought = True
            self._lone = None
            return text[at + len(LONE) :]
        mark = text[at : at + len(LONE)]
        found.append(TextDelta(mark))
        if not is_searched or not lone.pass_over(mark):
            self._lone = None
        return text[at + len(LONE) :]


class _LoneEnd:
    """Decides whether `</think>` ends a thought or is only mentioned: in code, or after a mark that opens it."""

    def __init__(self) -> None:
        self._room = FIRST_PART
        self._is_in_code = False
        self._is_opened = False
        self._tail = ""

    def pass_over(self, text: str) -> bool:
        """Read text before the mark. Return whether later marks still count."""
        self._room -= len(text)
        if "`" in text:
            self._is_in_code ^= text.count("`") % 2 == 1
        tail = self._tail + text
        if ">" in text and LONE_OPENING.search(tail):
            self._is_opened = True
        self._tail = tail[-len("<think>") :]
        return self._room > 0 and not self._is_opened

    def is_end_here(self) -> bool:
        """Return whether the mark that follows ends a thought."""
        return not self._is_opened and not self._is_in_code and not self._tail.endswith(QUOTES)


def _find(text: str, mark: str) -> int:
    """Return the position of `mark`, which is in lower case, in any case of letters; -1 if it is missing."""
    if mark[0] not in text:
        return -1
    match = re.search(re.escape(mark), text, re.IGNORECASE | re.ASCII)
    return match.start() if match else -1


def _mark_begins(text: str, mark: str) -> int:
    """Return where the end of `text` may be the beginning of `mark`; otherwise the text's length."""
    at = max(0, len(text) - len(mark) + 1)
    while (at := text.find(mark[0], at)) >= 0:
        if mark.startswith(text[at:].lower()):
            return at
        at += 1
    return len(text)
