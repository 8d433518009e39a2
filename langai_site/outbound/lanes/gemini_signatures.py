"""Pure: attaches the signatures of thoughts to the parts of an answer that Gemini gets back.

Gemini checks the signature of the first call. Others are optional, and clients of other formats do not keep their
place: they send thoughts first, then text, then calls. Rules: ai.google.dev/gemini-api/docs/thought-signatures.
"""

from collections.abc import Sequence
from typing import Any

# Documented for calls that another model made.
UNSIGNED = "skip_thought_signature_validator"
Json = dict[str, Any]


def signed(pieces: Sequence[Json | str], *, is_checked: bool) -> list[Json]:
    """Return the parts in `pieces`, with the signatures in it; `is_checked`: the first call has to have one."""
    parts = [piece for piece in pieces if isinstance(piece, dict)]
    calls = [part for part in parts if "functionCall" in part]
    if not calls:
        return _following(pieces)
    last = max(at for at, piece in enumerate(pieces) if isinstance(piece, dict) and "functionCall" in piece)
    early = [piece for piece in pieces[:last] if isinstance(piece, str)]
    late = [piece for piece in pieces[last:] if isinstance(piece, str)]
    if not early:
        early, late = late[:1], late[1:]
    # Calls come last in an answer, so what they leave over belongs to the text before them.
    over = max(0, len(early) - len(calls))
    for call, signature in zip(calls, early[over:], strict=False):
        call["thoughtSignature"] = signature
    if is_checked and not early:
        calls[0]["thoughtSignature"] = UNSIGNED
    before = _on_text(early[:over], parts[: parts.index(calls[0])])
    return [*before, *parts[parts.index(calls[0]) :], *map(_alone, late)]


def _following(pieces: Sequence[Json | str]) -> list[Json]:
    """Attach each signature to the part that follows it directly; others stand alone."""
    kept: list[Json] = []
    waiting: list[str] = []
    for piece in pieces:
        if isinstance(piece, str):
            waiting.append(piece)
            continue
        kept += map(_alone, waiting[:-1])
        kept.append(piece | {"thoughtSignature": waiting[-1]} if waiting else piece)
        waiting = []
    return kept + [_alone(signature) for signature in waiting]


def _on_text(signatures: Sequence[str], texts: Sequence[Json]) -> list[Json]:
    """Attach signatures to the texts in order; those left over stand alone after them."""
    kept = [
        text | {"thoughtSignature": signatures[at]} if at < len(signatures) else text for at, text in enumerate(texts)
    ]
    return kept + [_alone(signature) for signature in signatures[len(texts) :]]


def _alone(signature: str) -> Json:
    return {"text": "", "thoughtSignature": signature}
