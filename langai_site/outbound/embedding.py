"""Embeds texts through LiteLLM: one call in, unit vectors and their token count out.

Without an event loop, because search embeds in threads. Every server is asked in OpenAI's format, Ollama as well,
because only there LiteLLM accepts our client: it uses no proxy in the building, follows no redirect and asks once.
"""

import threading
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import httpx

from langai_site import request_id
from langai_site.outbound import bounds, failures, litellm_adapter, tokens
from langai_site.outbound import gate as gates
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.gate import Gate
from langai_site.outbound.types import EmbedCall, EmbedResult
from langai_site.usage.types import Usage

if TYPE_CHECKING:
    import numpy as np

CONNECT_SECONDS = 5
_lock = threading.Lock()


def embed(call: EmbedCall, endpoint: Endpoint, gate: Gate) -> EmbedResult:
    """Return the texts' vectors.

    Raises what `gate` refuses with, and ProviderError if the server fails, is late, or sends anything but vectors of
    one dimension.
    """
    litellm = litellm_adapter.loaded_now()
    name = call.model.display_name
    gate.bound = bounds.of_vectors(len(call.texts), call.seconds)
    try:
        with gate.guarding():
            answer = litellm.embedding(**_arguments(call, endpoint))
        gate.require_sent()
    except Exception as error:
        if gate.refusal:
            raise gate.refusal from None
        if gate.bound.exceeded:
            raise failures.failure("oversized", name) from None
        if _is_late(error):
            raise failures.failure("start_timeout", name, seconds=call.seconds) from None
        raise failures.explained(error, name, started=False, unreadable=_is_unreadable(error)) from None
    vectors = _vectors(answer.data, len(call.texts))
    if vectors is None:
        raise failures.failure("malformed", name)
    return EmbedResult(vectors, _usage(call, answer) or estimate(call))


def estimate(call: EmbedCall) -> Usage:
    """Estimate the tokens from lengths, for a server that sends no count."""
    return Usage(input_tokens=sum(tokens.about(tokens.size(text)) for text in call.texts), estimated=True)


def _arguments(call: EmbedCall, endpoint: Endpoint) -> dict[str, Any]:
    own = {request_id.HEADER: request_id.request_id()} if endpoint.direct and request_id.request_id() else {}
    return {
        "model": f"hosted_vllm/{endpoint.model}",
        "extra_headers": {**endpoint.headers, **own},
        "input": list(call.texts),
        "api_base": f"{endpoint.url}/v1" if endpoint.is_ollama else endpoint.url,
        "api_key": endpoint.key or "none",
        "timeout": httpx.Timeout(call.seconds, connect=CONNECT_SECONDS),
        "num_retries": 0,
        "max_retries": 0,
        "client": _handler(endpoint.direct),
    }


def _handler(direct: bool) -> Any:  # noqa: ANN401 - LiteLLM's type, which is imported late
    with _lock:
        return _made(direct)


@lru_cache
def _made(direct: bool) -> Any:  # noqa: ANN401 - as above
    from litellm.llms.custom_httpx.http_handler import HTTPHandler

    hooks = bounds.hooks(lambda: gates.current().bound)
    hooks["request"].append(_gate_connection)
    return HTTPHandler(client=httpx.Client(trust_env=not direct, follow_redirects=False, event_hooks=hooks))


def _gate_connection(request: httpx.Request) -> None:
    """Make httpx ask the call's gate once it holds a connection, right before it writes the request."""
    gate = gates.current()
    gate.refuse_second(request)

    def ask(event: str, info: Mapping[str, Any]) -> None:
        # The request that asks a proxy for a tunnel contains nothing of the call.
        if event == "http11.send_request_headers.started" and info["request"].method != b"CONNECT":
            gate.ask_now()

    request.extensions["trace"] = ask


def _is_late(error: BaseException) -> bool:
    return any(isinstance(cause, httpx.TimeoutException) for cause in failures.causes(error))


def _is_unreadable(error: BaseException) -> bool:
    """Return whether the server's answer was not JSON."""
    return any(isinstance(cause, ValueError) for cause in failures.causes(error))


def _vectors(rows: Any, count: int) -> "np.ndarray | None":  # noqa: ANN401 - whatever the server sent
    """Return unit vectors in the order of the texts; None unless each text has a usable one of the same dimension."""
    import numpy as np

    try:
        order = sorted(rows, key=lambda row: int(litellm_adapter.field(row, "index") or 0))
        vectors = np.array([_flat(litellm_adapter.field(row, "embedding")) for row in order], dtype=np.float32)
    except (TypeError, ValueError):
        return None
    if vectors.ndim != 2 or len(vectors) != count or not vectors.shape[1] or not np.isfinite(vectors).all():
        return None
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / lengths if lengths.all() else None


def _flat(vector: Sequence[Any]) -> Sequence[Any]:
    """Return a text's vector, which some servers wrap in another list."""
    return vector[0] if len(vector) == 1 and isinstance(vector[0], list) else vector


def _usage(call: EmbedCall, answer: Any) -> Usage | None:  # noqa: ANN401 - LiteLLM's answer
    """Return the server's count; None if it sent none, or one that is impossible for these texts."""
    counted = litellm_adapter.field(getattr(answer, "usage", None), "prompt_tokens")
    most = tokens.counted_at_most(_size(call))
    return Usage(input_tokens=counted) if isinstance(counted, int) and 0 < counted <= most else None


def _size(call: EmbedCall) -> int:
    return sum(tokens.size(text) for text in call.texts)
