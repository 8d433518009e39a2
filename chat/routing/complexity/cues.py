"""Pure: finds which kinds of work the words of a message ask for."""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from search.keywords.letters import folded

VOCABULARY = tomllib.loads((Path(__file__).parent / "vocabulary.toml").read_text("utf-8"))
# Languages with spaces between words. Chinese has none.
SPACED = ("english", "german", "french", "spanish", "arabic")
WORD = re.compile(r"[^\W_]+")
SENTENCE_END = re.compile(r"[.!?:;\n\u2026\u00bf\u00a1\u061f]+")
# Cues are indexed by their first letters, so that a word is compared with a few cues only.
LETTERS = 3
HAN, ARABIC_LETTER = re.compile("[\u4e00-\u9fff]"), re.compile("[\u0621-\u064a]")
# Arabic writes "and", "so", "with", "for", "as" and "the" together with the next word. If such letters belong to the
# word, cutting them off does no harm, because cues are cut in the same way.
CLITICS = re.compile(r"\b(?:[\u0648\u0641\u0628\u0644\u0643](?:\u0627\u0644|\u0644)?|\u0627\u0644)(?=\w{3})")


@dataclass(frozen=True)
class Cue:
    kind: str
    words: tuple[str, ...]
    opens: bool = False
    any_ending: bool = False

    def stands_at(self, words: tuple[str, ...], place: int, beginning: int) -> bool:
        if self.opens and place > beginning:
            return False
        here = words[place : place + len(self.words)]
        if here == self.words:
            return True
        if not self.any_ending or len(here) < len(self.words):
            return False
        return here[:-1] == self.words[:-1] and here[-1].startswith(self.words[-1])


def _read(text: str) -> str:
    """Normalise text for the search for cues: lower case, without accents, without Arabic prefixes."""
    text = folded(text)
    return CLITICS.sub("", text) if ARABIC_LETTER.search(text) else text


def _listed(cues: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Yield each kind with each of its cues, normalised as messages are."""
    for kind, listed in cues.items():
        for cue in listed.split(","):
            yield kind, _read(cue.strip())


def _by_letters() -> Mapping[str, tuple[Cue, ...]]:
    found: dict[str, dict[Cue, None]] = defaultdict(dict)
    for language in SPACED:
        for kind, cue in _listed(VOCABULARY[language]):
            words = tuple(WORD.findall(cue))
            found[words[0][:LETTERS]][Cue(kind, words, cue.startswith("^"), cue.endswith("*"))] = None
    return {letters: tuple(cues) for letters, cues in found.items()}


BY_LETTERS, ANYWHERE = _by_letters(), tuple(_listed(VOCABULARY["chinese"]))
BEFORE_WORDS = frozenset(WORD.findall(VOCABULARY["prelude"]))


def kinds_in(ask: str) -> Iterator[str]:
    """Yield the kind of each cue in `ask`; a repeated cue counts once."""
    text = _read(ask)
    found = set(_cues(text))
    # If several questions each open a sentence, they are together no simpler than one.
    yield from {cue.kind for cue in found if cue.opens}
    yield from (cue.kind for cue in found if not cue.opens)
    if HAN.search(text):
        yield from (kind for kind, cue in ANYWHERE if cue in text)


def _cues(text: str) -> Iterator[Cue]:
    for sentence in SENTENCE_END.split(text):
        words = tuple(WORD.findall(sentence))
        beginning = next((place for place, word in enumerate(words) if word not in BEFORE_WORDS), 0)
        for place, word in enumerate(words):
            near = BY_LETTERS.get(word[:LETTERS], ())
            yield from (cue for cue in near if cue.stands_at(words, place, beginning))
