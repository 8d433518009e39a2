"""Pure: weighs the pieces of a question by how much they say about its subject, from 0 to 1."""

import re
from math import sqrt

from search.questions.lexicon import LANGUAGES

# A small word among others; the parts of a compound or code, when found instead of the whole.
SMALL_WORD, PARTS = 0.1, 0.8
# What is in the file's name instead of the text; a version that belongs to the one asked for; a telephone number
# without its area.
NAMED, VERSION_BELOW, LOCAL_NUMBER = 1.1, 0.9, 0.9
# Characters of scripts without spaces: in a small word; and Japanese ones that mostly end words.
SMALL, KANA = 0.1, 0.2

_PARTICLES = "的了吗呢吧啊呀么几哪谁我你您请就都也很是"
_KOREAN = """무엇 무슨 얼마 얼마나 어떻게 언제 어디 어디서 누가 누구 어떤 있나요 있습니까 인가요 입니까 합니까 하나요
    되나요 됩니까 나요 까요 습니까 입니다 합니다 알려주세요 주세요"""
_PHRASES = {word for language in ("zh", "ja") for word in LANGUAGES[language].small if len(word) > 1}
_SMALL = re.compile("|".join(sorted({*_PHRASES, *_KOREAN.split(), *_PARTICLES}, key=lambda word: (-len(word), word))))
# Korean endings that mark the grammatical role of a word.
_KOREAN_ENDING = re.compile(
    r"(?<=[\uac00-\ud7af])(?:에서|에게|으로|까지|부터|하고|이나|처럼|보다|은|는|이|가|을|를|의|에|로|와|과|도|만)$"
)
_KANA = re.compile(r"[\u3041-\u309f]")


def of_grams(run: str, count: int) -> list[float]:
    """Return the weights of a run's `count` grams: pieces of equal size, one starting at each character."""
    chars = [KANA if _KANA.match(char) else 1.0 for char in run]
    for small in (*_SMALL.finditer(run), *_KOREAN_ENDING.finditer(run)):
        chars[small.start() : small.end()] = [SMALL] * (small.end() - small.start())
    size = len(run) - count + 1
    return [sqrt(min(piece) * max(piece)) for piece in (chars[first : first + size] for first in range(count))]
