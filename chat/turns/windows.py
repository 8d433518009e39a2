"""Pure: what of a turn a model is given, and how long its answer may be, so that both fit its context window.

Earlier turns leave first, the oldest before the others, because a question needs its passages more than what was said
long ago. The latest turn stays longest: without it, "And for part-timers?" means nothing. Of the passages the best few
stay with it; only then does it leave. The question and the instructions always stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from chat.llm.types import Numbered
from chat.routing.route import LEAST_ANSWER
from chat.turns import prompts
from chat.turns.alternation import ASSISTANT_FIRST
from langai_site.outbound.types import ChatMessage

# History and passages leave such an answer its room, where that is less than a quarter of the window.
USUAL_ANSWER = 1_000
# The best passages, which nothing that was said before may displace.
BEST_PASSAGES = 3
# The blank line before a passage, and what rounding loses.
TOKENS_A_SEAM = 2
# History that begins with an answer gets this before it.
PLACEHOLDER = ChatMessage("user", ASSISTANT_FIRST)
# Of an answer that is continued, the end from which a model can go on, in characters.
WRITTEN_END = 1_500


@dataclass(frozen=True)
class PromptTexts:
    """What a prompt can be made of. `keeps_history`: it may not be shortened, because a program chose it."""

    question: str
    history: tuple[ChatMessage, ...] = ()
    passages: tuple[Numbered, ...] = ()
    written: str = ""
    instructions: str = ""
    history_chars: int = prompts.HISTORY_CHARS
    keeps_history: bool = False

    @property
    def recent(self) -> tuple[ChatMessage, ...]:
        """As much of the history as a prompt holds in the largest window."""
        return prompts.recent(self.history, self.history_chars)

    @property
    def least(self) -> "PromptTexts":
        """The same without all that may be left out."""
        history = self.history if self.keeps_history else ()
        return replace(self, history=history, passages=(), written=self.written[-WRITTEN_END:])

    @property
    def tokens(self) -> int:
        """The most tokens that all of it takes, from the texts as they were written."""
        drafted = prompts.drafted(self.question, self.recent, self.passages, self.written, self.instructions)
        return prompts.most_tokens(drafted)

    def messages(self) -> tuple[ChatMessage, ...]:
        """The prompt."""
        return prompts.messages(
            self.question,
            self.history,
            self.passages,
            self.written,
            instructions=self.instructions,
            history_chars=self.history_chars,
        )


@dataclass(frozen=True)
class FittedPrompt:
    """A prompt as one model is sent it. `texts` are those that it was made from, `asked` the longest answer wanted.

    `left_out` counts earlier messages, `passages_left_out` passages. `is_retry`: the provider found a longer one too
    long.
    """

    texts: PromptTexts
    messages: tuple[ChatMessage, ...]
    max_tokens: int
    asked: int
    left_out: int = 0
    passages_left_out: int = 0
    is_retry: bool = False

    @property
    def passages(self) -> tuple[Numbered, ...]:
        return self.texts.passages

    @property
    def notice(self) -> str:
        """What the person is told of what was left out; empty where nothing was."""
        return " ".join(
            f"{counted(count, name)} {'was' if count == 1 else 'were'} left out." for count, name in self._omitted
        )

    @property
    def notice_before(self) -> str:
        """The same while the prompt is not sent yet, and its passages are not known."""
        return " ".join(f"Up to {counted(count, name)} will be left out." for count, name in self._omitted)

    @property
    def answer_limit(self) -> str:
        """What the person is told of the longest answer; empty where it is about as long as was asked for."""
        if self.max_tokens * 4 >= self.asked * 3:
            return ""
        return f"The answer may be at most {self.max_tokens:,} tokens long here."

    @property
    def _omitted(self) -> list[tuple[int, str]]:
        found = (self.left_out, "earlier message"), (self.passages_left_out, "passage")
        return [(count, name) for count, name in found if count]


def counted(count: int, name: str) -> str:
    """Return "1 passage", or "4 passages"."""
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def holds(window: int, tokens: int, asked: int) -> bool:
    """Return whether a prompt of so many tokens fits as it is; a window that is not known holds everything."""
    return not window or tokens + _usual_answer(window, asked) <= window


def fitted(
    texts: PromptTexts, window: int, asked: int, *, whole: Sequence[ChatMessage] = (), reserved: int = 0
) -> FittedPrompt:
    """Return the prompt for a model with that window. `whole` is the prompt of all `texts`, where it was made before.

    History leaves `reserved` tokens free for passages that are not known yet.
    """
    recent = replace(texts, history=texts.recent)
    if whole and holds(window, prompts.most_tokens(whole) + reserved, asked):
        kept, messages = recent, tuple(whole)
    else:
        kept = _shortened(recent, window - _usual_answer(window, asked) - reserved) if window else recent
        messages = kept.messages()
    left = window - prompts.most_tokens(messages) if window else asked
    return _told(texts, kept, messages, min(asked, max(left, LEAST_ANSWER)), asked)


def shorter(earlier: FittedPrompt, texts: PromptTexts) -> FittedPrompt | None:
    """Return a prompt for one more try after a provider found `earlier` too long; None where it cannot be shorter.

    A quarter of the history is left out, and the answer may be a quarter shorter: some count both together.
    """
    if earlier.is_retry:
        return None
    history = earlier.texts.history
    if not texts.keeps_history:
        history = prompts.recent(history, sum(len(message.text) for message in history) * 3 // 4)
    most = min(earlier.max_tokens, max(earlier.max_tokens * 3 // 4, LEAST_ANSWER))
    if history == earlier.texts.history and most == earlier.max_tokens:
        return None
    kept = replace(earlier.texts, history=history)
    return replace(_told(texts, kept, kept.messages(), most, earlier.asked), is_retry=True)


def _told(
    texts: PromptTexts, kept: PromptTexts, messages: tuple[ChatMessage, ...], max_tokens: int, asked: int
) -> FittedPrompt:
    left_out = _with_text(texts.history) - _with_text(kept.history)
    return FittedPrompt(kept, messages, max_tokens, asked, left_out, len(texts.passages) - len(kept.passages))


def _with_text(history: Sequence[ChatMessage]) -> int:
    return sum(bool(message.text.strip()) for message in history)


def _usual_answer(window: int, asked: int) -> int:
    return min(asked, USUAL_ANSWER, max(LEAST_ANSWER, window // 4))


def _shortened(texts: PromptTexts, room: int) -> PromptTexts:
    """As much of `texts` as fits into `room` tokens, in the order of this module's first lines."""
    if texts.least.tokens + prompts.text_tokens(texts.written[:-WRITTEN_END]) > room:
        texts = replace(texts, written=texts.written[-WRITTEN_END:])
    room -= replace(texts.least, written=texts.written).tokens + prompts.tokens_of([PLACEHOLDER])
    turns = [] if texts.keeps_history else prompts.turns_of(texts.history)
    turn_tokens = [prompts.tokens_of(turn) for turn in turns]
    passage_tokens = [prompts.text_tokens(prompts.framed(passage)) + TOKENS_A_SEAM for passage in texts.passages]
    first = given = 0
    for first, given in _steps(len(turns), len(texts.passages)):
        if sum(turn_tokens[first:]) + sum(passage_tokens[:given]) <= room:
            break
    history = texts.history if texts.keeps_history else tuple(message for turn in turns[first:] for message in turn)
    return replace(texts, history=history, passages=texts.passages[:given])


def _steps(turns: int, passages: int) -> Iterator[tuple[int, int]]:
    """The first turn that is kept and the number of passages: from all of both to none of either."""
    for first in range(max(turns, 1)):
        yield first, passages
    best = min(passages, BEST_PASSAGES)
    for given in range(passages - 1, best - 1, -1):
        yield max(turns - 1, 0), given
    for given in range(best, -1, -1):
        yield turns, given
