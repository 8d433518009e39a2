"""Pure: limits how much work drawing a text may cause.

Work is counted in units of about a microsecond on the machine where the prices were measured. Clocks are not used,
because a stream, a reload and a busy machine must all show the same.

A text saves up as it goes: each character earns `PER_CHAR`, and what ordinary blocks do not use is saved, up to `MOST`.
So an answer of any length is drawn in full, while a text that was made to be costly soon has nothing left.

Formulas cost most and scientific answers are full of them. So each text has `FORMULAS` more for them alone, which its
characters fill up again, and a formula that is repeated costs little.
"""

MOST, PER_CHAR = 10_000.0, 1.75
FORMULAS, FORMULAS_PER_CHAR = 10_000.0, 0.4
# Prices: of a top-level block, a line that is read, a step of the parser, the same step again, a token that becomes
# HTML, a link or what looks like the beginning of one, a link to a cited passage, and the mark of a piece of a
# quotation.
BLOCK, LINE, STEP, AGAIN, TOKEN, LINK, CITE, MARK = 16.0, 3.0, 1.5, 1.0, 4.5, 20.0, 9.0, 18.0


class Allowance:
    """What a text may still spend; the text is read block by block. `used` is the total cost so far."""

    def __init__(self, left: float = MOST) -> None:
        self.left, self.used = left, 0.0
        # Whether something was not drawn because it would have cost too much.
        self.is_short = False
        self.lexers: frozenset[str] = frozenset()
        # Formulas and code: their results are cached for a while.
        self.made: set[str] = set()
        # What is left for formulas alone, and the HTML of those in the text so far, by display and source.
        self.for_formulas = FORMULAS
        self.formulas: dict[tuple[str, str], str] = {}
        self._start = self._tokens = 0

    def copy(self) -> "Allowance":
        """Return a copy of the allowance, to be spent on an attempt."""
        other = Allowance(self.left)
        other.lexers, other.made = self.lexers, self.made
        other.for_formulas, other.formulas = self.for_formulas, self.formulas.copy()
        return other

    def begin(self, start: int) -> None:
        """Begin a block at that character of the text; unused allowance is kept, up to MOST."""
        self.left = min(self.left, MOST)
        self.spend(BLOCK)
        self._start, self._tokens = start, 0

    def covers(self, end: int, reserve: float = 0.0) -> bool:
        """Return whether more than `reserve` would be left if the block ended at that character."""
        return self.left + PER_CHAR * (end - self._start) > reserve

    def earn(self, end: int) -> None:
        """Add what the characters of the block earn, once its end is known."""
        self.left += PER_CHAR * (end - self._start)
        self.for_formulas = min(FORMULAS, self.for_formulas + FORMULAS_PER_CHAR * (end - self._start))

    @property
    def fell_short(self) -> bool:
        """Return whether the text would look different with a larger allowance."""
        return self.is_short or self.left <= 0

    def spend(self, units: float) -> None:
        self.left -= units
        self.used += units

    def afford(self, units: float, source: str = "") -> bool:
        """Spend `units` if they are left; return whether they were. `used` counts the same `source` only once."""
        if units > self.left:
            self.is_short = True
            return False
        self.left -= units
        self.used += 0.0 if source in self.made else units
        self.made |= {source} - {""}
        return True

    def afford_formula(self, units: float, source: str = "") -> bool:
        """Do the same for a formula: first from what is there for formulas alone, which is little and not counted."""
        extra = min(units, self.for_formulas)
        if extra < units and not self.afford(units - extra, source):
            return False
        self.for_formulas -= extra
        return True

    def line(self, tokens: int) -> None:
        """Charge for a line of a block that consists of `tokens` tokens so far."""
        self.spend(LINE + TOKEN * (tokens - self._tokens))
        self._tokens = tokens
