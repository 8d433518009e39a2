"""Pure: fits a turn's prompt and the longest answer into a model's context window.

Earlier turns are dropped first, oldest first, because a question needs its passages more than an old exchange. Then
passages are dropped, except the best few. Then the latest turn is dropped, which has stayed so long because without
it, "And for part-timers?" means nothing. The best passages go last. The question and the instructions always stay.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from chat.llm.types import Numbered
from chat.routing.route import LEAST_ANSWER
from chat.turns import prompts
from chat.turns.alternation import ASSISTANT_FIRST
from chat.turns.given_files import NO_FILES, GivenFiles
from langai_site.outbound.parts import Image
from langai_site.outbound.types import ChatMessage
from langai_site.sentences import Template, counted_sentence, joined, sentence

# History and passages leave room for an answer of this many tokens, or for a quarter of the window if that is less.
USUAL_ANSWER = 1_000
# The best passages, which history may not displace.
BEST_PASSAGES = 3
# Tokens of the blank line before a passage, and of rounding.
TOKENS_A_SEAM = 2
# Comes before history that begins with an answer.
PLACEHOLDER = ChatMessage.of("user", ASSISTANT_FIRST)
# Characters at the end of an answer from which a model can continue it.
WRITTEN_END = 1_500

MESSAGES_LEFT_OUT = counted_sentence(
    "window.messages", "%(count)s earlier message was left out.", "%(count)s earlier messages were left out."
)
PASSAGES_LEFT_OUT = counted_sentence(
    "window.passages", "%(count)s passage was left out.", "%(count)s passages were left out."
)
MESSAGES_TO_LEAVE_OUT = counted_sentence(
    "window.messages_before",
    "Up to %(count)s earlier message will be left out.",
    "Up to %(count)s earlier messages will be left out.",
)
PASSAGES_TO_LEAVE_OUT = counted_sentence(
    "window.passages_before",
    "Up to %(count)s passage will be left out.",
    "Up to %(count)s passages will be left out.",
)
ANSWER_LIMIT = sentence("window.answer_limit", "The answer may be at most %(tokens)s tokens long here.")


@dataclass(frozen=True)
class PromptTexts:
    """The texts for a prompt. `keeps_history`: the history may not be shortened, because a program chose it.

    `pictures`, `after` and `files` are never left out either. `reserved` are the tokens of what goes beside the
    messages, such as descriptions of tools.
    """

    question: str
    history: tuple[ChatMessage, ...] = ()
    passages: tuple[Numbered, ...] = ()
    written: str = ""
    instructions: str = ""
    history_chars: int = prompts.HISTORY_CHARS
    keeps_history: bool = False
    pictures: tuple[Image, ...] = ()
    after: tuple[ChatMessage, ...] = ()
    reserved: int = 0
    files: GivenFiles = NO_FILES
    today: date | None = None

    @property
    def recent(self) -> tuple[ChatMessage, ...]:
        """Return as much of the history as a prompt holds in the largest window."""
        return prompts.recent(self.history, self.history_chars)

    @property
    def least(self) -> "PromptTexts":
        """Return the same texts without everything that may be left out."""
        history = self.history if self.keeps_history else ()
        return replace(self, history=history, passages=(), written=self.written[-WRITTEN_END:])

    @property
    def tokens(self) -> int:
        """Return the most tokens that all of the texts take, as they were written."""
        drafted = prompts.drafted(
            self.question,
            self.recent,
            self.passages,
            self.written,
            self.instructions,
            self.pictures,
            self.after,
            self.files,
            self.today,
        )
        return prompts.most_tokens(drafted) + self.reserved

    def messages(self) -> tuple[ChatMessage, ...]:
        """Return the prompt."""
        return prompts.messages(
            self.question,
            self.history,
            self.passages,
            self.written,
            instructions=self.instructions,
            history_chars=self.history_chars,
            pictures=self.pictures,
            after=self.after,
            files=self.files,
            today=self.today,
        )


@dataclass(frozen=True)
class FittedPrompt:
    """A prompt for one model. `texts` are its parts, and `asked` is the longest answer wanted, in tokens.

    `left_out` counts omitted earlier messages, `passages_left_out` omitted passages. `is_retry`: the provider refused a
    longer prompt as too long.
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
        """Return all that the answer may cite: whole pages of files, and passages that were found."""
        return (*self.texts.files.pages, *self.texts.passages)

    @property
    def notice(self) -> str:
        """Return the sentence that tells the person what was left out; empty if nothing was."""
        return self._omitted(MESSAGES_LEFT_OUT, PASSAGES_LEFT_OUT)

    @property
    def notice_before(self) -> str:
        """Return the same sentence for a prompt that is not sent yet and whose passages are not known."""
        return self._omitted(MESSAGES_TO_LEAVE_OUT, PASSAGES_TO_LEAVE_OUT)

    @property
    def answer_limit(self) -> str:
        """Return the sentence about the longest answer; empty if it is about as long as requested."""
        if self.max_tokens * 4 >= self.asked * 3:
            return ""
        return ANSWER_LIMIT(tokens=self.max_tokens)

    def _omitted(self, of_messages: Template, of_passages: Template) -> str:
        found = (self.left_out, of_messages), (self.passages_left_out, of_passages)
        return joined(wording(count=count) for count, wording in found if count)


def holds(window: int, tokens: int, asked: int) -> bool:
    """Return whether a prompt of `tokens` tokens fits uncut. An unknown window (0) holds everything."""
    return not window or tokens + _usual_answer(window, asked) <= window


def fitted(
    texts: PromptTexts, window: int, asked: int, *, whole: Sequence[ChatMessage] = (), reserved: int = 0
) -> FittedPrompt:
    """Return the prompt for a model with that window. `whole` is the prompt of all `texts`, if it was built before.

    History leaves `reserved` tokens free for passages that are not known yet.
    """
    recent = replace(texts, history=texts.recent)
    if whole and holds(window, prompts.most_tokens(whole) + texts.reserved + reserved, asked):
        kept, messages = recent, tuple(whole)
    else:
        kept = _shortened(recent, window - _usual_answer(window, asked) - reserved) if window else recent
        messages = kept.messages()
    room = window - prompts.most_tokens(messages) if window else asked
    return _prompt_of(texts, kept, messages, min(asked, max(room, LEAST_ANSWER)), asked)


def shorter(earlier: FittedPrompt, texts: PromptTexts) -> FittedPrompt | None:
    """Return a shorter prompt after a provider refused `earlier` as too long; None if it cannot be shorter.

    It leaves out a quarter of the history and shortens the answer by a quarter: some providers count both together.
    """
    if earlier.is_retry:
        return None
    history = earlier.texts.history
    if not texts.keeps_history:
        history = prompts.recent(history, sum(len(message.all_text) for message in history) * 3 // 4)
    most = min(earlier.max_tokens, max(earlier.max_tokens * 3 // 4, LEAST_ANSWER))
    if history == earlier.texts.history and most == earlier.max_tokens:
        return None
    kept = replace(earlier.texts, history=history)
    return replace(_prompt_of(texts, kept, kept.messages(), most, earlier.asked), is_retry=True)


def _prompt_of(
    texts: PromptTexts, kept: PromptTexts, messages: tuple[ChatMessage, ...], max_tokens: int, asked: int
) -> FittedPrompt:
    left_out = _with_text(texts.history) - _with_text(kept.history)
    return FittedPrompt(kept, messages, max_tokens, asked, left_out, len(texts.passages) - len(kept.passages))


def _with_text(history: Sequence[ChatMessage]) -> int:
    return sum(not message.is_empty for message in history)


def _usual_answer(window: int, asked: int) -> int:
    return min(asked, USUAL_ANSWER, max(LEAST_ANSWER, window // 4))


def _shortened(texts: PromptTexts, room: int) -> PromptTexts:
    """Return as much of `texts` as fits into `room` tokens, in the order that the module's docstring gives."""
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
    """Yield the first turn to keep and the number of passages to keep: from all of both down to none."""
    for first in range(max(turns, 1)):
        yield first, passages
    best = min(passages, BEST_PASSAGES)
    for given in range(passages - 1, best - 1, -1):
        yield max(turns - 1, 0), given
    for given in range(best, -1, -1):
        yield turns, given
