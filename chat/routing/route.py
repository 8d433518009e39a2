"""Pure: what is asked for, the catalogue and the policy -> the models to be tried, in order, or why there is none."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from chat.llm.built_in import BUILT_IN
from chat.routing.rules import Policy, Rule, Situation
from chat.values import LOCAL, USES, Level, Use
from langai_site.errors import LangAIError
from langai_site.outbound.types import ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity

AUTO = "auto"
# So much room an answer must have, unless fewer tokens were asked for: with less, no question is sent.
LEAST_ANSWER = 256
# Tokens that fit any model in common use: only above does it matter that a context window is not known.
FITS_ANYWHERE = 8_000

# For what a rule asks, the roles to turn to, nearest first: rather too strong a model than one too weak.
NEAREST: Mapping[ModelRole, tuple[ModelRole, ...]] = {
    ModelRole.SIMPLE: (ModelRole.SIMPLE, ModelRole.BALANCED, ModelRole.LONG_CONTEXT, ModelRole.STRONG),
    ModelRole.BALANCED: (ModelRole.BALANCED, ModelRole.STRONG, ModelRole.LONG_CONTEXT, ModelRole.SIMPLE),
    ModelRole.STRONG: (ModelRole.STRONG, ModelRole.BALANCED, ModelRole.LONG_CONTEXT, ModelRole.SIMPLE),
    ModelRole.LONG_CONTEXT: (ModelRole.LONG_CONTEXT, ModelRole.STRONG, ModelRole.BALANCED, ModelRole.SIMPLE),
}
ROLE_OF = {
    Level.SIMPLE: ModelRole.SIMPLE,
    Level.MODERATE: ModelRole.BALANCED,
    Level.COMPLEX: ModelRole.STRONG,
}


@dataclass(frozen=True)
class RouteRequest:
    """What routing knows of a turn, all of it metadata.

    `requested` is AUTO or a model's name, `label` the highest label of everything in the prompt. `prompt_tokens` is
    rather too high than too low; `max_tokens` is the longest answer that is asked for. `least_prompt_tokens` remain
    after all that a small window may leave out: None where nothing may be. `cooling` says of models that failed
    lately why they rest. `local_only` holds hosted models back, whatever they may see. `gone` is the model that was
    chosen before Auto had to take its place.
    """

    requested: str
    label: Sensitivity
    complexity: Level
    prompt_tokens: int
    max_tokens: int
    cooling: Mapping[str, str] = field(default_factory=dict)
    local_only: bool = False
    least_prompt_tokens: int | None = None
    gone: str = ""

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.max_tokens

    @property
    def least_tokens(self) -> int:
        """The tokens of the shortest prompt and answer that make sense: what a model must have room for."""
        prompt = self.prompt_tokens if self.least_prompt_tokens is None else self.least_prompt_tokens
        return prompt + min(self.max_tokens, LEAST_ANSWER)

    def is_held_by(self, model: ModelInfo) -> bool:
        """Return whether all of the prompt fits, with the longest answer or one of half the window."""
        window = model.context_window
        return not window or self.prompt_tokens + min(self.max_tokens, window // 2) <= window

    def written(self) -> dict[str, Any]:
        """As a receipt keeps it, so that the turn can be routed again: all but which models rested then."""
        return {
            "model": self.requested,
            "label": self.label.value,
            "complexity": self.complexity.value,
            "prompt_tokens": self.prompt_tokens,
            "max_tokens": self.max_tokens,
            "local_only": self.local_only,
            "least_prompt_tokens": self.least_prompt_tokens,
        }

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "RouteRequest":
        """As a receipt kept it."""
        return cls(
            row["model"],
            Sensitivity(row["label"]),
            Level(row["complexity"]),
            row["prompt_tokens"],
            row["max_tokens"],
            local_only=row["local_only"],
            least_prompt_tokens=row.get("least_prompt_tokens"),
        )


@dataclass(frozen=True)
class Rejected:
    model: str
    why: str


@dataclass(frozen=True)
class Route:
    """The models to be tried, best first, at least one. `rule` and `policy` (its version) are empty if none was asked.

    Each model of the catalogue is among `candidates` or `rejected`, but where the person chose one by its name.
    """

    candidates: tuple[ModelInfo, ...]
    why: str
    rejected: tuple[Rejected, ...] = ()
    rule: str = ""
    policy: int | None = None

    @property
    def model(self) -> ModelInfo:
        return self.candidates[0]


class NoModelError(LangAIError):
    """No model may or can answer; nothing was sent. `rejected` says of each why.

    Codes: above_ceiling, too_long, local_only; no_model where the chosen one is gone.
    """

    code, status = "no_model", 409

    def __init__(self, message: str, code: str | None = None, *, rejected: Sequence[Rejected] = ()) -> None:
        super().__init__(message, code=code)
        self.rejected = tuple(rejected)


class _Barred(NamedTuple):
    """A model that cannot answer at all, and why: `code` is NoModelError's where no model can."""

    model: ModelInfo
    code: str
    why: str


def route(request: RouteRequest, catalogue: Sequence[ModelInfo], policy: Policy) -> Route:
    """Order the models of `catalogue` that may and can answer. Raises NoModelError with what the person can do.

    What a model may see is decided before `policy` is asked, which only orders what is left. `quotes` answers for
    `auto` only where no real model is connected: it is never a silent stand-in for one.
    """
    if request.requested == AUTO:
        found = _automatic(request, catalogue, policy)
        why = f"{found.why}; the model “{request.gone}” is not available any more"
        return replace(found, why=why) if request.gone else found
    for model in (*catalogue, *BUILT_IN):
        if model.name == request.requested:
            return _chosen(model, request)
    raise NoModelError(
        f"The model “{request.requested}” is not available any more. Choose another one, or Auto, and retry."
    )


def _chosen(model: ModelInfo, request: RouteRequest) -> Route:
    """The one that the person chose, also while it rests: they may know that it works again."""
    if barred := _barred(model, request):
        raise NoModelError(_refusal_of(barred, request), code=barred.code, rejected=[Rejected(model.name, barred.why)])
    return Route((model,), "chosen by you")


def _automatic(request: RouteRequest, catalogue: Sequence[ModelInfo], policy: Policy) -> Route:
    if not catalogue:
        return Route((next(iter(BUILT_IN)),), "auto: no other model is connected")
    barred = [found for model in catalogue if (found := _barred(model, request))]
    out = {found.model.name: found.why for found in barred}
    able = [model for model in catalogue if model.name not in out]
    if not able:
        raise NoModelError(*_refusal(barred, request), rejected=_rejected(out))
    # Where all rest, trying one is better than refusing.
    awake = [model for model in able if model.name not in request.cooling] or able
    out |= {model.name: request.cooling[model.name] for model in able if model not in awake}
    rule = policy.rule_for(Situation(request.label, request.complexity, _is_too_long(request, catalogue)))
    candidates = tuple(sorted(awake, key=_preference(rule.use, request)))
    return Route(candidates, _why(rule, candidates[0], request), _rejected(out), rule.name, policy.version)


def _rejected(reasons: Mapping[str, str]) -> tuple[Rejected, ...]:
    return tuple(Rejected(name, why) for name, why in reasons.items())


def _barred(model: ModelInfo, request: RouteRequest) -> _Barred | None:
    """What keeps a model from answering, the ceiling before all; None where nothing does."""
    if not model.may_see(request.label):
        return _Barred(model, "above_ceiling", f"may not see {request.label.label.lower()} text")
    if request.local_only and model.hosted:
        return _Barred(model, "local_only", "hosted, and only local models may be asked")
    if 0 < model.context_window < request.least_tokens:
        why = f"too small for this prompt: it needs {request.least_tokens:,} tokens and {model.context_window:,} fit"
        return _Barred(model, "too_long", why)
    return None


def _is_too_long(request: RouteRequest, catalogue: Sequence[ModelInfo]) -> bool:
    """Whether the prompt does not fit the model that would be the first for one of moderate complexity."""
    may = [model for model in catalogue if model.may_see(request.label) and not (request.local_only and model.hosted)]
    usual = min(may, key=lambda model: (_distance(model, ModelRole.BALANCED), *_rank(model)))
    return not request.is_held_by(usual)


def _preference(use: Use, request: RouteRequest) -> Callable[[ModelInfo], tuple[int | str, ...]]:
    """The key that puts candidates in order: those that hold all of the prompt, those that surely do, local if asked
    for, nearest role, best rank."""
    role = ROLE_OF[request.complexity] if use == LOCAL else use

    def key(model: ModelInfo) -> tuple[int | str, ...]:
        doubtful = not model.context_window and request.tokens > FITS_ANYWHERE
        is_too_small = not request.is_held_by(model)
        return is_too_small, doubtful, use == LOCAL and model.hosted, _distance(model, role), *_rank(model)

    return key


def _distance(model: ModelInfo, role: ModelRole) -> int:
    """How far a model is from what is asked for; one without any role comes after all that have one."""
    order = NEAREST[role]
    return min((order.index(own) for own in model.roles), default=len(order))


def _rank(model: ModelInfo) -> tuple[bool, int, str]:
    """The catalogue's own order."""
    return not model.hosted, model.rank, model.name


def _why(rule: Rule, first: ModelInfo, request: RouteRequest) -> str:
    told = f"auto: {rule.name} → {USES[rule.use]}"
    is_as_asked = not first.hosted if rule.use == LOCAL else rule.use in first.roles
    if not is_as_asked:
        told += "; no such model can answer, so the nearest does"
    return f"{told}; every model that can answer failed lately" if first.name in request.cooling else told


def _refusal_of(barred: _Barred, request: RouteRequest) -> str:
    """Why the chosen model is not asked, and what to do."""
    model = barred.model
    if barred.code == "above_ceiling":
        return (
            f"Nothing was sent: this turn is {request.label.label.lower()} and {model.display_name} may see "
            f"{model.ceiling.label.lower()} text at most. Choose a local model and retry."
        )
    if barred.code == "local_only":
        return (
            f"Nothing was sent: {model.display_name} is hosted, and only local models may be asked now. Choose a local "
            "model and retry."
        )
    return (
        f"Nothing was sent: the prompt and its answer may take {request.least_tokens:,} tokens and "
        f"{model.display_name} has room for {model.context_window:,}. Choose a model with more room, or Auto, and "
        "retry."
    )


def _refusal(barred: Sequence[_Barred], request: RouteRequest) -> tuple[str, str]:
    """Why no model is asked and what to do, with its code: of what came nearest to answering."""
    rooms = [found.model.context_window for found in barred if found.code == "too_long"]
    if rooms:
        return (
            f"Nothing was sent: the prompt and its answer may take {request.least_tokens:,} tokens, and the models "
            f"that may answer have room for {max(rooms):,} at most. Shorten what you send, or ask an admin to connect "
            "a model with more room.",
            "too_long",
        )
    if any(found.code == "local_only" for found in barred):
        return (
            "Nothing was sent: only local models may be asked now, and none is connected. Ask an admin to connect one, "
            "or choose quotes, which never leaves this server, and retry.",
            "local_only",
        )
    return (
        f"Nothing was sent: this turn is {request.label.label.lower()} and no connected model may see that. Ask an "
        "admin to connect a local model, or choose quotes, which never leaves this server, and retry.",
        "above_ceiling",
    )
