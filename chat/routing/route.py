"""Pure: chooses the models to try, in order, from a request, the catalogue and the policy, or says why none may."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from chat.llm.built_in import BUILT_IN
from chat.routing import wordings
from chat.routing.rules import Policy, Rule, Situation
from chat.values import LOCAL, Level, Use
from langai_site.errors import LangAIError
from langai_site.outbound import abilities
from langai_site.outbound.abilities import Ability
from langai_site.outbound.types import ModelInfo, ModelRole
from langai_site.sensitivity import Sensitivity

AUTO = "auto"
# Models that a refusal names at most.
NAMED = 3
# The least room for an answer, unless fewer tokens were requested: with less, no question is sent.
LEAST_ANSWER = 256
# Tokens that fit any model in common use. An unknown context window matters only above this.
FITS_ANYWHERE = 8_000

# The roles to try for each role that a rule names, nearest first: a model that is too strong is better than a weak one.
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
    estimated too high rather than too low; `max_tokens` is the longest answer requested. `least_prompt_tokens` remain
    after everything is left out that a small window may leave out; None if nothing may. `cooling` maps models that
    failed lately to the reason. `local_only` excludes hosted models, whatever they may see. `gone` is the model that
    was chosen before Auto had to replace it. `needs` are the abilities without which a model cannot answer.
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
    needs: frozenset[Ability] = frozenset()

    @property
    def tokens(self) -> int:
        return self.prompt_tokens + self.max_tokens

    @property
    def least_tokens(self) -> int:
        """Return the tokens of the shortest useful prompt and answer, which a model must have room for."""
        prompt = self.prompt_tokens if self.least_prompt_tokens is None else self.least_prompt_tokens
        return prompt + min(self.max_tokens, LEAST_ANSWER)

    def is_held_by(self, model: ModelInfo) -> bool:
        """Return whether the whole prompt fits, with the longest answer or an answer of half the window."""
        window = model.context_window
        return not window or self.prompt_tokens + min(self.max_tokens, window // 2) <= window

    def written(self) -> dict[str, Any]:
        """Return the request as a receipt stores it, without `cooling` and `gone`, so that it can be routed again."""
        return {
            "model": self.requested,
            "label": self.label.value,
            "complexity": self.complexity.value,
            "prompt_tokens": self.prompt_tokens,
            "max_tokens": self.max_tokens,
            "local_only": self.local_only,
            "least_prompt_tokens": self.least_prompt_tokens,
            **({"needs": sorted(self.needs)} if self.needs else {}),
        }

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "RouteRequest":
        """Read a request that a receipt stores."""
        return cls(
            row["model"],
            Sensitivity(row["label"]),
            Level(row["complexity"]),
            row["prompt_tokens"],
            row["max_tokens"],
            local_only=row["local_only"],
            least_prompt_tokens=row.get("least_prompt_tokens"),
            needs=frozenset(map(Ability, row.get("needs", ()))),
        )


@dataclass(frozen=True)
class Rejected:
    """A model that did not answer, and why. `code` names the rule or the error; empty in older receipts."""

    model: str
    why: str
    code: str = ""


@dataclass(frozen=True)
class Route:
    """The models to try, best first, at least one. `rule` and `policy` (its version) are empty if none was applied.

    Each model of the catalogue is among `candidates` or `rejected`, unless the person chose one by name.
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
    """No model may or can answer, and nothing was sent. `rejected` gives the reason for each model.

    Codes: above_ceiling, too_long, local_only, unable; no_model if the chosen model is gone.
    """

    code, status = "no_model", 409

    def __init__(self, message: str, code: str | None = None, *, rejected: Sequence[Rejected] = ()) -> None:
        super().__init__(message, code=code)
        self.rejected = tuple(rejected)


class NoneReachableError(NoModelError):
    """Models may and can answer, but their server does not list them now; nothing was sent."""

    code, status = "unreachable", 503


class _Barred(NamedTuple):
    """A model that cannot answer, and why: `code` is the one for NoModelError if no other model can answer either."""

    model: ModelInfo
    code: str
    why: str


def route(request: RouteRequest, catalogue: Sequence[ModelInfo], policy: Policy) -> Route:
    """Order the models of `catalogue` that may and can answer. Raises NoModelError with what the person can do.

    Ceilings are checked before `policy`, which only orders the remaining models. `quotes` answers for `auto` only if no
    real model is connected: it never silently replaces one.
    """
    if request.requested == AUTO:
        found = _automatic(request, catalogue, policy)
        why = wordings.GONE(why=found.why, model=request.gone)
        return replace(found, why=why) if request.gone else found
    for model in (*catalogue, *BUILT_IN):
        if model.name == request.requested:
            return _chosen(model, request)
    raise NoModelError(wordings.MODEL_GONE(model=request.requested))


def while_unreachable(refusal: NoModelError, request: RouteRequest, unreachable: Sequence[ModelInfo]) -> NoModelError:
    """Return `refusal`, or one that says which models could answer if their server could be reached."""
    asked = [model for model in unreachable if request.requested in (AUTO, model.name)]
    away = [model for model in asked if not _barred(model, request)]
    if not away:
        return refusal
    names = ", ".join(model.display_name for model in away[:NAMED])
    wording = wordings.UNREACHABLE if request.requested != AUTO else wordings.NONE_REACHABLE
    unlisted = (Rejected(model.name, wordings.NOT_LISTED) for model in away)
    return NoneReachableError(wording(models=names), rejected=(*refusal.rejected, *unlisted))


def _chosen(model: ModelInfo, request: RouteRequest) -> Route:
    """Return the model that the person chose, even while it is cooling down: they may know that it works again."""
    if barred := _barred(model, request):
        raise NoModelError(_refusal_of(barred, request), code=barred.code, rejected=[Rejected(model.name, barred.why)])
    return Route((model,), wordings.CHOSEN)


def _automatic(request: RouteRequest, catalogue: Sequence[ModelInfo], policy: Policy) -> Route:
    if not catalogue:
        return replace(_chosen(next(iter(BUILT_IN)), request), why=wordings.ONLY_ONE)
    barred = [found for model in catalogue if (found := _barred(model, request))]
    rejected = {found.model.name: found.why for found in barred}
    allowed = [model for model in catalogue if model.name not in rejected]
    if not allowed:
        raise NoModelError(*_refusal(barred, request), rejected=_rejected(rejected))
    # If all models are cooling down, trying one is better than refusing.
    awake = [model for model in allowed if model.name not in request.cooling] or allowed
    rejected |= {model.name: request.cooling[model.name] for model in allowed if model not in awake}
    rule = policy.rule_for(Situation(request.label, request.complexity, _is_too_long(request, catalogue)))
    candidates = tuple(sorted(awake, key=_preference(rule.use, request)))
    return Route(candidates, _why(rule, candidates[0], request), _rejected(rejected), rule.name, policy.version)


def _rejected(reasons: Mapping[str, str]) -> tuple[Rejected, ...]:
    return tuple(Rejected(name, why) for name, why in reasons.items())


def _barred(model: ModelInfo, request: RouteRequest) -> _Barred | None:
    """Return what keeps a model from answering, the ceiling first; None if nothing does."""
    if not model.may_see(request.label):
        return _Barred(model, "above_ceiling", wordings.MAY_NOT_SEE(label=request.label.word))
    if request.local_only and model.hosted:
        return _Barred(model, "local_only", wordings.IS_HOSTED)
    if lacking := abilities.lacking(request.needs, model.abilities):
        return _Barred(model, "unable", abilities.why_lacking(lacking))
    if 0 < model.context_window < request.least_tokens:
        why = wordings.TOO_SMALL(needed=request.least_tokens, window=model.context_window)
        return _Barred(model, "too_long", why)
    return None


def first_bar(model: ModelInfo, request: RouteRequest) -> Rejected | None:
    """Return the first rule that keeps a model from answering, with its code and reason; None if none does."""
    found = _barred(model, request)
    return found and Rejected(model.name, found.why, found.code)


def _is_too_long(request: RouteRequest, catalogue: Sequence[ModelInfo]) -> bool:
    """Return whether the prompt does not fit the model that moderate turns would go to first."""
    may = [model for model in catalogue if model.may_see(request.label) and not (request.local_only and model.hosted)]
    usual = min(may, key=lambda model: (_distance(model, ModelRole.BALANCED), *_rank(model)))
    return not request.is_held_by(usual)


def _preference(use: Use, request: RouteRequest) -> Callable[[ModelInfo], tuple[int | str, ...]]:
    """Return the sort key for candidates.

    First those that hold the whole prompt, then those that surely do, local ones if requested, those that surely have
    the abilities, nearest role, best rank.
    """
    role = ROLE_OF[request.complexity] if use == LOCAL else use

    def key(model: ModelInfo) -> tuple[int | str, ...]:
        doubtful = not model.context_window and request.tokens > FITS_ANYWHERE
        is_too_small = not request.is_held_by(model)
        unsure = sum(ability not in model.abilities for ability in request.needs)
        return is_too_small, doubtful, use == LOCAL and model.hosted, unsure, _distance(model, role), *_rank(model)

    return key


def _distance(model: ModelInfo, role: ModelRole) -> int:
    """Return how far a model is from the role; a model without any role comes last."""
    order = NEAREST[role]
    return min((order.index(own) for own in model.roles), default=len(order))


def _rank(model: ModelInfo) -> tuple[bool, int, str]:
    """Return the sort key of the catalogue's own order."""
    return not model.hosted, model.rank, model.name


def _why(rule: Rule, first: ModelInfo, request: RouteRequest) -> str:
    why = wordings.AUTO(rule=wordings.rule(rule.name), use=wordings.USES[rule.use])
    is_as_asked = not first.hosted if rule.use == LOCAL else rule.use in first.roles
    if not is_as_asked:
        why = wordings.NEAREST(why=why)
    return wordings.ALL_RESTING(why=why) if first.name in request.cooling else why


def _refusal_of(barred: _Barred, request: RouteRequest) -> str:
    """Return why the chosen model is not asked, and what to do."""
    model = barred.model
    if barred.code == "above_ceiling":
        return wordings.ABOVE_CEILING(label=request.label.word, model=model.display_name, ceiling=model.ceiling.word)
    if barred.code == "local_only":
        return wordings.LOCAL_ONLY(model=model.display_name)
    if barred.code == "unable":
        return wordings.UNABLE(model=model.display_name, why=barred.why)
    return wordings.TOO_LONG(needed=request.least_tokens, model=model.display_name, window=model.context_window)


def _refusal(barred: Sequence[_Barred], request: RouteRequest) -> tuple[str, str]:
    """Return why no model is asked, what to do, and the code, for the models that came nearest to answering."""
    rooms = [found.model.context_window for found in barred if found.code == "too_long"]
    if rooms:
        return wordings.ALL_TOO_SMALL(needed=request.least_tokens, window=max(rooms)), "too_long"
    if unable := [found for found in barred if found.code == "unable"]:
        return wordings.ALL_UNABLE(model=unable[0].model.display_name, why=unable[0].why), "unable"
    if any(found.code == "local_only" for found in barred):
        return wordings.NO_LOCAL(), "local_only"
    return wordings.NONE_MAY_SEE(label=request.label.word), "above_ceiling"
