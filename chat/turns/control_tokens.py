# ruff: noqa: RUF001, RUF002 - look-alikes belong here
"""Pure: disarms the control tokens of chat templates in the text of a prompt, and removes hidden characters.

Tokenizers turn `<|im_start|>` in a message into the token that starts a turn, so somebody who writes it into a
document could speak in another role. The brackets of such a token become look-alikes: ‹|im_start|›. People and models
can still read it, but no tokenizer knows it. A joiner or a space would not help: tokenizers drop joiners, and models
ignore spaces. These look-alikes survive every Unicode normalization. The tokens are listed in control_tokens.toml.
"""

import re
import tomllib
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from itertools import accumulate
from pathlib import Path

from langai_site.characters import ASCII_VISIBLE, HIDDEN, LINE_ENDS, whole_characters
from langai_site.detectors import regexes

Span = tuple[int, int]

DATA = Path(__file__).with_suffix(".toml")

# Replaces the bracket or colon of a control token, in every width.
LOOK_ALIKES = str.maketrans("<＜﹤>＞﹥[［﹇]］﹈:：︓﹕⩴◁▷", "‹‹‹›››⟦⟦⟦⟧⟧⟧∶∶∶∶≔⊲⊳")

# Characters that a reader or a model takes for a bar, or for the blank in DeepSeek's names.
_BARS = dict.fromkeys("∣❘ǀ│┃⏐", "|") | {"▁": "_"}
# The flags of England, Scotland and Wales: the only tag characters that people see.
_FLAGS = "\U0001f3f4\U000e0067\U000e0062(?:\U000e0065\U000e006e\U000e0067|\U000e0073\U000e0063\U000e0074|"
_FLAGS += "\U000e0077\U000e006c\U000e0073)\U000e007f"
_HIDDEN = re.compile(f"(?P<flag>{_FLAGS})|(?P<lines>[{LINE_ENDS}])|[{HIDDEN}]+")

_EMOJI = re.compile(
    "(?![⏐❘◁▷])[\u00a9\u00ae\u203c\u2049\u2122\u2139\u2190-\u21ff\u2300-\u24ff\u25a0-\u27bf\u2900-\u297f\u2b00-\u2bff\u3030\u303d\u3297\u3299"
    "\U0001f000-\U0001faff]"
)
# Scripts whose letters joiners shape: Arabic to Mandaic, the scripts of India to Tibet, Myanmar, Khmer, Mongolian, the
# island scripts of South-East Asia, and those beyond the first plane.
_JOINING = re.compile(
    "[\u0600-\u085f\u0870-\u0fff\u1000-\u109f\u1780-\u18af\u1b00-\u1c4f\ua980-\uaadf\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff\U0001e900-\U0001e95f]"
)
# Scripts without spaces between words: Thai, Lao, Myanmar and Khmer.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
_MONGOLIAN = re.compile("[\u1820-\u18aa]")
_KEYCAP = re.compile("[0-9#*]")
# Hangul letters, which fillers complete to a syllable, and hieroglyphs, which controls join.
_HANGUL = re.compile("[\u1100-\u115e\u1161-\u11ff\u3131-\u3163\u3165-\u318e\ua960-\ua97c\uac00-\ud7fb\uffa1-\uffdc]")
_FILLERS = re.compile("[\u115f\u1160\u3164\uffa0]{1,2}")
_HIEROGLYPH = re.compile("[\U00013000-\U0001342f\U00013460-\U000143fa]")
_HIEROGLYPH_CONTROL = re.compile("[\U00013430-\U00013440]")
_SPACE, _NON_JOINER, _JOINER, _EMOJI_STYLE, _KEY = "\u200b", "\u200c", "\u200d", "\ufe0f", "\u20e3"
_IN_SCRIPTS = re.compile("[\u115f\u1160\u180b-\u180f\u200b-\u200d\u3164\ufe0e\ufe0f\uffa0\U00013430-\U00013440]")


def neutralised(text: str) -> str:
    """Return `text` without hidden characters and with every control token disarmed.

    Takes time in proportion to the length of the text. Apply it to a whole message: joining two parts could otherwise
    form a token.
    """
    shown = visible(text)
    folded = shown if shown.isascii() else shown.translate(_folds)
    places = _places(folded)
    if not places:
        return shown
    if len(folded) != len(shown):
        places = _unfolded(shown, places)
    return _disarmed(shown, places)


def visible(text: str) -> str:
    """Return `text` without what people cannot see: tags, zero-width and direction characters, controls.

    Joiners stay if a script or an emoji needs them; other line ends become \\n.
    """
    whole = whole_characters(text)
    return whole.translate(ASCII_VISIBLE) if whole.isascii() else _HIDDEN.sub(_shown, whole)


def _shown(found: "re.Match[str]") -> str:
    if found["flag"]:
        return found[0]
    if found["lines"]:
        return "\n"
    text, start, end = found.string, found.start(), found.end()
    kept = "".join(_IN_SCRIPTS.findall(found[0]))
    return kept if kept and _is_needed(kept, text[start - 1 : start], text[end : end + 1]) else ""


def _is_needed(kept: str, before: str, after: str) -> bool:
    """Return whether `kept`, between these two characters, changes how people read them."""
    if kept == _SPACE:
        return bool(_UNSPACED.match(before) and _UNSPACED.match(after))
    if kept in (_NON_JOINER, _JOINER) and _JOINING.match(before):
        return True
    if kept in (_JOINER, _EMOJI_STYLE + _JOINER):
        return bool(_EMOJI.match(before) and _EMOJI.match(after))
    if kept in ("\ufe0e", _EMOJI_STYLE):
        return bool(_EMOJI.match(before) or (_KEYCAP.match(before) and after == _KEY))
    if _FILLERS.fullmatch(kept):
        return bool(_HANGUL.match(before) or _HANGUL.match(after))
    if _HIEROGLYPH_CONTROL.fullmatch(kept):
        return bool(_HIEROGLYPH.match(before) and _HIEROGLYPH.match(after))
    return len(kept) == 1 and bool(_MONGOLIAN.match(before))


class _Folds(dict[int, str]):
    """The table for `str.translate`: maps a character to the form under which tokenizers may know it."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        plain = unicodedata.normalize("NFKC", _BARS.get(char, char))
        return self.setdefault(code, "".join(_BARS.get(sign, sign) for sign in plain))


_folds = _Folds()


def _places(folded: str) -> list[Span]:
    """Return the spans of the tokens. ASCII text is searched as bytes, six times as fast if there are many tokens."""
    searched = folded.encode() if folded.isascii() else folded
    return [found.span() for found in _tokens().finditer(searched)]  # type: ignore[arg-type]


def _unfolded(shown: str, places: Iterable[Span]) -> list[Span]:
    """Map spans of the folded form back to `shown`: one character may fold to several."""
    starts = [0, *accumulate(len(char.translate(_folds)) for char in shown)]
    return [(bisect_right(starts, start) - 1, bisect_left(starts, end)) for start, end in places]


def _disarmed(shown: str, places: Iterable[Span]) -> str:
    pieces, last = [], 0
    for start, end in places:
        pieces += [shown[last:start], shown[start:end].translate(LOOK_ALIKES)]
        last = end
    return "".join([*pieces, shown[last:]])


@cache
def _tokens() -> "re.Pattern[str]":
    data = tomllib.loads(DATA.read_text(encoding="utf-8"))
    either_case = [*map(_shape, data["shapes"]), *_listed(data, exact=False)]
    patterns = [f"(?i:{'|'.join(either_case)})", *_listed(data, exact=True), _turns(data["roles"], data["headings"])]
    return regexes.compiled("|".join(patterns), ignore_case=False)


def _turns(roles: Iterable[str], headings: Iterable[str]) -> str:
    """Return the pattern of the words that start a turn at the beginning of a line."""
    role, heading = ("|".join(word.replace(" ", r"[ \t]+") for word in words) for words in (roles, headings))
    return rf"(?:\A|[\n\r])[ \t]*(?:(?:#+[ \t]*)?(?:{role})|#+[ \t]*(?:{heading}))[ \t]*:"


def _listed(data: dict[str, list[dict[str, object]]], *, exact: bool) -> Iterator[str]:
    """Yield the patterns of the tokens whose case matters (`exact`) or does not."""
    for family in data["family"]:
        if bool(family.get("exact")) == exact:
            yield from map(_pattern, family["tokens"])  # type: ignore[call-overload]


def _shape(shape: str) -> str:
    before, after = shape.translate(_folds).split("{name}")
    return rf"{re.escape(before)}[\w.:/-]+{re.escape(after)}"


def _pattern(token: str) -> str:
    """Return the pattern of a token with any spaces between its parts, and its blanks as any kind of blank or none."""
    parts = re.findall(r"\{number\}|[^\W_]+|.", token.translate(_folds))
    return r"\s*".join(_part(part) for part in parts if part != "_")


def _part(part: str) -> str:
    return r"[\s_]*\d+" if part == "{number}" else r"_*" + re.escape(part)
