"""What has come of one answer so far: the same for a reply with rows and for one outside any conversation."""

import time
from dataclasses import dataclass, field

from chat import measures
from chat.turns.values import RoutedTurn
from langai_site.characters import split_off_half, whole_characters
from langai_site.outbound.types import Delta
from langai_site.usage.types import Entry


@dataclass(kw_only=True)
class AnswerSoFar:
    """An answer that is being written. `written` is the part that already existed when this turn began.

    `began` and `words_since` are values of `time.monotonic()`; the latter is None until the model asked now has written
    a word. `half` is the first half of a character whose second half has not come.
    """

    entries: list[Entry] = field(default_factory=list)
    prepared: RoutedTurn | None = None
    written: str = ""
    text: str = ""
    half: str = ""
    truncated: bool = False
    began: float = field(default_factory=time.monotonic)
    words_since: float | None = None

    @property
    def model(self) -> str:
        """Return the name of the model that is asked; empty before one is chosen."""
        return self.prepared.model.name if self.prepared else ""

    @property
    def measured_model(self) -> str:
        """Return the same for metrics."""
        return self.model or measures.NO_MODEL

    def ask(self, prepared: RoutedTurn) -> None:
        """Start with the model of `prepared`. One that was asked before it failed before its first word."""
        self.prepared, self.words_since = prepared, None

    def take(self, delta: Delta) -> str:
        """Take a piece; return it in whole characters. Add them to `text`, as far as they are part of the answer."""
        piece, self.half = split_off_half(self.half + delta.text)
        self.truncated |= delta.truncated
        if self.words_since is None and delta.text and not delta.text.isspace():
            self.words_since = time.monotonic()
            measures.first_words(self.measured_model, self.began)
        return whole_characters(piece)

    def take_back(self) -> str:
        """Return what this turn has written, which turned out to be a thought. The answer begins only now."""
        thought = self.text.removeprefix(self.written) + self.half
        self.text, self.half, self.words_since = self.written, "", None
        return thought
