"""Pure: how much work a text may cause when it is drawn.

Work is counted in units, each about a microsecond of the machine that the prices were measured on. Clocks decide
nothing: a stream, a reload and a busy machine must all show the same.

A text saves up as it goes: each of its characters earns `PER_CHAR`, and what ordinary blocks leave over is kept, up to
`MOST`. So an answer of any length is drawn in full, while a text made to be costly soon has nothing left.
"""

MOST, PER_CHAR = 10_000.0, 1.75
# What things cost: a block of the top level, a line that is looked at, a step of the parser, the same step again,
# something that becomes HTML, a link or what looks like the beginning of one, a link to a cited passage, and the mark
# of a piece of a quotation.
BLOCK, LINE, STEP, AGAIN, TOKEN, LINK, CITE, MARK = 16.0, 3.0, 1.5, 1.0, 4.5, 20.0, 9.0, 18.0


class Allowance:
    """What is left for a text, which is read block by block. `used` is what all of it has cost."""

    def __init__(self, left: float = MOST) -> None:
        self.left, self.used = left, 0.0
        # Whether something was not made because it would have cost too much.
        self.is_short = False
        self.lexers: frozenset[str] = frozenset()
        # Formulas and code: what was once made of them is kept for a while.
        self.made: set[str] = set()
        self._start = self._tokens = 0

    def copy(self) -> "Allowance":
        """The same allowance, to be spent on an attempt."""
        other = Allowance(self.left)
        other.lexers, other.made = self.lexers, self.made
        return other

    def begin(self, start: int) -> None:
        """Begin a block at that character of the text; what was not used is kept."""
        self.left = min(self.left, MOST)
        self.spend(BLOCK)
        self._start, self._tokens = start, 0

    def covers(self, end: int, reserve: float = 0.0) -> bool:
        """Whether more than `reserve` would be left if the block ended at that character."""
        return self.left + PER_CHAR * (end - self._start) > reserve

    def earn(self, end: int) -> None:
        """Add what the characters of the block earn, now that it is known where it ends."""
        self.left += PER_CHAR * (end - self._start)

    @property
    def fell_short(self) -> bool:
        """Whether the text would look otherwise if it had had more."""
        return self.is_short or self.left <= 0

    def spend(self, units: float) -> None:
        self.left -= units
        self.used += units

    def afford(self, units: float, source: str = "") -> bool:
        """Spend so much if it is there; whether it was. What is made of one `source` is used once only."""
        if units > self.left:
            self.is_short = True
            return False
        self.left -= units
        self.used += 0.0 if source in self.made else units
        self.made |= {source} - {""}
        return True

    def line(self, tokens: int) -> None:
        """A line was looked at, in a block that has become so many tokens by now."""
        self.spend(LINE + TOKEN * (tokens - self._tokens))
        self._tokens = tokens
