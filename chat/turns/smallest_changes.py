"""Puts into words the smallest change that would let a model answer a turn."""

from collections.abc import Iterable, Sequence

from chat.conversations import labels
from chat.conversations.labels import Cause
from chat.routing.route import RouteRequest
from langai_site.outbound.abilities import Ability, lacking
from langai_site.outbound.known_models import KnownModel, Obstacle
from langai_site.outbound.types import ModelInfo
from langai_site.sensitivity import HIGHEST_FOR_HOSTED
from langai_site.sentences import joined, sentence
from langai_site.usage.spending.standing import BudgetStanding

AGAIN = sentence("change.again", "Ask again: nothing prevents it now.")()
BY_NAME = sentence("change.by_name", "Choose it by name and ask again.")()
RESTING = sentence(
    "change.resting", "Ask again in a few minutes. A model that failed is asked again after five minutes at most."
)()
LOCAL_ONLY = sentence("change.local_only", "Ask again without “local models only”.")()
UNABLE = sentence("change.unable", "Ask %(how)s. If the model can do it after all, an admin can say so on its page.")
FEWER_TOKENS = sentence("change.fewer_tokens", "Send about %(tokens)s tokens less: a shorter text, or fewer files.")
LEAVE_OUT = sentence("change.leave_out", "Leave out %(what)s: the label of this turn comes from there.")
LOWER_LABEL = sentence("change.lower_label", "Choose a lower label for your message.")()
NEW_CONVERSATION = sentence(
    "change.new_conversation",
    "Start a new conversation for it, because this one has that label, or lower the label of this one.",
)()
LAST_OF_LIST = sentence("change.last_of_list", "%(others)s and %(last)s")
NEVER_HOSTED = sentence("change.never_hosted", "No admin can allow %(label)s text for a hosted model.")
RAISE_CEILING = sentence("change.raise_ceiling", "Or ask an admin to let it see %(label)s text.")
SET_PRICE = sentence("change.set_price", "Ask an admin to set a price for it.")()
SHORTER = sentence(
    "change.shorter",
    "Ask for an answer of at most %(tokens)s tokens, or wait until %(day)s, when %(budget)s begins again.",
)
WAIT = sentence("change.wait", "Wait until %(day)s, when %(budget)s begins again.")
# How to ask without what needs the ability.
WITHOUT = {
    Ability.VISION: sentence("change.without.vision", "without the picture")(),
    Ability.TOOLS: sentence("change.without.tools", "without tools")(),
    Ability.THINKING: sentence("change.without.thinking", "without thinking")(),
    Ability.DOCUMENTS: sentence("change.without.documents", "without the PDF file")(),
    Ability.JSON: sentence("change.without.json", "without a JSON schema")(),
}
# How causes begin that are in what a person sends. By their words, because older rows have no codes.
_LEFT_OUT = ("a passage from “", "the file “")
_OF_OBSTACLE = {
    Obstacle.TEAM: sentence("change.team", "Ask an admin to give it to one of your teams.")(),
    Obstacle.OFF: sentence("change.off", "Ask an admin to switch it on.")(),
    Obstacle.AWAY: sentence(
        "change.away", "Ask again once its server answers. If that takes long, ask an admin to check its connection."
    )(),
}


def of_obstacle(model: KnownModel) -> tuple[str, str, str]:
    """Return the rule, why, and what to change for a model that is not in the person's catalogue."""
    obstacle = model.obstacle or Obstacle.AWAY
    return obstacle.value, model.state, _OF_OBSTACLE[obstacle]


def of_bar(code: str, model: ModelInfo, request: RouteRequest, causes: Sequence[Cause]) -> str:
    """Return what to change if routing rules the model out. `causes` gave the turn its label."""
    if code == "above_ceiling":
        return joined((_without_causes(causes), _raised_ceiling(request)))
    if code == "local_only":
        return LOCAL_ONLY
    if code == "unable":
        how = _joined([WITHOUT[ability] for ability in lacking(request.needs, model.abilities)])
        return UNABLE(how=how)
    tokens = request.least_tokens - model.context_window
    return FEWER_TOKENS(tokens=tokens)


def _without_causes(causes: Sequence[Cause]) -> str:
    """Return what to leave out so that the label is lower, by where the label comes from."""
    named = list(dict.fromkeys(cause.words for cause in causes if _can_be_left_out(cause.words)))
    if named and len(named) == len({cause.words for cause in causes}):
        return LEAVE_OUT(what=_joined(named))
    if any(cause.words == labels.CHOSEN for cause in causes):
        return LOWER_LABEL
    return NEW_CONVERSATION


def _can_be_left_out(words: str) -> bool:
    return words.startswith(_LEFT_OUT) or words.endswith("in your message")


def _joined(words: Iterable[str]) -> str:
    *rest, last = words
    return LAST_OF_LIST(others=joined(rest, ", "), last=last) if rest else last


def _raised_ceiling(request: RouteRequest) -> str:
    wording = NEVER_HOSTED if request.label > HIGHEST_FOR_HOSTED else RAISE_CEILING
    return wording(label=request.label.word)


def of_budget(standing: BudgetStanding, *, has_price: bool, shorter: int | None) -> str:
    """Return what to change if a budget has no room; `shorter` are the tokens of an answer that it has room for."""
    if not has_price:
        return SET_PRICE
    if shorter:
        return SHORTER(tokens=shorter, day=standing.ends, budget=standing.reach)
    return WAIT(day=standing.ends, budget=standing.reach)
