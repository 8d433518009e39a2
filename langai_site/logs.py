"""How a line of the log is written: what happened and where, never what somebody wrote.

An exception's message may hold that: databases repeat the row that they refuse, parsers the text that they cannot
read. So of an exception are told its kind, its code if it has one, and the lines of code that it came through.
"""

import copy
import logging
import traceback
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

# What these say was written for the log, and holds no text of anybody's.
OWN = ("chat.", "documents.", "langai_site.", "search.")
# Codes of SQLite, of PostgreSQL, of the operating system, and of our own errors.
CODES = ("sqlite_errorname", "sqlstate", "errno", "code")
Caught = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class Discreet(logging.Formatter):
    """A formatter that leaves out what exceptions say, also where a library put that into its line."""

    def format(self, record: logging.LogRecord) -> str:
        record = copy.copy(record)
        # What another handler made of it.
        record.exc_text = None
        record.msg, record.args = _told(record.msg), _told_args(record.args)
        if record.name == "asyncio":
            # The lines after the first show a task with what it raised.
            record.msg, record.args = record.getMessage().partition("\n")[0], ()
        return super().format(record)

    def formatException(self, ei: Caught) -> str:  # noqa: N802 - logging's name
        return "".join(_lines(ei[1])).rstrip() if ei[1] else ""


def kind_of(error: BaseException) -> str:
    """What an exception is, with its code or that of its cause: `OperationalError (SQLITE_BUSY)`."""
    values = (getattr(each, name, None) for each in (error, error.__cause__) for name in CODES)
    code = next((value for value in values if isinstance(value, int | str)), "")
    return f"{type(error).__name__} ({code})" if code else type(error).__name__


def _told(value: Any) -> Any:  # noqa: ANN401 - whatever is logged
    # Twisted wraps what was raised, and prints all of it.
    wrapped = getattr(value, "value", None)
    error = wrapped if isinstance(wrapped, BaseException) else value
    if not isinstance(error, BaseException) or type(error).__module__.startswith(OWN):
        return value
    return kind_of(error)


def _told_args(args: Any) -> Any:  # noqa: ANN401 - a tuple, or what stands for names
    if isinstance(args, Mapping):
        return {name: _told(value) for name, value in args.items()}
    return tuple(map(_told, args)) if isinstance(args, tuple) else args


def _lines(error: BaseException) -> Iterator[str]:
    before = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if before:
        yield from _lines(before)
        yield "\nThen came of it:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{kind_of(error)}\n"
    for other in getattr(error, "exceptions", ()):
        yield "\nIn it:\n\n"
        yield from _lines(other)
