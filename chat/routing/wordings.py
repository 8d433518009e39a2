"""Pure: the sentences of routing: why a model answers, why another does not, and refusals. See `sentences.py`."""

from collections.abc import Mapping

from chat.routing.rules import DEFAULT, OTHERWISE
from chat.values import LOCAL, Use
from langai_site.outbound.types import ModelRole
from langai_site.sentences import sentence

CHOSEN = sentence("route.chosen", "chosen by you")()
ONLY_ONE = sentence("route.only_one", "auto: no other model is connected")()
AUTO = sentence("route.auto", "auto: %(rule)s → %(use)s")
NEAREST = sentence("route.nearest", "%(why)s; no such model can answer, so the nearest one does")
ALL_RESTING = sentence("route.all_resting", "%(why)s; every model that can answer failed lately")
GONE = sentence("route.gone", "%(why)s; the model “%(model)s” is no longer available")
USES: Mapping[Use, str] = {
    ModelRole.SIMPLE: sentence("route.use.simple", "cheap")(),
    ModelRole.BALANCED: sentence("route.use.balanced", "balanced")(),
    ModelRole.STRONG: sentence("route.use.strong", "strong")(),
    ModelRole.LONG_CONTEXT: sentence("route.use.long_context", "long context")(),
    LOCAL: sentence("route.use.local", "local")(),
}
# The names of the rules that every installation begins with. Others have the names that their admins gave them.
_RULES = {
    "confidential": sentence("route.rule.confidential", "confidential")(),
    "too long": sentence("route.rule.too_long", "too long")(),
    "simple": sentence("route.rule.simple", "simple")(),
    "complex": sentence("route.rule.complex", "complex")(),
    "moderate": sentence("route.rule.moderate", "moderate")(),
    "everything else": sentence("route.rule.everything_else", "everything else")(),
}
assert _RULES.keys() == {rule.name for rule in (*DEFAULT.rules, OTHERWISE)}

# Why a model does not answer, in words that follow its name.
MAY_NOT_SEE = sentence("route.may_not_see", "may not see %(label)s text")
IS_HOSTED = sentence("route.is_hosted", "hosted, and only local models may be asked")()
TOO_SMALL = sentence("route.too_small", "too small for this prompt: it needs %(needed)s tokens and %(window)s fit")
NOT_LISTED = sentence("route.not_listed", "its server does not list it now")()

MODEL_GONE = sentence(
    "refusal.model_gone", "The model “%(model)s” is no longer available. Choose another one, or Auto, and retry."
)
UNREACHABLE = sentence(
    "refusal.unreachable",
    "Nothing was sent: %(models)s could not be reached. Retry in a moment, or choose quotes, which never leaves this "
    "server.",
)
NONE_REACHABLE = sentence(
    "refusal.none_reachable",
    "Nothing was sent: %(models)s could not be reached and no other model may answer this turn. Retry in a moment, or "
    "choose quotes, which never leaves this server.",
)
ABOVE_CEILING = sentence(
    "refusal.above_ceiling",
    "Nothing was sent: this turn is %(label)s and %(model)s may see %(ceiling)s text at most. Choose a local model and "
    "retry.",
)
LOCAL_ONLY = sentence(
    "refusal.local_only",
    "Nothing was sent: %(model)s is hosted, and only local models may be asked now. Choose a local model and retry.",
)
UNABLE = sentence("refusal.unable", "Nothing was sent: %(model)s %(why)s. Choose another model, or Auto, and retry.")
TOO_LONG = sentence(
    "refusal.too_long",
    "Nothing was sent: the prompt and its answer may take %(needed)s tokens and %(model)s has room for %(window)s. "
    "Choose a model with more room, or Auto, and retry.",
)
ALL_TOO_SMALL = sentence(
    "refusal.all_too_small",
    "Nothing was sent: the prompt and its answer may take %(needed)s tokens, and the models that may answer have room "
    "for %(window)s at most. Shorten what you send, or ask an admin to connect a model with more room.",
)
ALL_UNABLE = sentence(
    "refusal.all_unable",
    "Nothing was sent: no model that may answer can do what this asks: %(model)s %(why)s. Ask an admin to connect a "
    "model that can, or ask without it.",
)
NO_LOCAL = sentence(
    "refusal.no_local",
    "Nothing was sent: only local models may be asked now, and none is connected. Ask an admin to connect one, or "
    "choose quotes, which never leaves this server, and retry.",
)
NONE_MAY_SEE = sentence(
    "refusal.none_may_see",
    "Nothing was sent: this turn is %(label)s and no connected model may see that. Ask an admin to connect a local "
    "model, or choose quotes, which never leaves this server, and retry.",
)


def rule(name: str) -> str:
    """Return a rule's name as a sentence that can be drawn, if it is one of LangAI's own."""
    return _RULES.get(name, name)
