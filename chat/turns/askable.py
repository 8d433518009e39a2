"""Pure: which models a turn may ask at all, and what follows from them for its passages."""

from chat.llm.built_in import BUILT_IN
from chat.routing import route as routing
from chat.turns import given_files, prompts
from chat.turns.values import TurnRequest
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity, highest
from search.questions.documents import whole_question


def passages_chars(request: TurnRequest) -> int:
    """Return the most characters that the passages of the turn have together, whichever model is asked."""
    whole = whole_question(request.question) is not None
    return prompts.passages_chars((model.context_window for model in _askable(request)), whole=whole)


def whole_files_tokens(request: TurnRequest, label: Sensitivity) -> int:
    """Return how many tokens of attached files are given whole, by the models that may see `label`."""
    seeing = [model.context_window for model in _askable(request) if model.may_see(label) and model.context_window]
    return given_files.whole_tokens(seeing, otherwise=prompts.PASSAGES_CHARS // prompts.ASCII_BYTES)


def most_seen(request: TurnRequest) -> Sensitivity:
    """Return the highest label that any model that could be asked may see."""
    return highest(*(model.ceiling for model in _askable(request)))


def _askable(request: TurnRequest) -> list[ModelInfo]:
    """Return the models that may be asked, whatever the label will be."""
    requested = request.pick.model
    # As in routing: Auto uses built-in models only if no other is connected.
    known = request.catalogue if requested == routing.AUTO and request.catalogue else (*request.catalogue, *BUILT_IN)
    candidates = [model for model in known if requested in (model.name, routing.AUTO)]
    return [model for model in candidates if not (model.hosted and request.pick.local_only)]
