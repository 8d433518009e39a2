"""Shares calls in flight: turns of one process that ask the same at the same time share one key and watch one call.

The first watcher pays. If it stops, the next one pays; the call ends when nobody is left.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Iterator
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import groupby
from uuid import UUID

from chat.llm.providers import provider_of
from chat.llm.types import ModelQuestion
from langai_site.outbound.types import Delta, Ledger, ModelOutput, Present, Thought
from langai_site.usage.types import Entry, Usage

FREE = Decimal(0)

# Called with the whole answer and the entry of its call, once the answer is complete.
Keep = Callable[[str, Entry], Awaitable[None]]


@dataclass(eq=False)
class CallSeat:
    """One turn that watches a call, or gets a stored answer. Its ledger entry is free unless it pays for the call.

    `documents` are those whose passages the answer was made from.
    """

    ask: ModelQuestion
    documents: tuple[UUID, ...] = ()
    began: float = field(default_factory=time.monotonic)
    first_token_ms: int | None = None

    def heard(self, output: ModelOutput) -> None:
        if self.first_token_ms is None and isinstance(output, Delta) and output.text:
            self.first_token_ms = self._elapsed_ms()

    def entry(self, status: str, saved: Decimal | None) -> Entry:
        """Return a free entry: nothing was sent for this turn. `saved` is what the call would have cost in US dollars.

        It is None if the model has no price.
        """
        model = self.ask.model
        return Entry(
            caller=self.ask.caller,
            model=model.name,
            provider=model.provider,
            hosted=model.hosted,
            label=self.ask.label,
            usage=Usage(),
            cost=FREE,
            first_token_ms=self.first_token_ms,
            duration_ms=self._elapsed_ms(),
            status=status,
            route=self.ask.route,
            cached=True,
            saved=saved,
            documents=tuple(sorted(map(str, self.documents))),
        )

    def _elapsed_ms(self) -> int:
        return round((time.monotonic() - self.began) * 1000)


_flights: dict[str, "Flight"] = {}
# Tasks of all calls, also of those that are no longer found by key but are still watched or being stored.
_tasks: set[asyncio.Task[None]] = set()


def found(key: str) -> "Flight | None":
    """Return the call for `key` that is running or has just ended. Watch it before you await anything else."""
    return _flights.get(key)


def start(key: str, ask: ModelQuestion, keep: Keep) -> "Flight":
    """Start a call that others find by `key` from now on. Watch it before you await anything else."""
    flight = _flights[key] = Flight(key, ask, keep)
    return flight


class Flight:
    """One call to a provider, with all of its output so far."""

    def __init__(self, key: str, ask: ModelQuestion, keep: Keep) -> None:
        self._key, self._ask, self._keep = key, ask, keep
        self._outputs: list[ModelOutput] = []
        self._seats: list[CallSeat] = []
        self._payer: CallSeat | None = None
        self._entry: Entry | None = None
        self._error: BaseException | None = None
        self._over = False
        # The documents of the passages that the call carried: its watchers get an answer made from them.
        self._documents: tuple[UUID, ...] = ()
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._call_provider())
        _tasks.add(self._task)
        self._task.add_done_callback(_tasks.discard)

    async def watch(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
        """Yield the answer from its beginning, as a provider streams it: with one entry, and the call's errors."""
        seat, seen = CallSeat(ask), 0
        self._seats.append(seat)
        try:
            while seen < len(self._outputs) or not self._over:
                if seen == len(self._outputs):
                    await self._changed.wait()
                    continue
                new, seen = self._outputs[seen:], len(self._outputs)
                for output in _joined(new):
                    seat.heard(output)
                    yield output
            if self._error:
                raise self._error
        finally:
            left_early = not self._over or seen < len(self._outputs)
            await self._leave(seat)
            if entry := self._entry_of(seat, left_early):
                ledger(entry)

    async def _leave(self, seat: CallSeat) -> None:
        if not self._over and self._seats == [seat]:
            self._forget()
            self._task.cancel()
            await _wait_until_done(self._task)
            # It may have been cancelled before it began.
            self._over = True
        self._seats.remove(seat)

    def _entry_of(self, seat: CallSeat, left_early: bool) -> Entry | None:
        """Return the call's own entry for the seat that pays, a free one for the others; None if no call was made."""
        seat.documents = self._documents
        if self._over and self._entry is None:
            return None
        if self._entry and seat is self._payer:
            return replace(self._entry, caller=seat.ask.caller, route=seat.ask.route)
        if left_early or not self._entry:
            return seat.entry("stopped", FREE)
        shared = seat.entry(self._entry.status, FREE if self._error else self._entry.cost)
        return replace(shared, hosted=self._entry.hosted)

    async def _call_provider(self) -> None:
        try:
            ask = replace(self._ask, read_present=self._read_present)
            async with aclosing(provider_of(ask.model).stream(ask, self._enter)) as outputs:
                async for output in outputs:
                    self._outputs.append(output)
                    self._notify()
        except asyncio.CancelledError as error:
            self._error = error
            raise
        except Exception as error:  # watchers raise it
            self._error = error
        finally:
            self._finish()
        await self._store_complete()

    def _read_present(self) -> Present:
        """Read the present state and keep its documents: all watchers may leave before the call is in the ledger."""
        present = self._ask.read_present()
        self._documents = present.documents
        return present

    def _enter(self, entry: Entry) -> None:
        self._entry = entry

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _finish(self) -> None:
        self._over = True
        self._payer = self._seats[0] if self._seats else None
        if not self._is_complete():
            self._forget()
        self._notify()

    def _is_complete(self) -> bool:
        truncated = any(isinstance(output, Delta) and output.truncated for output in self._outputs)
        has_ended = self._error is None and self._entry is not None and not truncated
        return has_ended and bool(_text(self._outputs).strip())

    async def _store_complete(self) -> None:
        """Store a complete answer, unless a fresh call has replaced this one. It is found here until it is stored."""
        if self._entry and _flights.get(self._key) is self:
            try:
                await self._keep(_text(self._outputs), self._entry)
            finally:
                self._forget()

    def _forget(self) -> None:
        if _flights.get(self._key) is self:
            del _flights[self._key]


def _joined(outputs: Iterable[ModelOutput]) -> Iterator[ModelOutput]:
    """Join neighbouring pieces of text, and of thoughts. Pieces that carry more than text stay as they are."""
    for kind, alike in groupby(outputs, _kind):
        if kind is None:
            yield from alike
        else:
            yield kind("".join(output.text for output in alike if isinstance(output, kind)))


def _kind(output: ModelOutput) -> type[Delta] | type[Thought] | None:
    """Return the type that `output` can be joined as; None if it must stay as it is."""
    if isinstance(output, Delta):
        return None if output.truncated or output.restart else Delta
    return Thought if isinstance(output, Thought) and not output.signature else None


def _text(outputs: Iterable[ModelOutput]) -> str:
    """Return the text of the answer: without thoughts, and without what came before a restart."""
    texts: list[str] = []
    for output in outputs:
        if isinstance(output, Delta):
            if output.restart:
                texts.clear()
            texts.append(output.text)
    return "".join(texts)


async def _wait_until_done(task: asyncio.Task[None]) -> None:
    """Wait for a cancelled task, even if the waiting task is cancelled again: the entry of the call is needed."""
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
