"""Pure: why a model stopped, from the word that its provider uses."""

from typing import Any

from langai_site.outbound.lanes.events import FinishReason

# Everything else means STOP. An unknown word comes with an answer that the server calls ended, and a new name for an
# ordinary end is more likely than a new kind of failure. The text is kept either way.
REASONS = {
    FinishReason.LENGTH: (
        *("length", "max_tokens", "max_output_tokens", "max_completion_tokens", "max_length", "model_length"),
        # Anthropic: the window is full, or the turn continues in another call.
        *("model_context_window_exceeded", "pause_turn", "token_limit"),
    ),
    FinishReason.TOOL_CALLS: ("tool_calls", "tool_call", "tool_use", "function_call", "function_calls"),
    FinishReason.FILTERED: (
        *("content_filter", "content_filtered", "content-filter", "filtered", "filter", "sensitive", "guardrail"),
        *("guardrail_intervened", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
        *("image_safety", "image_prohibited_content", "image_recitation", "model_armor", "blocked"),
    ),
    # Ollama only loaded the model, or removed it from memory.
    FinishReason.LOADING: ("load", "unload"),
    FinishReason.ERROR: (
        *("error", "insufficient_system_resource", "network_error", "server_error", "failed", "abort", "aborted"),
        *("cancelled", "canceled", "timeout", "malformed_function_call", "malformed_response", "unexpected_tool_call"),
        *("too_many_tool_calls", "missing_thought_signature", "language", "other", "no_image", "image_other"),
    ),
}
BY_WORD = {word: reason for reason, words in REASONS.items() for word in words}
# Servers combine these words with others, such as `internal_error`. The first one that is found decides.
PARTS = {
    FinishReason.ERROR: ("error", "fail", "overload", "timeout", "abort", "cancel", "unavailable", "rate_limit"),
    FinishReason.FILTERED: ("filter", "safety", "policy", "moderation", "blocked", "refus"),
    FinishReason.LENGTH: ("max_", "length", "token_limit"),
}
NONE = ("", "null", "none", "finish_reason_unspecified")


def finish_reason(word: Any) -> FinishReason | None:  # noqa: ANN401 - whatever a server sends
    """Return the meaning of the provider's `word`, in any case of letters; None if it names none.

    Some servers send an object or a list with the word in it.
    """
    if isinstance(word, list) and word:
        word = word[0]
    if isinstance(word, dict):
        word = next((word[name] for name in ("reason", "type") if isinstance(word.get(name), str)), None)
    if not isinstance(word, str):
        return None
    folded = word.strip().lower()
    if folded in NONE:
        return None
    return BY_WORD.get(folded) or _by_part(folded.replace("-", "_").replace(" ", "_"))


def _by_part(word: str) -> FinishReason:
    found = (reason for reason, parts in PARTS.items() if any(part in word for part in parts))
    return next(found, FinishReason.STOP)
