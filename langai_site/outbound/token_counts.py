"""Pure: counts the tokens of a call, as its provider counted them if that is possible, otherwise as estimated."""

from collections.abc import Sequence

from langai_site.outbound import tokens
from langai_site.outbound.bounds import THOUGHT_TOKENS
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import ChatCall, ChatMessage
from langai_site.usage.types import Usage


def are_possible(call: ChatCall, input_tokens: int, output_tokens: int) -> bool:
    """Return whether these counts are possible for the call: others would use up a budget, or fit no column."""
    most_input = tokens.counted_at_most(size(call.messages, call.requirements)) + _most_of_pictures(call.messages)
    return 0 <= input_tokens <= most_input and 0 <= output_tokens <= call.max_tokens + THOUGHT_TOKENS


def estimate(call: ChatCall, written: int) -> Usage:
    """Estimate the counts from the prompt's bytes and `written`, if the provider sent none or was stopped before."""
    asked = size(call.messages, call.requirements)
    return Usage(input_tokens=tokens.about(asked), output_tokens=tokens.about(written), estimated=True)


def size(messages: Sequence[ChatMessage], requirements: Requirements = NONE) -> int:
    """Return the bytes of all texts in both. A picture counts like a text with as many tokens."""
    texts = sum(tokens.size(message.all_text) for message in messages) + sum(map(tokens.size, requirements.texts))
    return texts + sum(len(message.pictures) for message in messages) * tokens.PICTURE_TOKENS * tokens.BYTES_A_TOKEN


def max_usage(messages: Sequence[ChatMessage], max_tokens: int, requirements: Requirements = NONE) -> Usage:
    """Return the most that a call with these messages can use."""
    most_input = tokens.most(size(messages, requirements)) + _most_of_pictures(messages)
    return Usage(input_tokens=most_input, output_tokens=max_tokens, estimated=True)


def _most_of_pictures(messages: Sequence[ChatMessage]) -> int:
    return tokens.MOST_PICTURE_TOKENS * sum(len(message.pictures) for message in messages)
