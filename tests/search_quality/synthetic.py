"""Pure: as many passages as are wanted, all made up, for measuring speed. They say nothing about quality.

Words follow Zipf's law, as those of real text do: the frequent ones are the evaluation set's, the rare ones are
made of syllables. Vectors are those of real passages with noise, so that a question is near to some of them.
"""

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

WORDS = 60_000
LENGTHS = 50, 110
# Of a vector's length; the rest is noise. A question is then about as near as it is to a passage that half fits.
REAL = 0.75
SYLLABLES = [consonant + vowel for consonant in "bdfgklmnprstvz" for vowel in "aeiou"]


class Prose:
    """Passages in words that follow Zipf's law; the same seed gives the same ones."""

    def __init__(self, texts: Iterable[str], seed: int = 0) -> None:
        counts = Counter(word for text in texts for word in text.split())
        common = [word for word, _count in counts.most_common()]
        self._words = np.array(common + [made_up(number) for number in range(WORDS - len(common))], dtype=object)
        shares = 1 / np.arange(1, len(self._words) + 1)
        self._reach = np.cumsum(shares / shares.sum())
        self._random = np.random.default_rng(seed)

    def passages(self, count: int) -> list[str]:
        lengths = self._random.integers(*LENGTHS, count)
        places = np.searchsorted(self._reach, self._random.random(int(lengths.sum())))
        words = self._words[np.minimum(places, len(self._words) - 1)]
        return [" ".join(part) for part in np.split(words, np.cumsum(lengths)[:-1])] if count else []

    def rare(self, count: int) -> list[str]:
        """Words from the rarest half, for questions that differ from one another."""
        return list(self._random.choice(self._words[len(self._words) // 2 :], count))


def made_up(number: int) -> str:
    """A word of its own for each number."""
    word = SYLLABLES[number % len(SYLLABLES)]
    while number := number // len(SYLLABLES):
        word += SYLLABLES[number % len(SYLLABLES)]
    return word + "x"


def near(vectors: np.ndarray, count: int, seed: int = 0) -> np.ndarray:
    """Unit vectors, each near to one of `vectors`."""
    random = np.random.default_rng(seed)
    noise = random.standard_normal((count, vectors.shape[1])).astype(np.float32)
    noise *= np.sqrt(1 - REAL**2) / np.linalg.norm(noise, axis=1, keepdims=True)
    mixed = REAL * vectors[random.integers(0, len(vectors), count)] + noise
    return mixed / np.linalg.norm(mixed, axis=1, keepdims=True)


def shuffled(sentences: Sequence[str], count: int, seed: int) -> str:
    """A text of `count` paragraphs of five sentences each, drawn from `sentences`: real words in a new order."""
    random = np.random.default_rng(seed)
    paragraphs = (" ".join(random.choice(np.array(sentences, dtype=object), 5)) for _ in range(count))
    return "\n\n".join(paragraphs)
