"""The id that connects the lines, spans and calls of one request, in whichever task, thread or process.

Tasks that outlive their request get a separate context, and threads of a pool have none: both get the id as a value,
and with it the language in which the request is answered.
"""

import re
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import Context, ContextVar
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

from django.utils import translation

from langai_site.origin import Origin

P = ParamSpec("P")
T = TypeVar("T")

HEADER = "X-Request-ID"
# Ids that proxies and programs make up: no room for a sentence, an address or a line end.
_ACCEPTED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:=-]{0,63}")


@dataclass(frozen=True)
class Trail:
    """`request` is the id that every line names; `span` the one that work belongs to, None if nothing is traced.

    `origin` says who acts, for the audit log; None outside of a request.
    """

    request: str = ""
    span: Any = None
    origin: Origin | None = None


NOWHERE = Trail()
_trail: ContextVar[Trail] = ContextVar("trail", default=NOWHERE)


def current() -> Trail:
    return _trail.get()


def request_id() -> str:
    """Return the id of the current request; empty if there is none."""
    return _trail.get().request


def new_id() -> str:
    return uuid.uuid4().hex


def accepted(given: str) -> str:
    """Return the id that a request came with, or a new one if it has none that fits into a line."""
    return given if _ACCEPTED.fullmatch(given) else new_id()


@contextmanager
def following(trail: Trail) -> Iterator[None]:
    """Make everything that is logged and called in the block belong to `trail`."""
    before = _trail.get()
    _trail.set(trail)
    try:
        yield
    finally:
        # Not by token: a generator may be closed in another context than the one it was started in.
        _trail.set(before)


def carried(function: Callable[P, T]) -> Callable[P, T]:
    """Return `function` wrapped so that it keeps the current trail and language on a thread of a pool."""
    here, language = _trail.get(), translation.get_language()

    def with_trail(*args: P.args, **kwargs: P.kwargs) -> T:
        with following(here), translation.override(language):
            return function(*args, **kwargs)

    return with_trail


def fresh_context() -> Context:
    """Return a context with only the trail and the language: for a task that must keep nothing else alive."""
    context = Context()
    context.run(_trail.set, _trail.get())
    context.run(translation.activate, translation.get_language())
    return context
