"""Pure: the values of a turn, from the question to the decision."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol
from uuid import UUID

from django.conf import settings
from django.utils import timezone

from chat.conversations import labels
from chat.conversations.drafts import AS_USUAL, Options, Pick
from chat.conversations.labels import Cause
from chat.conversations.personal import NONE as NO_INSTRUCTIONS
from chat.conversations.personal import Personal
from chat.events import CitedSource
from chat.llm.types import Numbered
from chat.routing import route as routing
from chat.routing.complexity import Complexity
from chat.routing.route import Rejected, RouteRequest
from chat.routing.rules import DEFAULT, Policy
from chat.turns import prompts
from chat.turns.given_files import NO_FILES, Attached, GivenFiles
from chat.turns.windows import FittedPrompt, PromptTexts
from chat.values import AssistantInUse, FolderInstructions, VerifiedBy
from chat.verified.match import VerifiedMatch
from langai_site.detectors import DetectorRule
from langai_site.outbound import requirements
from langai_site.outbound.abilities import Ability
from langai_site.outbound.parts import Image
from langai_site.outbound.requirements import Requirements
from langai_site.outbound.types import ChatMessage, ModelInfo, Present
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import joined
from langai_site.usage.types import Caller
from search.types import Reader


@dataclass(frozen=True)
class Cited:
    """A passage that earlier text of this reply cites. `text` is empty if the person may no longer read it."""

    place: CitedSource
    text: str = ""


@dataclass(frozen=True)
class TurnRequest:
    """All that a turn needs to know. `causes` give its minimum label: the highest that the conversation has reached.

    `asked` names the collections that the person chose, to which `reader` is narrowed: None if they chose none; if it
    is empty, nothing is searched. `cited` are the passages that the earlier text of this answer cites, and `given` the
    documents that it was made from. `policy` is the one in force when the question came in. `instructions` are what a
    program adds to ours, and `history_chars` limits the history in the prompt. `keeps_history`: a small window may not
    shorten the history, because a program chose it. `pictures` go with the question, and `files` has the bytes of all
    pictures by their ids. `after` are the calls of tools that the model made after the question, with their results.
    `requirements` are the tools that a program offers, and the JSON that it expects. `personal` are the person's own
    instructions, which come before those of a `folder` and before `instructions`. `is_temporary`: nothing of the turn
    may be cached or searched. `attached` are the files of the conversation, and `given_files` is what of them the model
    is given, once they are read. `assistant` answers, by its instructions; `notice` is told with the answer.
    `patterns` are the admins' patterns by which the message was scanned; None if it needs no further scan.
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
    pictures: tuple[Image, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    after: tuple[ChatMessage, ...] = ()
    requirements: Requirements = requirements.NONE
    folder: FolderInstructions | None = None
    personal: Personal = NO_INSTRUCTIONS
    is_temporary: bool = False
    attached: tuple[Attached, ...] = ()
    given_files: GivenFiles = NO_FILES
    assistant: AssistantInUse | None = None
    notice: str = ""
    patterns: tuple[DetectorRule, ...] | None = None

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)

    @property
    def documents(self) -> bool:
        return self.asked != ()

    @property
    def max_tokens(self) -> int:
        return self.options.max_tokens or settings.ANSWER_MAX_TOKENS

    @property
    def needs(self) -> frozenset[Ability]:
        """Return the abilities without which a model cannot answer."""
        said = (*self.history, ChatMessage("user", self.pictures), *self.after)
        return requirements.needed(self.requirements, said)

    @property
    def _instructions(self) -> str:
        """Return all that follows our own instructions: those of person, folder, assistant and program."""
        folder = self.folder.prompt if self.folder else ""
        assistant = self.assistant.prompt if self.assistant else ""
        return "\n\n".join(filter(None, (self.personal.prompt, folder, assistant, self.instructions)))

    def texts(self, passages: Sequence[Numbered] = (), model: ModelInfo | None = None) -> PromptTexts:
        """Return the texts from which its prompt can be built, for `model`, or with the most that any model gets."""
        return PromptTexts(
            self.question,
            self.history,
            tuple(passages),
            self.written,
            self._instructions,
            self.history_chars,
            self.keeps_history,
            self.pictures,
            self.after,
            sum(map(prompts.text_tokens, self.requirements.texts)),
            self.given_files.for_model(model),
            timezone.localdate(),
        )


@dataclass(frozen=True)
class RoutingInput:
    """What a model would be sent, and what routing goes by. Nothing has been decided, raised or sent yet.

    `tokens` are the most that the prompt can take. `least_tokens` are those that remain in a small window; None if
    nothing may be left out. `folder` has the instructions of the folder that the prompt contains. `instructions_tokens`
    are those of the person's own instructions; None without any. `verified`: a verified answer is shown, with its
    `passages`, and no model is asked.
    """

    passages: tuple[Numbered, ...]
    causes: tuple[Cause, ...]
    complexity: Complexity
    messages: tuple[ChatMessage, ...]
    tokens: int
    notice: str = ""
    least_tokens: int | None = None
    folder: FolderInstructions | None = None
    instructions_tokens: int | None = None
    files: GivenFiles = NO_FILES
    assistant: AssistantInUse | None = None
    verified: VerifiedBy | None = None

    @property
    def label(self) -> Sensitivity:
        return labels.label_of(self.causes)


@dataclass(frozen=True)
class RoutedTurn:
    """The decision: the route, and which of its candidates is asked now. `failed` are those tried before it.

    `instead_of` is the name, as people know it, of the model that did not answer just before; empty if none was asked.
    `prompt` is what that model is sent; None until it is fitted to the model's window.
    """

    weighed: RoutingInput
    route: routing.Route
    model: ModelInfo
    failed: tuple[Rejected, ...] = ()
    prompt: FittedPrompt | None = None
    instead_of: str = ""

    @property
    def passages(self) -> tuple[Numbered, ...]:
        """Return the passages that the model is given."""
        return self.prompt.passages if self.prompt else self.weighed.passages

    @property
    def notice(self) -> str:
        """Return what to tell the person about the search and about what was left out."""
        files, left_out = self.weighed.files.notice(self.model), self.prompt.notice if self.prompt else ""
        return joined((files, self.weighed.notice, left_out))

    @property
    def label(self) -> Sensitivity:
        return self.weighed.label


def wanted(request: TurnRequest, weighed: RoutingInput) -> RouteRequest:
    """Return the request to routing, without the models that are cooling down."""
    return RouteRequest(
        requested=request.pick.model,
        gone=request.pick.gone,
        label=weighed.label,
        complexity=weighed.complexity.level,
        prompt_tokens=weighed.tokens,
        max_tokens=request.max_tokens,
        local_only=request.pick.local_only,
        least_prompt_tokens=weighed.least_tokens,
        needs=request.needs,
    )


class TurnState(Protocol):
    """What may change while a turn runs: budgets, labels, rights and models. `turn_state` reads it from rows."""

    async def hold(self, most: Decimal | None) -> None:
        """Reserve what the turn can cost including its next call, in US dollars; None if its model has no price.

        Raises OverBudgetError if no budget allows it; then the call must not be made.
        """
        ...

    def read_present(self, request: TurnRequest, prepared: RoutedTurn) -> Present:
        """Return the present state of a call at the moment of sending. Synchronous. Raises NotAdmittedError."""
        ...

    def read_question(self, request: TurnRequest) -> Present:
        """Return the turn's present label without any passages. Synchronous. Raises NotAdmittedError."""
        ...

    async def verified(self, request: TurnRequest, found: Sequence[UUID]) -> VerifiedMatch | None:
        """Return the verified answer among the found sources that answers the question, as the person may read it now.

        It is recorded which documents it comes from. Raises NotAdmittedError.
        """
        ...

    async def unread_files(self, request: TurnRequest) -> tuple[str, ...]:
        """Return the names of the attached files that are still being read."""
        ...

    async def with_files(self, request: TurnRequest) -> TurnRequest:
        """Return the turn with its attached files as they are now."""
        ...

    async def refreshed(self, request: TurnRequest) -> TurnRequest:
        """Return the turn with its present labels, rights and models. Raises LangAIError if the turn must end."""
        ...
