"""An answer outside any conversation, as values: what a program sends, the pieces of the answer, and the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from chat.api.openai_messages import PlacedFile
from chat.api.stop_sequences import Stops
from chat.conversations import drafts
from chat.routing.route import AUTO
from chat.turns import receipts
from chat.turns.answer_so_far import AnswerSoFar
from chat.turns.receipt import Receipt
from chat.turns.values import RoutedTurn
from langai_site.characters import whole_characters
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.parts import Image, Thinking, ToolCall
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import ChatMessage, Delta, Parameter, Thought
from langai_site.sensitivity import Sensitivity


@dataclass(frozen=True)
class StatelessRequest:
    """What a program sends: `instructions` for the model, the history in `said`, and the message.

    `parameters` go to the model too, and override an admin's. `collections` are as the page's form sends them; if
    empty, all documents are searched. The answer ends before the first of `stops`. `pictures` go with the
    message, and `files` has the bytes of all pictures by their ids. `after` are the calls of tools since the message,
    with their results, and `requirements` the tools that the model may call and the JSON that it has to write.
    `sent_files` are files to be read, of the whole conversation.
    """

    text: str
    said: tuple[ChatMessage, ...] = ()
    instructions: str = ""
    model: str = AUTO
    label: Sensitivity | None = None
    options: drafts.Options = drafts.AS_USUAL
    parameters: Mapping[str, Parameter] = field(default_factory=dict)
    collections: Sequence[str] = ()
    stops: tuple[str, ...] = ()
    pictures: tuple[Image, ...] = ()
    files: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    after: tuple[ChatMessage, ...] = ()
    requirements: Requirements = NONE
    sent_files: tuple[PlacedFile, ...] = ()


@dataclass(frozen=True)
class AnswerPiece:
    """Text to append to the answer, with the name of its model."""

    model: str
    text: str


@dataclass(frozen=True)
class RestartPiece:
    """Says that all text of that model so far was a thought: the answer begins only now."""

    model: str


@dataclass(frozen=True)
class ThoughtPiece:
    """Text to append to the thoughts of the model of that name. Not part of the answer. A signature ends a thought."""

    model: str
    text: str
    signature: str = ""


@dataclass(frozen=True)
class CallPiece:
    """A fragment of the answer's tool call number `index`. Only its first fragment has the id and the name."""

    model: str
    index: int
    id: str
    name: str
    arguments: str


@dataclass(frozen=True)
class Whole:
    """The complete answer and the thoughts before it. `cut`: it reached the longest length allowed.

    `thoughts` are only those that their provider signed, and `unsigned` is the rest of `thought`.
    """

    model: str
    kept: receipts.EndedAnswer
    thought: str
    cut: bool
    input_tokens: int
    output_tokens: int
    cached_tokens: int
    cache_write_tokens: int
    receipt: Receipt
    calls: tuple[ToolCall, ...] = ()
    thoughts: tuple[Thinking, ...] = ()
    unsigned: str = ""


Piece = AnswerPiece | RestartPiece | ThoughtPiece | CallPiece


@dataclass
class LiveCall:
    """A tool call that is being written."""

    id: str
    name: str
    arguments: list[str]


@dataclass
class LiveAnswer(AnswerSoFar):
    """An answer that is being written, which ends before the first of `stops`.

    `withdrawn` is text that turned out to be a thought, and `unsigned` are the thoughts since the last signature.
    """

    said: StatelessRequest
    stops: Stops
    thoughts: list[str] = field(default_factory=list)
    signed: list[Thinking] = field(default_factory=list)
    unsigned: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    calls: dict[int, LiveCall] = field(default_factory=dict)

    def heard(self, delta: Delta) -> str:
        """Take a piece of the answer; return what can be sent of it."""
        if delta.restart:
            # What was sent of it cannot be taken back.
            self.withdrawn.append(self.take_back())
            self.thoughts.append(self.withdrawn[-1])
            self.stops = Stops(self.said.stops)
        return self._added(self.stops.feed(self.take(delta)))

    def ask(self, prepared: RoutedTurn) -> None:
        super().ask(prepared)
        for thoughts in (self.thoughts, self.signed, self.unsigned, self.withdrawn):
            thoughts.clear()
        self.calls.clear()

    def thought(self, thought: Thought) -> str:
        """Take a thought; return what can be sent of it."""
        text = whole_characters(thought.text)
        self.thoughts.append(text)
        self.unsigned.append(text)
        if thought.signature:
            self.signed.append(Thinking("".join(self.unsigned), thought.signature))
            self.unsigned.clear()
        return text

    def called(self, fragment: ToolCallDelta) -> CallPiece:
        """Add a fragment of a call."""
        arguments = whole_characters(fragment.arguments)
        if known := self.calls.get(fragment.index):
            known.arguments.append(arguments)
            return CallPiece(self.model, fragment.index, "", "", arguments)
        self.calls[fragment.index] = LiveCall(fragment.id, fragment.name, [arguments])
        return CallPiece(self.model, fragment.index, fragment.id, fragment.name, arguments)

    def tool_calls(self) -> tuple[ToolCall, ...]:
        return tuple(ToolCall(call.id, call.name, "".join(call.arguments)) for _, call in sorted(self.calls.items()))

    def rest(self) -> str:
        return self._added(self.stops.rest())

    def _added(self, text: str) -> str:
        self.text += text
        return text
