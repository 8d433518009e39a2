# ruff: noqa: RUF001 - punctuation of other languages belongs here
"""Pure: recognises questions about a document as a whole, and the names by which they may mean it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from search.questions.queries import folded, topic
from search.questions.quotes import quoted
from search.questions.requests import REQUESTS

# Words of a file's name that are considered, and names in all.
NAME_WORDS, NAMES = 6, 24
# A longer message is not a question about a document as a whole.
WHOLE_CHARS = 300

_UNSPACED = ("zh",)
_FILE = re.compile(r"[^\s\"'“”„«»「」]+\.\w{1,5}(?!\w)")
# Words that ask for nothing certain in a document.
_GENERAL = re.compile(
    r"\b(?:documents?|files?|docs?|texts?|contents?|main|key|important|points?|facts?|briefly|short|summary|overview|"
    r"dokuments?|datei|inhalte?|wichtigste[nrs]?|punkte?|kurze?|zusammen|zusammenfassung|überblick|gib|fichier|contenu|"
    r"principaux|principales|documentos?|archivo|contenido|puntos|resumen)\b|文件|文档|文檔|内容|內容|主要|要点|要點|"
    r"الملف|المستند|محتوي"
)
_EDGES = " \t\n\"'“”„«»「」?!.,:;¿¡？！。，：、()"
_ARTICLE = re.compile(
    r"^(?:(?:me|us|please|all of|all|every|the|a|of|in|file|document|der|die|das|den|des|dem|von|alle|bitte|datei|"
    r"dokument|le|la|les|l'|du|de|tous|toutes|fichier|el|los|las|todos|todas|archivo|documento)\b\s*)+",
    re.IGNORECASE,
)
_AFTER = re.compile(r"\s+(?:say|contain|zusammen|auf|an|about)$", re.IGNORECASE)


@dataclass(frozen=True)
class WholeQuestion:
    """A question about a document as a whole. `names`: texts that may be the title or the name of its file.

    `everything`: it asks for all of a kind, so it may be about a document that it does not name. `rest`: what it says
    beside asking, folded, in `language`.
    """

    names: tuple[str, ...]
    everything: bool = False
    rest: str = ""
    language: str = "en"

    def topic(self, titles: Iterable[str]) -> list[str]:
        """Return the words about which something of the document with these titles and names is asked."""
        known = [folded(title) for title in titles]
        named = [folded(name) for name in self.names]
        called = {*known, *(name for name in named if any(title.startswith(name) for title in known))}
        rest = self.rest
        for name in sorted(called, key=len, reverse=True):
            rest = rest.replace(name, " ")
        return topic(_GENERAL.sub(" ", rest), self.language)


def whole_question(text: str) -> WholeQuestion | None:
    """Return what a question about a document as a whole may mean; None for any other question."""
    text = " ".join(text.split())
    if len(text) > WHOLE_CHARS:
        return None
    comparable = folded(text)
    for language in REQUESTS:
        if match := _whole(language).search(comparable):
            # Folding keeps the length of nearly every text; of the few others, only the name of a file is found.
            rest = text[match.end() :] if len(text) == len(comparable) else ""
            before = text[: match.start()] if language in _UNSPACED and len(text) == len(comparable) else ""
            everything = bool(_everything(language).match(match[0]))
            beside = f"{comparable[: match.start()]} {comparable[match.end() :]}"
            return WholeQuestion(tuple(_names(text, (rest, before))), everything, beside, language)
    return None


def _names(text: str, rests: tuple[str, ...]) -> list[str]:
    found = list(quoted(text))
    for match in _FILE.finditer(text):
        words = text[: match.end()].split(" ")
        found += (" ".join(words[-count:]) for count in range(1, min(NAME_WORDS, len(words)) + 1))
    for rest in rests:
        name = rest.strip(_EDGES)
        bare = _AFTER.sub("", _ARTICLE.sub("", name))
        found += (each for each in (name, bare) if each)
    cleaned = (name.strip(_EDGES) for name in found)
    return list(dict.fromkeys(name for name in cleaned if len(name) > 1))[:NAMES]


@lru_cache(maxsize=len(REQUESTS))
def _whole(language: str) -> re.Pattern[str]:
    return _any_of(language, (*REQUESTS[language].whole, *REQUESTS[language].everything))


@lru_cache(maxsize=len(REQUESTS))
def _everything(language: str) -> re.Pattern[str]:
    return _any_of(language, REQUESTS[language].everything)


def _any_of(language: str, phrases: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(map(folded, phrases), key=lambda phrase: (-len(phrase), phrase))
    edge = "" if language in _UNSPACED else r"\b"
    return re.compile(rf"{edge}(?:{'|'.join(map(re.escape, longest_first))}){edge}")
