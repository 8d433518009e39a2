"""Pure: which model is asked after others failed, and what the person reads if none answers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from langai_site.errors import LangAIError, continued
from langai_site.outbound import cooling
from langai_site.outbound.types import ModelInfo, ProviderError
from langai_site.sentences import counted_sentence, joined, sentence

# Failures of a server or a key: the same provider's other models would most likely fail in the same way.
OF_ITS_PROVIDER = ("unreachable", "unauthorized", "quota")
FILTERED, OVER_BUDGET = "filtered", "over_budget"
# If two models refuse a request as invalid, it is invalid everywhere.
INVALID, MOST_INVALID = "rejected", 2
WORDS: Mapping[str, str] = {
    **cooling.WORDS,
    FILTERED: sentence("failed.filtered", "was stopped by its provider's content filter")(),
    "quota": sentence("failed.quota", "has used up its quota")(),
    "rejected": sentence("failed.rejected", "could not take the request")(),
    "too_long": sentence("failed.too_long", "has too little room for it")(),
    "loading": sentence("failed.loading", "is still being loaded")(),
    "silent": sentence("failed.silent", "wrote nothing")(),
    "thought_only": sentence("failed.thought_only", "only thought")(),
}
FAILED = sentence("failed.otherwise", "failed")()
OF_MODEL = sentence("failed.model", "%(model)s %(why)s")
OTHERS_FAILED = counted_sentence(
    "failed.others",
    "%(count)s other model did not answer either: %(models)s.",
    "%(count)s other models did not answer either: %(models)s.",
)
OTHERS_OVER_BUDGET = counted_sentence(
    "failed.others_over_budget", "%(count)s other model is over budget.", "%(count)s other models are over budget."
)


@dataclass(frozen=True)
class FailedModel:
    """A model that was tried, and why it gave no answer."""

    model: ModelInfo
    error: LangAIError

    @property
    def was_asked(self) -> bool:
        """Return whether its server was asked: a budget or a ceiling refuses before that."""
        return isinstance(self.error, ProviderError)

    @property
    def words(self) -> str:
        return OF_MODEL(model=self.model.display_name, why=WORDS.get(self.error.code, FAILED))


def following(failed: Sequence[FailedModel], candidates: Sequence[ModelInfo], most_asked: int) -> ModelInfo | None:
    """Return the candidate to try next, None if no other is: at most `most_asked` are asked.

    A provider whose filter stopped the question is not asked again. Candidates keep their order, except that those of
    a provider whose server or key failed come last.
    """
    asked = [each for each in failed if each.was_asked]
    if len(asked) >= most_asked or sum(each.error.code == INVALID for each in asked) >= MOST_INVALID:
        return None
    tried = {each.model.name for each in failed}
    filtering = {each.model.provider for each in asked if each.error.code == FILTERED}
    broken = {each.model.provider for each in asked if each.error.code in OF_ITS_PROVIDER}
    remaining = (model for model in candidates if model.name not in tried and model.provider not in filtering)
    return min(remaining, key=lambda model: model.provider in broken, default=None)


def last_asked(failed: Sequence[FailedModel]) -> str:
    """Return the name of the model that was asked last and did not answer; empty if none was asked."""
    return next((each.model.display_name for each in reversed(failed) if each.was_asked), "")


def error(failed: Sequence[FailedModel]) -> LangAIError:
    """Return the error if none of `failed`, at least one, answered: that of the first that was asked.

    It also says what the others did, because the person chose none of them.
    """
    first = next((each for each in failed if each.was_asked), failed[0])
    others = [each for each in failed if each is not first]
    asked = [each.words for each in others if each.was_asked]
    over = sum(each.error.code == OVER_BUDGET for each in others)
    sentences = []
    if asked:
        sentences.append(OTHERS_FAILED(count=len(asked), models=joined(asked, "; ")))
    if over:
        sentences.append(OTHERS_OVER_BUDGET(count=over))
    return continued(first.error, joined(sentences)) if sentences else first.error
