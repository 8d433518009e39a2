"""Tests a model for an admin with one small question, through the same door as every other call."""

import time
from contextlib import aclosing
from dataclasses import dataclass

from django.utils.translation import gettext as _

from langai_site.errors import LangAIError
from langai_site.numbers import decimal
from langai_site.outbound import door
from langai_site.outbound.abilities import Ability
from langai_site.outbound.lanes.requests import Tool
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import ChatCall, ChatMessage, EmbedCall, ModelInfo, ProviderError, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller, Entry

# Like a real question, with instructions and room for an answer, so that what a server refuses shows up here.
INSTRUCTIONS, QUESTION = "Answer in one short sentence.", "Say hello."
MAX_TOKENS = 256
WORD, EMBEDDER_SECONDS = "Hello", 10
# Offered to a model that can call tools, because some servers refuse the field. The question does not ask to call it.
TOOL = Tool(
    "current_time", "Return the time in a zone.", {"type": "object", "properties": {"zone": {"type": "string"}}}
)


@dataclass(frozen=True)
class Trial:
    """The result of the test, in a sentence or two for admins; `entries` are for the ledger. Has no answer text."""

    ok: bool
    words: str
    entries: tuple[Entry, ...] = ()


async def attempted(model: ModelInfo, caller: Caller) -> Trial:
    """Ask `model`. A failure is a result, not an error."""
    entries: list[Entry] = []
    question = (ChatMessage.of("system", INSTRUCTIONS), ChatMessage.of("user", QUESTION))
    label = Sensitivity.PUBLIC
    # An admin may test a model that is switched off, and the text is ours.
    read_present = unchanging(label, model)
    call = ChatCall(
        model,
        question,
        label,
        MAX_TOKENS,
        caller=caller,
        kind="test",
        requirements=Requirements(tools=(TOOL,)) if model.abilities.get(Ability.TOOLS) else NONE,
        read_present=read_present,
    )
    # Loading that happens once per process must not count as the answer's time.
    await door.warm()
    began = time.monotonic()
    try:
        async with aclosing(door.stream_chat(call, entries.append)) as deltas:
            async for _delta in deltas:
                pass
    except LangAIError as error:
        detail = error.detail if isinstance(error, ProviderError) else ""
        values = {"name": model.display_name, "message": error.shown, "detail": detail}
        if detail:
            words = _("“%(name)s” failed the test. %(message)s Its server said: %(detail)s") % values
        else:
            words = _("“%(name)s” failed the test. %(message)s") % values
        return Trial(False, words, tuple(entries))
    seconds = decimal(time.monotonic() - began, 2)
    words = _("“%(name)s” answered in %(seconds)s seconds.") % {"name": model.display_name, "seconds": seconds}
    return Trial(True, words, tuple(entries))


def embedded(model: ModelInfo, caller: Caller) -> Trial:
    """Let the embedder `model` turn a word into a vector. For threads; a failure is a result, not an error."""
    entries: list[Entry] = []
    label = Sensitivity.PUBLIC
    call = EmbedCall(model, (WORD,), label, EMBEDDER_SECONDS, caller, kind="test", read_present=unchanging(label))
    try:
        vectors = door.embed(call, entries.append).vectors
    except LangAIError as error:
        values = {"name": model.display_name, "message": error.shown}
        words = _("“%(name)s” cannot be used by search yet. %(message)s") % values
        return Trial(False, words, tuple(entries))
    words = _("“%(name)s” makes vectors of %(count)s numbers. The worker embeds all documents with it.") % {
        "name": model.display_name,
        "count": vectors.shape[1],
    }
    return Trial(True, words, tuple(entries))
