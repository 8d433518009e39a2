"""The threads in which local models compute: one text each is faster than several threads, or a batch, for one run.

A batch is padded to its longest text, and needs 130 MB for it.
"""

import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

THREADS = min(4, os.cpu_count() or 1)


def each(compute: Callable[[T], R], inputs: Sequence[T]) -> Iterable[R]:
    """Return what `compute` makes of each input, in order."""
    return map(compute, inputs) if len(inputs) == 1 else _threads().map(compute, inputs)


@lru_cache(maxsize=1)
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(THREADS, thread_name_prefix="model")
