"""Servers that refuse what others take, in the words that they really use, by a word in the model's name."""

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any

from aiohttp import web

Body = Mapping[str, Any]
MOST_TOKENS = 2048
WINDOW = 2048
REFUSALS: dict[str, tuple[Callable[[Body], bool], int, dict[str, Any]]] = {
    "nomaxtokens": (
        lambda body: "max_tokens" in body,
        400,
        {
            "error": {
                "message": "Unsupported parameter: 'max_tokens' is not supported with this model. "
                "Use 'max_completion_tokens' instead.",
                "type": "invalid_request_error",
                "param": "max_tokens",
                "code": "unsupported_parameter",
            }
        },
    ),
    "nostreamoptions": (
        lambda body: "stream_options" in body,
        422,
        {"detail": [{"type": "extra_forbidden", "loc": ["body", "stream_options"], "msg": "Extra inputs are not"}]},
    ),
    "nosystem": (
        lambda body: any(message["role"] == "system" for message in body["messages"]),
        400,
        {"error": {"message": "System role not supported", "type": "BadRequestError", "code": 400}},
    ),
    "alternate": (
        lambda body: not _alternates(body["messages"]),
        400,
        {"error": {"message": "Conversation roles must alternate user/assistant/user/assistant/...", "code": 400}},
    ),
    "notemperature": (
        lambda body: body.get("temperature", 1) != 1,
        400,
        {
            "error": {
                "message": "Unsupported value: 'temperature' does not support 0.2 with this model. "
                "Only the default (1) value is supported.",
                "type": "invalid_request_error",
                "param": "temperature",
                "code": "unsupported_value",
            }
        },
    ),
    "fewtokens": (
        lambda body: (body.get("max_tokens") or body.get("max_completion_tokens") or 0) > MOST_TOKENS,
        400,
        {
            "error": {
                "message": f"max_tokens is too large. This model supports at most {MOST_TOKENS} completion tokens.",
                "type": "invalid_request_error",
                "param": "max_tokens",
                "code": "invalid_value",
            }
        },
    ),
    "nostream": (
        lambda body: bool(body.get("stream")),
        400,
        {
            "error": {
                "message": "Unsupported value: 'stream' does not support true with this model.",
                "type": "invalid_request_error",
                "param": "stream",
                "code": "unsupported_value",
            }
        },
    ),
    "smallwindow": (
        lambda body: _tokens(body) > WINDOW,
        400,
        {
            "object": "error",
            "message": f"This model's maximum context length is {WINDOW} tokens. However, you requested more tokens in "
            "the messages and the completion. Please reduce the length of the messages or completion.",
            "type": "BadRequestError",
            "code": 400,
        },
    ),
}


def _tokens(body: Body) -> int:
    """About as many as the question and the longest answer have."""
    return sum(len(message["content"]) for message in body["messages"]) // 4 + int(body.get("max_tokens", 0))


def _alternates(messages: list[dict[str, Any]]) -> bool:
    roles = [message["role"] for message in messages if message["role"] != "system"]
    return all(message["content"] for message in messages) and all(one != two for one, two in pairwise(roles))


def refusal(name: str, body: Body) -> web.Response | None:
    """Return the refusal of the first of REFUSALS that `name` has in it and that minds `body`."""
    for word, (minds, status, said) in REFUSALS.items():
        if name.startswith("strict-") and word in name.split("-") and minds(body):
            return web.Response(status=status, text=json.dumps(said), content_type="application/json")
    return None
