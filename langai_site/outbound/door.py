"""The only way out of the building: refuses what a model may not see, and reports every call to the ledger.

What counts is the state at the moment of sending. A turn can last minutes, and meanwhile a document can be relabelled,
a model's ceiling lowered, or the server behind a connection changed. So each call has a gate: once a connection is
held, right before the first byte, all of it is read again.
"""

import asyncio
import logging
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from django.utils import timezone

from langai_site.outbound import (
    admission,
    catalogue,
    embedders,
    embedding,
    endpoints,
    failures,
    fair_queue,
    http_clients,
    lane,
    lane_requests,
    learning,
    litellm_adapter,
    token_counts,
    tokens,
)
from langai_site.outbound.connections import reading
from langai_site.outbound.connections.kinds import RESERVED
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.gate import Gate
from langai_site.outbound.lanes.events import ToolCallDelta
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.length import LengthLimit
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import (
    ChatCall,
    ChatMessage,
    Delta,
    EmbedCall,
    EmbedResult,
    Ledger,
    ModelInfo,
    ModelOutput,
    Present,
    ProviderError,
    Queued,
    RefusedParameterError,
    Thought,
)
from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger import content
from langai_site.usage.types import Entry, Usage, cost, highest_cost

logger = logging.getLogger(__name__)

# Some servers refuse several parameters, one after the other.
ATTEMPTS = 4


class EndpointMovedError(Exception):
    """An admin changed the model's connection while the call was prepared. Nothing was sent."""


async def warm() -> None:
    """Load what the first call needs, off the event loop."""
    await asyncio.to_thread(http_clients.prepare)


async def close() -> None:
    """Close the running loop's connections, if the loop ends before its process does."""
    await http_clients.close()
    await litellm_adapter.close()


async def stream_chat(call: ChatCall, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
    """Yield the answer and the thoughts; at the end, however it ends, hand exactly one Entry to `ledger`.

    If the server refuses a parameter, it is asked again without it. If the model has another address or key by the time
    of sending, nothing has been sent yet, and it is asked there if it may see the call there.

    Raises NotAdmittedError, ModelWithdrawnError or AboveCeilingError before anything is sent (and nothing is entered),
    and ProviderError if the provider fails. Closing the generator, or cancelling its task, closes the provider's
    connection. An answer that goes far beyond `max_tokens` is cut there: its last Delta says so.
    """
    entered: list[Entry] = []
    try:
        for attempt in range(1, ATTEMPTS + 1):
            endpoint = endpoints.endpoint_of(call.model.name)
            try:
                async with aclosing(_ask_once(call, endpoint, entered.append)) as outputs:
                    async for output in outputs:
                        yield output
                return
            except RefusedParameterError as refused:
                if attempt == ATTEMPTS:
                    raise
                call = replace(call, model=replace(call.model, quirks=refused.quirks))
                await learning.remember(call.model)
            except EndpointMovedError:
                if attempt == ATTEMPTS:
                    raise failures.failure("unreachable", call.model.display_name) from None
    finally:
        # The same text went to the same server each time, and only the last request can have cost anything.
        if entered:
            ledger(entered[-1])


async def _ask_once(call: ChatCall, endpoint: Endpoint, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
    """Ask once."""
    hosted = catalogue.is_hosted(call.model.name)
    if not hosted and endpoint.is_ollama:
        hosted = await _is_passed_on(call, endpoint)
    # If the call is known to be forbidden, no connection is opened.
    admission.admit_chat(call, Present(call.label, call.model), hosted=hosted)
    async with aclosing(_places(call, endpoint, hosted)) as places:
        async for before in places:
            yield Queued(before)
            if before is None:
                break
        meter, limit = Meter(call, endpoint, hosted), LengthLimit(call.max_tokens)
        try:
            async with aclosing(_lane(endpoint)(call, endpoint, meter.gate)) as parts:
                async for part in parts:
                    if isinstance(part, Usage):
                        meter.usage = part
                        continue
                    if isinstance(part, Quirks):
                        await learning.remember(replace(call.model, quirks=part))
                        continue
                    output = limit.within(part) if isinstance(part, Delta) else part
                    meter.heard(output)
                    yield output
                    if limit.reached:
                        logger.warning("%s was cut: it wrote far more than %d tokens", call.model.name, call.max_tokens)
                        break
            meter.status = "complete"
        except (asyncio.CancelledError, GeneratorExit):
            meter.status = "stopped"
            raise
        except ProviderError as error:
            meter.status, meter.detail = error.code, error.detail
            logger.warning("%s failed: %s (%s)", call.model.name, error.code, error.detail or "no details")
            await learning.remember_window(call.model, error)
            raise
        finally:
            meter.close(ledger)


def _places(call: ChatCall, endpoint: Endpoint, hosted: bool) -> AsyncGenerator[int | None, None]:
    """Queue for a slot of a local server. Hosted ones have limits of their own."""
    return fair_queue.places(endpoint, call.caller.user_id, 0 if hosted else fair_queue.slots_of(endpoint))


def embed(call: EmbedCall, ledger: Ledger) -> EmbedResult:
    """Return the texts' vectors; however the call ends, hand exactly one Entry to `ledger`.

    For threads without an event loop: it waits, at most about `call.seconds`. Raises NotAdmittedError or
    AboveCeilingError before anything is sent (and nothing is entered), and ProviderError if the server fails or moves.
    """
    endpoint = endpoints.embedding_endpoint_of(call.model.name)
    hosted = endpoints.leaves(endpoint)
    if not hosted and endpoint.is_ollama:
        hosted = asyncio.run(_is_passed_on(call, endpoint))
    admission.admit_embedding(call, Present(call.label), hosted=hosted)
    meter = Meter(call, endpoint, hosted)
    try:
        embedded = embedding.embed(call, endpoint, meter.gate)
        meter.usage, meter.status = embedded.usage, "complete"
    except EndpointMovedError:
        raise failures.failure("unreachable", call.model.display_name) from None
    except ProviderError as error:
        meter.status = error.code
        raise
    finally:
        meter.close(ledger)
    return embedded


def _lane(
    endpoint: Endpoint,
) -> Callable[[ChatCall, Endpoint, Gate], AsyncGenerator[ModelOutput | Usage | Quirks, None]]:
    return lane.stream if endpoint.provider in lane_requests.FORMATS else litellm_adapter.stream


def max_cost(
    model: ModelInfo, messages: Sequence[ChatMessage], max_tokens: int, requirements: Requirements = NONE
) -> Decimal | None:
    """Return the highest price of a call in US dollars; None if its model has no price."""
    if not model.hosted:
        return Decimal(0)
    most = token_counts.max_usage(messages, max_tokens, requirements)
    return highest_cost(model.price, most) if model.price else None


def _cost(model: ModelInfo, hosted: bool, usage: Usage) -> Decimal | None:
    if not hosted:
        return Decimal(0)
    return cost(model.price, usage) if model.price else None


async def _is_passed_on(call: ChatCall | EmbedCall, endpoint: Endpoint) -> bool:
    """Return whether the call's Ollama passes it on to another host.

    Names in it can be pointed at its cloud at any time, so it is asked for each call. For public text, its last
    statement is enough, unless the call has to stay in the building.
    """
    ask = catalogue.is_passed_on if _must_be_sure(call) else catalogue.was_passed_on
    return await ask(endpoint, call.model.display_name)


def _must_be_sure(call: ChatCall | EmbedCall) -> bool:
    """Return whether it matters beyond the ledger that the call stays here."""
    return call.label > Sensitivity.PUBLIC or (isinstance(call, ChatCall) and call.local_only)


def _parts(call: ChatCall | EmbedCall) -> list[dict[str, str] | str]:
    """Return what the provider gets to read; for pictures, their SHA-256."""
    if isinstance(call, EmbedCall):
        return list(call.texts)
    said = [{"role": message.role, "content": message.all_text, **_seen(message)} for message in call.messages]
    return [*said, *({"requirement": text} for text in call.requirements.texts)]


def _seen(message: ChatMessage) -> dict[str, str]:
    return {"pictures": " ".join(picture.file for picture in message.pictures)} if message.pictures else {}


def _earlier_answers(call: ChatCall | EmbedCall) -> int:
    """Count the earlier answers of models: they may quote documents that are not among the call's own."""
    messages = call.messages if isinstance(call, ChatCall) else ()
    return sum(message.role == "assistant" for message in messages)


@dataclass
class Meter:
    """The measurements of a call for its ledger entry. `present` and `sent_at` are None until it is sent."""

    call: ChatCall | EmbedCall
    endpoint: Endpoint
    hosted: bool
    present: Present | None = None
    status: str = "failed"
    detail: str = ""
    usage: Usage | None = None
    written: int = 0
    first_token_ms: int | None = None
    began: float = field(default_factory=time.monotonic)
    sent_at: datetime | None = None
    gate: Gate = field(init=False)

    def __post_init__(self) -> None:
        self.gate = Gate(self._read_present, self._admit, self._look)

    def _read_present(self) -> Present:
        """Read the present state, and where the model is asked now. Runs on a database thread."""
        present, name = self.call.read_present(), self.call.model.name
        if (present.model is None and isinstance(self.call, ChatCall)) or name.partition("/")[0] in RESERVED:
            return present
        reading.read()
        if isinstance(self.call, ChatCall):
            return replace(present, endpoint=endpoints.endpoint_of(name))
        model = replace(self.call.model, ceiling=embedders.ceiling_of(name))
        return replace(present, endpoint=endpoints.embedding_endpoint_of(name), model=model)

    async def _look(self, present: Present) -> None:
        """Ask an Ollama once more whether it passes the call on: its name may have been pointed elsewhere meanwhile."""
        is_there = present.endpoint in (None, self.endpoint)
        if self.endpoint.is_ollama and is_there and not self.hosted and _must_be_sure(self.call):
            self.hosted = await catalogue.is_passed_on(self.endpoint, self.call.model.display_name)

    def _admit(self, present: Present) -> None:
        """Refuse the call if `present` forbids it; otherwise remember the state in which it was sent."""
        if present.endpoint is not None and present.endpoint != self.endpoint:
            raise EndpointMovedError
        if isinstance(self.call, EmbedCall):
            admission.admit_embedding(self.call, present, hosted=self.hosted)
        else:
            # The catalogue may have learnt meanwhile that an Ollama passes the model on.
            self.hosted = self.hosted or catalogue.is_hosted(self.call.model.name)
            admission.admit_chat(self.call, present, hosted=self.hosted)
        self.present, self.sent_at = present, timezone.now()

    def close(self, ledger: Ledger) -> None:
        """Enter the call in the ledger, unless it was refused and so never made."""
        if self.gate.refusal is None:
            ledger(self.entry())

    def heard(self, output: ModelOutput) -> None:
        """Count a piece of output. Thoughts are charged like text, but are not a first word."""
        if self.first_token_ms is None and isinstance(output, Delta) and output.text:
            self.first_token_ms = self._elapsed_ms()
        if isinstance(output, Delta | Thought):
            self.written += tokens.size(output.text)
        elif isinstance(output, ToolCallDelta):
            self.written += tokens.size(output.name) + tokens.size(output.arguments)

    def entry(self) -> Entry:
        usage, price = self.usage or self._estimate(), self.call.model.price
        sent = content.as_sent(_parts(self.call)) if self.gate.sent else b""
        return Entry(
            caller=self.call.caller,
            model=self.call.model.name,
            provider=self.call.model.name.partition("/")[0],
            hosted=self.hosted,
            label=self.call.label,
            usage=usage,
            cost=_cost(self.call.model, self.hosted, usage),
            first_token_ms=self.first_token_ms,
            duration_ms=self._elapsed_ms(),
            status=self.status,
            kind=self.call.kind,
            route="" if isinstance(self.call, EmbedCall) else self.call.route,
            price_version=price.version if self.hosted and price else "",
            # If it failed later, nobody can say how much had been sent: all of it counts.
            bytes_sent=len(sent),
            content_hash=content.keyed_hash(sent) if sent else "",
            sent_at=self.sent_at,
            documents=tuple(sorted(map(str, self.present.documents))) if self.present else (),
            earlier_answers=_earlier_answers(self.call),
            detail=self.detail,
        )

    def _estimate(self) -> Usage:
        if not self.gate.sent or (not self.written and self.status in failures.UNCHARGED):
            return Usage()
        if isinstance(self.call, EmbedCall):
            return embedding.estimate(self.call)
        return token_counts.estimate(self.call, self.written)

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)
