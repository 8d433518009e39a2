"""Puts into words the smallest change that would let a model answer a turn."""

from collections.abc import Iterable, Sequence

from chat.conversations import labels
from chat.conversations.labels import Cause
from chat.routing.route import RouteRequest
from langai_site.outbound.abilities import Ability, lacking
from langai_site.outbound.known_models import KnownModel, Obstacle
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import HIGHEST_FOR_HOSTED
from langai_site.usage.spending.standing import BudgetStanding

AGAIN = "Ask again: nothing stands in its way now."
BY_NAME = "Choose it by name and ask again."
RESTING = "Ask again in a few minutes. A model that failed is asked again after five minutes at most."
LOCAL_ONLY = "Ask again without “local models only”."
# How to ask without what needs the ability.
WITHOUT = {
    Ability.VISION: "without the picture",
    Ability.TOOLS: "without tools",
    Ability.THINKING: "without thinking",
    Ability.DOCUMENTS: "without the PDF file",
    Ability.JSON: "without a JSON schema",
}
# How causes begin that are in what a person sends. By their words, because older rows have no codes.
_LEFT_OUT = ("a passage from “", "the file “")
_OF_OBSTACLE = {
    Obstacle.TEAM: "Ask an admin to give it to one of your teams.",
    Obstacle.OFF: "Ask an admin to switch it on.",
    Obstacle.AWAY: "Ask again once its server answers. If that takes long, ask an admin to check its connection.",
}


def of_obstacle(model: KnownModel) -> tuple[str, str, str]:
    """Return the rule, why, and what to change for a model that is not in the person's catalogue."""
    obstacle = model.obstacle or Obstacle.AWAY
    return obstacle.value, model.state, _OF_OBSTACLE[obstacle]


def of_bar(code: str, model: ModelInfo, request: RouteRequest, causes: Sequence[Cause]) -> str:
    """Return what to change if routing rules the model out. `causes` gave the turn its label."""
    if code == "above_ceiling":
        return f"{_without_causes(causes)} {_raised_ceiling(request)}".strip()
    if code == "local_only":
        return LOCAL_ONLY
    if code == "unable":
        asked = " and ".join(WITHOUT[ability] for ability in lacking(request.needs, model.abilities))
        return f"Ask {asked}. If the model can do it after all, an admin can say so on its page."
    tokens = request.least_tokens - model.context_window
    return f"Send about {tokens:,} tokens less: a shorter text, or fewer files."


def _without_causes(causes: Sequence[Cause]) -> str:
    """Return what to leave out so that the label is lower, by where the label comes from."""
    named = list(dict.fromkeys(cause.words for cause in causes if _can_be_left_out(cause.words)))
    if named and len(named) == len({cause.words for cause in causes}):
        return f"Leave out {_joined(named)}: the label of this turn comes from there."
    if any(cause.words == labels.CHOSEN for cause in causes):
        return "Choose a lower label for your message."
    return "Start a new conversation for it, because this one has that label, or lower the label of this one."


def _can_be_left_out(words: str) -> bool:
    return words.startswith(_LEFT_OUT) or words.endswith("in your message")


def _joined(words: Iterable[str]) -> str:
    *rest, last = words
    return f"{', '.join(rest)} and {last}" if rest else last


def _raised_ceiling(request: RouteRequest) -> str:
    label = request.label.label.lower()
    if request.label > HIGHEST_FOR_HOSTED:
        return f"No admin can allow {label} text for a hosted model."
    return f"Or ask an admin to let it see {label} text."


def of_budget(standing: BudgetStanding, *, has_price: bool, shorter: int | None) -> str:
    """Return what to change if a budget has no room; `shorter` are the tokens of an answer that it has room for."""
    if not has_price:
        return "Ask an admin to set a price for it."
    wait = f"wait until {standing.ends:%d %B}, when {standing.reach} begins again"
    return (
        f"Ask for an answer of at most {shorter:,} tokens, or {wait}." if shorter else f"{wait[0].upper()}{wait[1:]}."
    )
