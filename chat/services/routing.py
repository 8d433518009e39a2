"""Pure: what was asked for, its label and the catalogue -> the model that answers, or why none does."""

from collections.abc import Sequence
from dataclasses import dataclass

from chat.llm import BUILT_IN
from langai_site.errors import LangAIError
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import Sensitivity

AUTO = "auto"


class NoModel(LangAIError):
    """No model may or can answer; nothing was sent."""

    code, status = "no_model", 409


@dataclass(frozen=True)
class Rejected:
    model: str
    why: str


@dataclass(frozen=True)
class Route:
    model: ModelInfo
    why: str
    rejected: tuple[Rejected, ...] = ()


def route(requested: str, label: Sensitivity, catalogue: Sequence[ModelInfo]) -> Route:
    """Choose among `catalogue`, best first. Raises NoModel with what the person can do.

    `quotes` answers for `auto` only where no real model is configured: it is never a silent stand-in for one.
    """
    if requested == AUTO:
        return _automatic(label, catalogue)
    for model in (*catalogue, *BUILT_IN):
        if model.name == requested:
            return _chosen(model, label)
    raise NoModel(f"The model “{requested}” is not available any more. Choose another one, or Auto, and retry.")


def _chosen(model: ModelInfo, label: Sensitivity) -> Route:
    if not model.may_see(label):
        raise NoModel(
            f"Nothing was sent: this turn is {label.label.lower()} and {model.display_name} may see "
            f"{model.ceiling.label.lower()} text at most. Choose a local model and retry.",
            code="above_ceiling",
        )
    return Route(model, "chosen by you")


def _automatic(label: Sensitivity, catalogue: Sequence[ModelInfo]) -> Route:
    if not catalogue:
        return Route(next(iter(BUILT_IN)), "auto: no other model is connected")
    rejected = tuple(
        Rejected(model.name, f"may not see {label.label.lower()} text")
        for model in catalogue
        if not model.may_see(label)
    )
    allowed = [model for model in catalogue if model.may_see(label)]
    if not allowed:
        raise NoModel(
            f"Nothing was sent: this turn is {label.label.lower()} and no connected model may see that. Ask an admin "
            "to connect a local model, or choose quotes, which never leaves this server, and retry.",
            code="above_ceiling",
        )
    return Route(allowed[0], "auto: the best connected model", rejected)
