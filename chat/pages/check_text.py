"""Pure: puts the checks of an answer's sentences into words and marks."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from chat.grounding.checking import SecondOpinion, SentenceCheck
from chat.grounding.deciding import Conflict, ConflictKind, SentenceVerdict

CAUTION = gettext_lazy("Words and figures were compared, without a model. This helps you check; it does not judge.")
# How a sentence is marked in the answer. One without a source has no mark: it may need none.
_MARKS = {
    SentenceVerdict.STANDS: "stands",
    SentenceVerdict.REWORDED: "reworded",
    SentenceVerdict.OTHERWISE: "otherwise",
}
_VERDICTS = {
    SentenceVerdict.STANDS: gettext_lazy("In the source"),
    SentenceVerdict.REWORDED: gettext_lazy("Not in these words"),
    SentenceVerdict.OTHERWISE: gettext_lazy("Says otherwise"),
}
_OPINIONS = {
    SecondOpinion.SUPPORTS: gettext_lazy("A local model thinks that what it cites supports it."),
    SecondOpinion.SUPPORTS_NOT: gettext_lazy("A local model thinks that what it cites does not support it."),
}


@dataclass(frozen=True)
class ShownCheck:
    """A check as the panel of a passage shows it: `mark` is its class, `reasons` are sentences."""

    mark: str
    verdict: str
    sentence: str
    reasons: tuple[str, ...]

    @property
    def is_doubtful(self) -> bool:
        return self.mark != _MARKS[SentenceVerdict.STANDS]


def marks(checks: Iterable[SentenceCheck]) -> Mapping[str, str]:
    """Return the marks of sentences, by their text."""
    return {check.sentence: _MARKS[check.verdict] for check in checks if check.verdict in _MARKS}


def shown_for(checks: Iterable[SentenceCheck], number: int) -> list[ShownCheck]:
    """Return the checks of the sentences that cite a passage: those that say otherwise first, those that stand last."""
    marks_in_order = list(reversed(_MARKS.values()))
    shown = (_shown(check, number) for check in checks if number in check.numbers)
    return sorted(shown, key=lambda each: marks_in_order.index(each.mark))


def _shown(check: SentenceCheck, number: int) -> ShownCheck:
    reasons = [_difference(conflict) for conflict in check.conflicts if conflict.number == number]
    others = sorted({conflict.number for conflict in check.conflicts} - {number})
    reasons += [_("Passage %(number)s says otherwise.") % {"number": other} for other in others]
    if check.is_foreign:
        reasons.append(_("The passage is in another language, so the words were not compared."))
    words = [word for word in check.words if word not in {conflict.said for conflict in check.conflicts}]
    if words:
        quoted = ", ".join(_("“%(word)s”") % {"word": word} for word in words)
        reasons.append(_("Not in the cited text: %(words)s.") % {"words": quoted})
    if check.opinion:
        reasons.append(str(_OPINIONS[check.opinion]))
    return ShownCheck(_MARKS[check.verdict], str(_VERDICTS[check.verdict]), check.sentence, tuple(reasons))


def _difference(conflict: Conflict) -> str:
    if conflict.kind != ConflictKind.NEGATION:
        words = _("The passage says “%(found)s”, the answer “%(said)s”.")
    elif conflict.said and conflict.found:
        words = _("Only one of them is a denial: the passage has “%(found)s”, the answer “%(said)s”.")
    elif conflict.said:
        words = _("The answer says “%(said)s”, the passage does not.")
    else:
        words = _("The passage says “%(found)s”, the answer does not.")
    return words % {"found": conflict.found, "said": conflict.said}
