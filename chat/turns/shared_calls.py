"""Calls in flight: turns of one process with the same key, which ask the same at the same time, watch one call.

The first that watches pays. Whoever stops leaves, and the next one pays; the call ends when nobody is left.
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

# Given the whole answer and the entry of its call, once it is complete.
Keep = Callable[[str, Entry], Awaitable[None]]


@dataclass(eq=False)
class CallSeat:
    """One turn that is given an answer for which another pays, or paid: its own entry for the ledger.

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
        """Nothing was sent for this turn and no token used; `saved` is what that would have cost."""
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
# Of those that nobody finds any more, but somebody watches, or that are being kept.
_tasks: set[asyncio.Task[None]] = set()


def found(key: str) -> "Flight | None":
    """The call that is under way for `key`, or has just ended. To be watched before anything else is awaited."""
    return _flights.get(key)


def start(key: str, ask: ModelQuestion, keep: Keep) -> "Flight":
    """Ask, for whoever watches and finds it by `key` from now on. To be watched before anything else is awaited."""
    flight = _flights[key] = Flight(key, ask, keep)
    return flight


class Flight:
    """One call to a provider, with all that came of it so far."""

    def __init__(self, key: str, ask: ModelQuestion, keep: Keep) -> None:
        self._key, self._ask, self._keep = key, ask, keep
        self._outputs: list[ModelOutput] = []
        self._seats: list[CallSeat] = []
        self._payer: CallSeat | None = None
        self._entry: Entry | None = None
        self._error: BaseException | None = None
        self._over = False
        # Of the passages that the call carried; those who watch it are given an answer to the same passages.
        self._documents: tuple[UUID, ...] = ()
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._fly())
        _tasks.add(self._task)
        self._task.add_done_callback(_tasks.discard)

    async def watch(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
        """The answer from its beginning, as a provider streams it: with one entry, and the errors of the call."""
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
            await _ended(self._task)
            # It may have been cancelled before it began.
            self._over = True
        self._seats.remove(seat)

    def _entry_of(self, seat: CallSeat, left_early: bool) -> Entry | None:
        """The call's own for the seat that pays; None where no call was made."""
        seat.documents = self._documents
        if self._over and self._entry is None:
            return None
        if self._entry and seat is self._payer:
            return replace(self._entry, caller=seat.ask.caller, route=seat.ask.route)
        if left_early or not self._entry:
            return seat.entry("stopped", FREE)
        shared = seat.entry(self._entry.status, FREE if self._error else self._entry.cost)
        return replace(shared, hosted=self._entry.hosted)

    async def _fly(self) -> None:
        try:
            ask = replace(self._ask, read_present=self._read_present)
            async with aclosing(provider_of(ask.model).stream(ask, self._enter)) as outputs:
                async for output in outputs:
                    self._outputs.append(output)
                    self._tell()
        except asyncio.CancelledError as error:
            self._error = error
            raise
        except Exception as error:  # it is raised where it is watched
            self._error = error
        finally:
            self._land()
        await self._kept()

    def _read_present(self) -> Present:
        """Read what holds now and keep which documents go along: watchers may leave before the call is entered."""
        present = self._ask.read_present()
        self._documents = present.documents
        return present

    def _enter(self, entry: Entry) -> None:
        self._entry = entry

    def _tell(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def _land(self) -> None:
        self._over = True
        self._payer = self._seats[0] if self._seats else None
        if not self._is_complete():
            self._forget()
        self._tell()

    def _is_complete(self) -> bool:
        truncated = any(isinstance(output, Delta) and output.truncated for output in self._outputs)
        has_ended = self._error is None and self._entry is not None and not truncated
        return has_ended and bool(_text(self._outputs).strip())

    async def _kept(self) -> None:
        """Keep a complete answer, unless a fresh one is on its way; until then it is found here."""
        if self._entry and _flights.get(self._key) is self:
            try:
                await self._keep(_text(self._outputs), self._entry)
            finally:
                self._forget()

    def _forget(self) -> None:
        if _flights.get(self._key) is self:
            del _flights[self._key]


def _joined(outputs: Iterable[ModelOutput]) -> Iterator[ModelOutput]:
    """Put neighbouring pieces of text together, and of thoughts; those that say more stay as they are."""
    for kind, alike in groupby(outputs, _kind):
        if kind is None:
            yield from alike
        else:
            yield kind("".join(output.text for output in alike if isinstance(output, kind)))


def _kind(output: ModelOutput) -> type[Delta] | type[Thought] | None:
    """Return what `output` can be joined as."""
    if isinstance(output, Delta):
        return None if output.truncated or output.restart else Delta
    return Thought if isinstance(output, Thought) and not output.signature else None


def _text(outputs: Iterable[ModelOutput]) -> str:
    """The answer: what comes before a restart is no part of it, nor what the model thought."""
    texts: list[str] = []
    for output in outputs:
        if isinstance(output, Delta):
            if output.restart:
                texts.clear()
            texts.append(output.text)
    return "".join(texts)


async def _ended(task: asyncio.Task[None]) -> None:
    """Wait for a task that was cancelled, though the one that waits be cancelled once more: its entry is needed."""
    while not task.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([task])
