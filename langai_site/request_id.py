"""What ties together the lines, spans and calls that one request led to, in whichever task, thread or process.

Tasks that outlive their request get a context of their own, and threads of a pool know none: both are told by value.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

HEADER = "X-Request-ID"
# What proxies and programs make up: no room for a sentence, an address or an end of line.
_ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=-]{0,63}")


@dataclass(frozen=True)
class Trail:
    """`request` is the id that every line names; `span` the one that work belongs to, None where nothing is traced."""

    request: str = ""
    span: Any = None


NOWHERE = Trail()
_trail: ContextVar[Trail] = ContextVar("trail", default=NOWHERE)


def current() -> Trail:
    return _trail.get()


def request_id() -> str:
    """The id of the request that led here; empty where none did."""
    return _trail.get().request


def new_id() -> str:
    return uuid.uuid4().hex


def accepted(given: str) -> str:
    """The id that a request came with, or a new one where it came with none that fits into a line."""
    return given if _ACCEPTED.fullmatch(given) else new_id()


@contextmanager
def following(trail: Trail) -> Iterator[None]:
    """Within the block, what is logged and called belongs to `trail`."""
    before = _trail.get()
    _trail.set(trail)
    try:
        yield
    finally:
        # Not by token: a generator may be closed in another context than it was begun in.
        _trail.set(before)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """`function`, to be called on a thread of a pool as if it were called here."""
    here = _trail.get()

    def told(*args: P.args, **kwargs: P.kwargs) -> T:
        with following(here):
            return function(*args, **kwargs)

    return told


def fresh_context() -> Context:
    """An empty context but for the trail: for a task that is to keep nothing else of its request alive."""
    context = Context()
    context.run(_trail.set, _trail.get())
    return context
