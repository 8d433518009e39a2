"""Pure: what a turn is made of, from the question to what was decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from django.conf import settings

from chat.conversations import labels
from chat.conversations.drafts import AS_USUAL, Options, Pick
from chat.conversations.labels import Cause
from chat.events import CitedSource
from chat.llm.types import Numbered
from chat.routing import route as routing
from chat.routing.complexity import Complexity
from chat.routing.route import Rejected, RouteRequest
from chat.routing.rules import DEFAULT, Policy
from chat.turns import prompts
from chat.turns.windows import FittedPrompt, PromptTexts
from langai_site.outbound.types import ChatMessage, ModelInfo, Present
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Reader


@dataclass(frozen=True)
class Cited:
    """A passage that earlier text of this reply cites. `text` is empty where it cannot be read any more."""

    place: CitedSource
    text: str = ""


@dataclass(frozen=True)
class TurnRequest:
    """All that a turn needs to know. `causes` give it its floor: the highest label that the conversation has reached.

    `asked` names the collections that the person chose, which `reader` is narrowed to: None where they chose none
    in particular, and nothing is searched where it is empty. `cited` and `given` are the passages that the earlier text
    of this answer cites and the documents that it was made from. `policy` is the one in force when it was asked.
    `instructions` are what a program adds to ours, and `history_chars` how much of the history the prompt has room for.
    `keeps_history`: none of it is left out for a small window, because a program chose what it sends.
    """

    question: str
    history: tuple[ChatMessage, ...]
    causes: tuple[Cause, ...]
    pick: Pick
    catalogue: tuple[ModelInfo, ...]
    reader: Reader
    caller: Caller
    options: Options = AS_USUAL
    policy: Policy = DEFAULT
    written: str = ""
    cited: tuple[Cited, ...] = ()
    given: tuple[UUID, ...] = ()
    asked: tuple[str, ...] | None = None
    instructions: str = ""
    history_chars: int = prompts.HISTORY_CHARS
    keeps_history: bool = False

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)

    @property
    def documents(self) -> bool:
        return self.asked != ()

    @property
    def max_tokens(self) -> int:
        return self.options.max_tokens or settings.ANSWER_MAX_TOKENS

    def texts(self, passages: Sequence[Numbered] = ()) -> PromptTexts:
        """Return what its prompt can be made of."""
        return PromptTexts(
            self.question,
            self.history,
            tuple(passages),
            self.written,
            self.instructions,
            self.history_chars,
            self.keeps_history,
        )


@dataclass(frozen=True)
class RoutingInput:
    """What a model would be given, and what routing goes by. Nothing has been decided, raised or sent yet.

    `tokens` are the most that the prompt can take, and `least_tokens` those that remain in a small window: None where
    nothing may be left out.
    """

    passages: tuple[Numbered, ...]
    causes: tuple[Cause, ...]
    complexity: Complexity
    messages: tuple[ChatMessage, ...]
    tokens: int
    notice: str = ""
    least_tokens: int | None = None

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)


@dataclass(frozen=True)
class RoutedTurn:
    """What was decided: the route, and which of its candidates is asked now. `failed` are those asked before it.

    `prompt` is what that one is sent: None until it is fitted to its window.
    """

    weighed: RoutingInput
    route: routing.Route
    model: ModelInfo
    failed: tuple[Rejected, ...] = ()
    prompt: FittedPrompt | None = None

    @property
    def passages(self) -> tuple[Numbered, ...]:
        """Those that the model is given."""
        return self.prompt.passages if self.prompt else self.weighed.passages

    @property
    def notice(self) -> str:
        """What the person is told of the search and of what was left out."""
        return " ".join(filter(None, (self.weighed.notice, self.prompt.notice if self.prompt else "")))

    @property
    def label(self) -> Sensitivity:
        return self.weighed.label


def wanted(request: TurnRequest, weighed: RoutingInput) -> RouteRequest:
    """What routing is asked, were no model resting."""
    return RouteRequest(
        requested=request.pick.model,
        gone=request.pick.gone,
        label=weighed.label,
        complexity=weighed.complexity.level,
        prompt_tokens=weighed.tokens,
        max_tokens=request.max_tokens,
        local_only=request.pick.local_only,
        least_prompt_tokens=weighed.least_tokens,
    )


class TurnState(Protocol):
    """What may change while a turn runs: budgets, labels, rights and models. `turn_state` reads it from rows."""

    async def hold(self, most: Decimal | None) -> None:
        """Hold what the turn can come to with its next call, in US dollars: None where its model has no price.

        Raises OverBudgetError where it cannot be afforded: the call is not made then.
        """
        ...

    def read_present(self, request: TurnRequest, prepared: RoutedTurn) -> Present:
        """Return what is true of a call at the moment of sending. Synchronous. Raises NotAdmittedError."""
        ...

    def read_question(self, request: TurnRequest) -> Present:
        """Return the label that the turn has now without any passages. Synchronous. Raises NotAdmittedError."""
        ...

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        """Return the turn with labels, rights and models as they are now. Raises LangAIError where it is over."""
        ...
