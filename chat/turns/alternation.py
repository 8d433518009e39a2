"""Pure: orders messages as every wire format accepts them, whatever a conversation or a program contains."""

from collections.abc import Sequence
from itertools import groupby

from langai_site.outbound.parts import BETWEEN, Text
from langai_site.outbound.types import ChatMessage, Role

# Anthropic and Gemini refuse a conversation that starts with the assistant.
ASSISTANT_FIRST = "(The assistant speaks first.)"


def alternating(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the system texts as one message, then user and assistant messages in turn, starting with the user.

    Empty messages are left out. Neighbours of one role are joined with a blank line. No other text is lost. Results of
    tools stay apart from what the person says.
    """
    filled = [message for message in messages if not message.is_empty]
    system = [message for message in filled if message.role == "system"]
    spoken = [message for message in filled if message.role != "system"]
    if spoken and spoken[0].role != "user":
        spoken.insert(0, ChatMessage.of("user", ASSISTANT_FIRST))
    turns = (_joined(role, list(same)) for role, same in groupby(spoken, key=lambda message: message.role))
    return (*([_joined("system", system)] if system else ()), *turns)


def _joined(role: Role, messages: Sequence[ChatMessage]) -> ChatMessage:
    parts = tuple(part for message in messages for part in message.parts)
    if all(isinstance(part, Text) for part in parts):
        return ChatMessage.of(role, BETWEEN.join(message.text for message in messages))
    return ChatMessage(role, parts)
