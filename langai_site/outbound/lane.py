"""Our own client for model servers: one call in; text, thoughts and counts out.

The formats are in `lanes`; this module has the connection, the waiting and the limits. Closing the generator closes the
provider's connection.
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterable, Iterable, Iterator, Sequence
from contextlib import aclosing, suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import Protocol, cast

import httpx

from langai_site.outbound import failures, http_clients, lane_requests, read_ahead, token_counts, unpacking
from langai_site.outbound.bounds import ERROR_BYTES, LEAST_BYTES, AnswerBound, Bound, TooMuchError
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.gate import Gate
from langai_site.outbound.lanes import failures as wire_failures
from langai_site.outbound.lanes.errors import TooLongError, UnreadableError
from langai_site.outbound.lanes.events import ALIVE, Event, ServerFailure, TextDelta
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.outcome import Outcome, ServerFailedError
from langai_site.outbound.patience import Patience
from langai_site.outbound.types import ChatCall, ModelOutput, ProviderError, RefusedParameterError, Thought
from langai_site.request_id import carried
from langai_site.usage.types import Usage

# Counts follow the finish reason at once, if they come at all.
REST_SECONDS = 2
# The whole answer of a server that does not stream fits into this.
LONGEST_EVENT = 2**20
# Longer events are parsed on a thread: a server that does not stream sends its whole answer in one.
LONG_EVENT = 2**16
# Bytes of a prompt that take about a millisecond to be put into a request, and those that take as long as one part.
LONG_PROMPT = 2**17
BYTES_OF_A_PART = 2**10


class Decoder(Protocol):
    """The decoder of one of the formats in `lanes`."""

    def feed(self, data: bytes) -> list[Event]: ...

    def close(self) -> list[Event]: ...


async def stream(call: ChatCall, endpoint: Endpoint, gate: Gate) -> AsyncGenerator[ModelOutput | Usage | Quirks, None]:
    """Yield the output of the call, then its Usage, and last how to ask next time, if that was learnt.

    Raises ProviderError, and what `gate` refuses with.
    """
    name, patience, bound = call.model.display_name, Patience(), AnswerBound(call.max_tokens)
    outcome, response = Outcome(call, patience, bound), None
    try:
        async with patience.limit():
            request = await _request(call, endpoint)
            response = await http_clients.send(request, gate, direct=endpoint.direct)
            gate.require_sent()
            if not response.is_success:
                raise ServerFailedError(await _error(response))
        quirks = lane_requests.quirks_of(call, endpoint)
        decoder = lane_requests.FORMATS[endpoint.provider].Decoder(opened=quirks.opened, longest=LONGEST_EVENT)
        async with aclosing(_outputs(response, decoder, outcome)) as outputs:
            async for output in outputs:
                yield output
        for delta in outcome.last():
            yield delta
        yield outcome.usage()
        if outcome.thought_first:
            yield replace(call.model.quirks, opened=True)
    except ServerFailedError as error:
        raise await asyncio.to_thread(carried(_explained), error.failure, call, endpoint, outcome) from None
    except TimeoutError:
        code = "idle_timeout" if patience.heard else "start_timeout"
        raise failures.failure(code, name, seconds=patience.seconds) from None
    except (TooMuchError, TooLongError):
        raise failures.failure("oversized", name) from None
    except (UnreadableError, unpacking.PackedError):
        raise failures.failure("malformed", name) from None
    except UnicodeEncodeError:
        # Only a key that was copied wrongly contains such characters: headers are checked when they are saved.
        raise failures.failure("unauthorized", name) from None
    except (httpx.HTTPError, httpx.InvalidURL):
        raise failures.failure("cut" if response else "unreachable", name) from None
    finally:
        patience.end()
        if response is not None:
            await response.aclose()


async def _request(call: ChatCall, endpoint: Endpoint) -> httpx.Request:
    """Return the request. A long prompt is put into its format on a thread, because that takes milliseconds."""
    parts = sum(len(message.parts) for message in call.messages) + len(call.requirements.tools)
    size = token_counts.size(call.messages, call.requirements) + sum(map(len, call.files.values()))
    if size + parts * BYTES_OF_A_PART > LONG_PROMPT:
        return await asyncio.to_thread(lane_requests.of_call, call, endpoint)
    return lane_requests.of_call(call, endpoint)


def _explained(reported: ServerFailure, call: ChatCall, endpoint: Endpoint, outcome: Outcome) -> ProviderError:
    """Return the error for the failure. Call it on a thread: it searches the server's words for people's text."""
    # Servers quote keys, which have any shape, and headers of gateways may hold some too.
    secrets = [endpoint.key, *endpoint.headers.values(), *call.model.extra_headers.values()]
    sent = [*(message.all_text for message in call.messages), *call.requirements.texts, *secrets]
    error = failures.of_server(reported, call.model.display_name, sent)
    learnt = None if outcome.has_output else lane_requests.learnt(reported, call, endpoint)
    return RefusedParameterError(error, learnt) if learnt else error


async def _outputs(response: httpx.Response, decoder: Decoder, outcome: Outcome) -> AsyncGenerator[ModelOutput, None]:
    """Yield the output until the server says why it stopped; then read what follows."""
    unended = 0
    async with aclosing(_pieces(response, outcome.bound)) as pieces:
        while not outcome.finished:
            piece = await outcome.patience.read(pieces)
            found = await _decoded(decoder, piece, unended)
            for output in _read(found, outcome):
                yield output
            if piece is None:
                return
            unended = unended + len(piece) if all(event == ALIVE for event in found) else 0
            if len(piece) >= unpacking.PIECE:
                # More of the same chunk is at hand, and would keep the event loop. Before other pieces the loop has had
                # its turn, see `read_ahead`.
                await asyncio.sleep(0)
        # Whatever is wrong with what follows, the answer is complete.
        with suppress(Exception):
            async with asyncio.timeout(REST_SECONDS):
                async for piece in pieces:
                    for event in decoder.feed(piece):
                        outcome.read(event)


async def _pieces(response: httpx.Response, bound: Bound) -> AsyncGenerator[bytes, None]:
    unpacker = unpacking.of_encoding(response.headers.get("content-encoding", ""))
    # `aiter_raw` would do more for each chunk, and nothing that is needed here.
    stream = cast("AsyncIterable[bytes]", response.stream)
    async with aclosing(read_ahead.joined(cast("AsyncGenerator[bytes]", aiter(stream)))) as chunks:
        async for chunk in chunks:
            for piece in unpacker.feed(chunk):
                bound.take(piece)
                yield piece


async def _decoded(decoder: Decoder, piece: bytes | None, unended: int) -> list[Event]:
    """Return the events of `piece` (None: the end). `unended` counts the earlier bytes of an event that continues."""
    if piece is None:
        return await asyncio.to_thread(decoder.close) if unended > LONG_EVENT else decoder.close()
    return await asyncio.to_thread(decoder.feed, piece) if unended > LONG_EVENT else decoder.feed(piece)


def _read(found: Sequence[Event], outcome: Outcome) -> Iterator[ModelOutput]:
    """Yield the output of the events, with neighbouring thoughts joined: each piece has a cost on its way to the page.

    The events are read one by one, because each makes room for what its server sends along with it.
    """
    if len(found) == 1 and isinstance(found[0], TextDelta):
        # Most pieces have one token.
        if output := outcome.read(found[0]):
            yield output
        return
    thoughts: list[str] = []
    try:
        for event in _joined(found):
            output = outcome.read(event)
            if isinstance(output, Thought) and not output.signature:
                thoughts.append(output.text)
                continue
            if thoughts:
                yield Thought("".join(thoughts))
                thoughts.clear()
            if output:
                yield output
    except (ServerFailedError, TooMuchError):
        if thoughts:
            yield Thought("".join(thoughts))
        raise
    if thoughts:
        yield Thought("".join(thoughts))


def _joined(events: Iterable[Event]) -> Iterator[Event]:
    """Join neighbouring pieces of text."""
    for is_text, alike in groupby(events, lambda event: isinstance(event, TextDelta)):
        if is_text:
            texts = [event.text for event in alike if isinstance(event, TextDelta)]
            yield TextDelta("".join(texts), len(texts))
        else:
            yield from alike


async def _error(response: httpx.Response) -> ServerFailure:
    """Read the beginning of an error's body."""
    body = b""
    with suppress(httpx.HTTPError, unpacking.PackedError, TooMuchError):
        async with aclosing(_pieces(response, Bound(LEAST_BYTES))) as pieces:
            async for piece in pieces:
                body += piece
                if len(body) >= ERROR_BYTES:
                    break
    return wire_failures.read_error(response.status_code, response.headers, body[:ERROR_BYTES], datetime.now(UTC))
