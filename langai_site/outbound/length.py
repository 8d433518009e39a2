"""Pure: cuts an answer that goes far beyond the requested length.

Providers are told `max_tokens`, and most keep to it. One that does not would be paid, stored and drawn without end.
"""

from dataclasses import replace

from langai_site.outbound import tokens
from langai_site.outbound.types import Delta

# A token is four bytes on average. Runs of blanks and some scripts have longer ones, but no answer worth reading
# consists of those alone: the limit is far above what `max_tokens` tokens take, so that no honest answer reaches it.
MOST_BYTES_A_TOKEN = 32
LEAST_BYTES = 4_096


class LengthLimit:
    """Counts the bytes of one answer. `reached` is set once there are more than `max_tokens` tokens can have."""

    def __init__(self, max_tokens: int) -> None:
        self._room = max(LEAST_BYTES, max_tokens * MOST_BYTES_A_TOKEN)
        self.reached = False

    def within(self, delta: Delta) -> Delta:
        """Return as much of `delta` as there is room for; the last one is marked as truncated."""
        size = tokens.size(delta.text)
        if size <= self._room:
            self._room -= size
            return delta
        self.reached = True
        cut = delta.text.encode("utf-8", "surrogatepass")[: self._room].decode("utf-8", "ignore")
        return replace(delta, text=cut, truncated=True)
