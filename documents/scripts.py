"""Pure: estimates how many characters of a script make up a passage."""

import re

# Up to this share of other letters, a text counts as one in Latin letters.
OTHERS = 0.3
# Tokens per character, as tokenizers for many languages count texts of each script; blanks and marks included.
_SCRIPTS = (
    # Chinese, and Japanese kana.
    (re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"), 0.65),
    # Korean.
    (re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"), 0.55),
    # Thai, Lao, Burmese, Khmer.
    (re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]"), 0.35),
    # Greek, Cyrillic, Armenian, Hebrew, Arabic, the scripts of India, Georgian, Ethiopic.
    (re.compile(r"[\u0370-\u0df2\u10a0-\u10ff\u1200-\u139f\u1f00-\u1fff\ufb1d-\ufdff\ufe70-\ufefc]"), 0.3),
)
_LATIN = 0.25
_LETTER = re.compile(r"[^\W\d_]")
# Characters of a text that are counted, and the step of the result: splitters are made for few sizes.
SAMPLE, STEP = 20_000, 10


def passage_characters(text: str, tokens: int) -> int:
    """Return how many characters of a text make up `tokens` tokens; 0 for a text in Latin letters."""
    sample = text[:SAMPLE]
    if sample.isascii():
        return 0
    counts = [(len(script.findall(sample)), rate) for script, rate in _SCRIPTS]
    others = sum(count for count, _rate in counts)
    if others <= OTHERS * max(1, len(_LETTER.findall(sample))):
        return 0
    estimate = sum(count * rate for count, rate in counts) + _LATIN * (len(sample) - others)
    return max(STEP, round(tokens * len(sample) / estimate / STEP) * STEP)
