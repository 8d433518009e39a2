"""Pure: tells the language of any text: by its script, or, in Latin letters, by its small words."""

from collections import Counter
from collections.abc import Mapping

from search.keywords.languages import language_of
from search.keywords.letters import CHUNK, plain

# Letters and chunks that are looked at.
LETTERS, CHUNKS = 600, 300
# The ends of ranges of characters, ascending, and the script up to there; "": no language follows from it.
_RANGES = (
    (0x24F, "latin"),
    (0x36F, ""),
    (0x3FF, "el"),
    (0x52F, "cyrillic"),
    (0x58F, "hy"),
    (0x5FF, "he"),
    (0x6FF, "arabic"),
    (0x74F, ""),
    (0x77F, "arabic"),
    (0x8FF, ""),
    (0x97F, "hi"),
    (0x9FF, "bn"),
    (0xA7F, "pa"),
    (0xAFF, "gu"),
    (0xB7F, ""),
    (0xBFF, "ta"),
    (0xC7F, "te"),
    (0xCFF, "kn"),
    (0xD7F, "ml"),
    (0xDFF, "si"),
    (0xE7F, "th"),
    (0xEFF, "lo"),
    (0xFFF, ""),
    (0x109F, "my"),
    (0x10FF, "ka"),
    (0x11FF, "ko"),
    (0x177F, ""),
    (0x17FF, "km"),
    (0x1DFF, ""),
    (0x1EFF, "latin"),
    (0x1FFF, "el"),
    (0x303F, ""),
    (0x30FF, "kana"),
    (0x318F, ""),
    (0x33FF, "kana"),
    (0x9FFF, "han"),
    (0xABFF, ""),
    (0xD7AF, "ko"),
    (0xF8FF, ""),
    (0xFAFF, "han"),
)
# Letters of Latin script that one of these says as much as.
_WORTH = {"han": 3, "kana": 2, "ko": 2}
# Letters that only some languages of a script have; the language that is assumed without them.
_OWN: Mapping[str, tuple[tuple[str, str], ...]] = {
    "cyrillic": (("іїєґ", "uk"), ("ђћљњџј", "sr"), ("", "ru")),
    "arabic": (("ٹڈڑے", "ur"), ("پچژگ", "fa"), ("", "ar")),
}


def language_of_text(text: str) -> str:
    """Return the two-letter code of the language that most of a text is in; "" if it is not clear."""
    text = plain(text)
    scripts = Counter(map(_script, [char for char in text[: 2 * LETTERS] if char.isalpha()][:LETTERS]))
    scripts.pop("", None)
    scripts.update({script: (worth - 1) * scripts[script] for script, worth in _WORTH.items() if script in scripts})
    if scripts["kana"] and scripts["kana"] + scripts["han"] >= scripts["latin"]:
        # Japanese mixes both.
        return "ja"
    script = max(scripts, key=lambda each: scripts[each], default="latin")
    if script == "han":
        return "zh"
    if script == "latin":
        chunks = CHUNK.findall(text)[:CHUNKS]
        return language_of({chunk.lower() for chunk in chunks}, text)
    for letters, language in _OWN.get(script, ()):
        if not letters or any(letter in text for letter in letters):
            return language
    return script


def _script(char: str) -> str:
    code = ord(char)
    return next((script for end, script in _RANGES if code <= end), "")
