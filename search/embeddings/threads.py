"""The threads in which local models compute, shared fairly by all who want vectors. Pure: needs no settings.

Each computes one text at a time. That is faster than several threads for one text, and than a batch, which is padded to
its longest text: with texts of like length 16 at once took 1.3 times as long as one after another, and 130 MB more.
"""

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Sequence, Sized
from functools import lru_cache
from typing import Any, TypeVar

T = TypeVar("T", bound=Sized)
R = TypeVar("R")

THREADS = min(4, os.cpu_count() or 1)


def each(compute: Callable[[T], R], inputs: Sequence[T]) -> Iterable[R]:
    """Return what `compute` makes of each input, in order."""
    return map(compute, inputs) if len(inputs) == 1 else _shared().each(compute, inputs)


class _Batch:
    """Inputs of one caller; the longest come first, so that no thread is left with one when the others are done."""

    def __init__(self, compute: Callable[[Any], Any], inputs: Sequence[Any]) -> None:
        self.compute, self.inputs = compute, inputs
        self.waiting = deque(sorted(range(len(inputs)), key=lambda place: len(inputs[place]), reverse=True))
        self.left = len(inputs)
        self.results: list[Any] = [None] * len(inputs)
        self.error: BaseException | None = None
        self.done = threading.Event()


class FairThreads:
    """Threads that take one input of each caller in turn: who has few is soon done, however many others have."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._changed = threading.Condition()
        self._batches: deque[_Batch] = deque()
        self._threads: list[threading.Thread] = []

    def each(self, compute: Callable[[T], R], inputs: Sequence[T]) -> list[R]:
        """Return what `compute` makes of each input, in order; an exception from it ends this call only."""
        if not inputs:
            return []
        batch = _Batch(compute, inputs)
        with self._changed:
            self._start()
            self._batches.append(batch)
            self._changed.notify_all()
        batch.done.wait()
        if batch.error:
            raise batch.error
        return batch.results

    def _start(self) -> None:
        for number in range(len(self._threads), self._count):
            thread = threading.Thread(target=self._work, name=f"model_{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while True:
            batch, place = self._next()
            error = None
            try:
                batch.results[place] = batch.compute(batch.inputs[place])
            except BaseException as raised:
                error = raised
            self._finished(batch, error)
            # So that an idle thread keeps nothing of the last batch.
            del batch, error

    def _next(self) -> tuple[_Batch, int]:
        with self._changed:
            while not self._batches:
                self._changed.wait()
            batch = self._batches.popleft()
            place = batch.waiting.popleft()
            if batch.waiting:
                self._batches.append(batch)
            return batch, place

    def _finished(self, batch: _Batch, error: BaseException | None) -> None:
        with self._changed:
            batch.left -= 1
            if error:
                batch.error = batch.error or error
                batch.left -= len(batch.waiting)
                batch.waiting.clear()
                if batch in self._batches:
                    self._batches.remove(batch)
            if not batch.left:
                batch.done.set()


@lru_cache(maxsize=1)
def _shared() -> FairThreads:
    return FairThreads(THREADS)
