"""Pure: orders messages as every wire format accepts them, whatever a conversation or a program contains."""

from collections.abc import Sequence
from itertools import groupby

from langai_site.outbound.types import ChatMessage, Role

# Anthropic and Gemini refuse a conversation that starts with the assistant.
ASSISTANT_FIRST = "(The assistant speaks first.)"


def alternating(messages: Sequence[ChatMessage]) -> tuple[ChatMessage, ...]:
    """Return the system texts as one message, then user and assistant messages in turn, starting with the user.

    Messages without text are left out. Neighbours of one role are joined with a blank line. No other text is lost.
    """
    with_text = [message for message in messages if message.text.strip()]
    system = [message for message in with_text if message.role == "system"]
    spoken = [message for message in with_text if message.role != "system"]
    if spoken and spoken[0].role == "assistant":
        spoken.insert(0, ChatMessage("user", ASSISTANT_FIRST))
    turns = (_joined(role, list(same)) for role, same in groupby(spoken, key=lambda message: message.role))
    return (*([_joined("system", system)] if system else ()), *turns)


def _joined(role: Role, messages: Sequence[ChatMessage]) -> ChatMessage:
    return ChatMessage(role, "\n\n".join(message.text for message in messages))
