"""Pure: signatures of thoughts in OpenAI's format, which every server keeps in a place of its own.

OpenRouter has them in `reasoning_details`, LiteLLM in `thinking_blocks`, and Google's servers in the `extra_content` of
a tool call. They go back where they came from, unchanged, and carry nothing else.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from langai_site.outbound.parts import Thinking

# Prefix of a signature that only this format understands.
PREFIX = "openai:"
SIGNING = ("type", "id", "format", "index", "signature", "data")
VISIBLE = re.compile(r"[!-~]*")
# In characters, of all fields together.
LONGEST_SIGNATURE = 200_000
# The type that we give to a signature of a call, which has none.
OF_CALL = "google.thought_signature"
# The types of LiteLLM's blocks, which are Anthropic's.
BLOCKS = ("thinking", "redacted_thinking")
Json = dict[str, Any]


def signature_of(detail: Any) -> str:  # noqa: ANN401 - whatever a server sends
    """Return what a server needs to recognise a thought, without its text; empty if the thought is not signed."""
    if not isinstance(detail, dict) or not (detail.get("signature") or detail.get("data")):
        return ""
    fields = _signing(detail)
    return PREFIX + json.dumps(fields) if fields.get("signature") or fields.get("data") else ""


def of_calls(calls: Any) -> Iterator[str]:  # noqa: ANN401 - whatever a server sends
    """Yield the signatures that Google's servers attach to tool calls."""
    for call in calls if isinstance(calls, list) else [calls]:
        extra = call.get("extra_content") if isinstance(call, dict) else None
        google = extra.get("google") if isinstance(extra, dict) else None
        signature = google.get("thought_signature") if isinstance(google, dict) else None
        if isinstance(signature, str) and (signed := signature_of({"type": OF_CALL, "signature": signature})):
            yield signed


def _signing(detail: Mapping[str, Any]) -> dict[str, str | int]:
    """Return the fields that sign a thought; empty if they are too long. Texts with spaces in them sign nothing."""
    given = {name: value for name in SIGNING if isinstance(value := detail.get(name), str | int)}
    kept = {name: value for name, value in given.items() if not isinstance(value, str) or VISIBLE.fullmatch(value)}
    return kept if sum(len(str(value)) for value in kept.values()) <= LONGEST_SIGNATURE else {}


def sent_back(thoughts: Iterable[Thinking], calls: list[Json]) -> Json:
    """Return the fields of a message that carry these signed thoughts; those of calls are put into `calls`.

    Google's servers sign the first call of each step, and clients do not keep the place of a signature: the first one
    goes to the first call, and so on.
    """
    fields: Json = {}
    waiting = iter(calls)
    for detail in filter(None, map(_detail, thoughts)):
        kind = detail.get("type")
        if kind == OF_CALL:
            if (call := next(waiting, None)) and "signature" in detail:
                call["extra_content"] = {"google": {"thought_signature": detail["signature"]}}
        elif kind in BLOCKS:
            text = detail.pop("text", "")
            fields.setdefault("thinking_blocks", []).append(detail | ({"thinking": text} if kind == BLOCKS[0] else {}))
        else:
            fields.setdefault("reasoning_details", []).append(detail)
    return fields


def _detail(part: Thinking) -> Json | None:
    """Return the signed thought as its server sent it; None if it is not signed in this format."""
    if not part.signature.startswith(PREFIX) or len(part.signature) > 2 * LONGEST_SIGNATURE:
        return None
    try:
        detail = json.loads(part.signature.removeprefix(PREFIX))
    except (ValueError, RecursionError):
        # A program changed it before sending it back.
        return None
    if not isinstance(detail, dict):
        return None
    fields = _signing(detail)
    if "signature" in fields:
        return {**fields, "text": part.text}
    return dict(fields) if "data" in fields else None
