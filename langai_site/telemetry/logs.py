"""Formats the lines of the log: as JSON for machines in production, for people elsewhere.

A line must not contain what people wrote, what was answered, or what gives access. Our own lines name ids and codes.
Messages of other libraries and exceptions may quote anything: only the parts that cannot quote are kept. Calls still
use the standard library's `logging`; structlog formats their lines.
"""

import logging
import os
import re
import sys
import traceback
from collections.abc import Iterable, Iterator
from urllib.parse import unquote, urlsplit

import structlog
from django.conf import settings
from django.db import Error as DatabaseError
from structlog.stdlib import ProcessorFormatter
from structlog.types import EventDict, WrappedLogger

from langai_site import request_id
from langai_site.errors import LangAIError

OWN = ("chat", "documents", "search", "langai_site")
UNKNOWN_ADDRESS = "(an unknown address)"
WITHHELD = "[withheld]"
# Their messages are about the machine or the code. Others, such as ValueError, quote the values that they are about.
PLAIN = (LangAIError, DatabaseError, OSError, ImportError, NameError, AttributeError, TypeError)
# The drivers' own exceptions, which cause Django's database errors.
PLAIN_MODULES = ("psycopg", "sqlite3", "redis")
# From the first quotation mark to the last, because quoted text may contain quotation marks itself.
QUOTED = re.compile("[\"'`“‘].*[\"'`”’]")  # noqa: RUF001 - these are what is looked for
SECRET_SETTINGS = re.compile("(KEY|TOKEN|PASSWORD|SECRET)$")
# Shorter ones would blank ordinary words.
SHORTEST_SECRET = 8
# Forms of texts that give access, or that are a person's address.
FORMS = {
    re.compile(r"(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"): WITHHELD,
    re.compile(r"(?i)\b(Bearer|Basic)\s+[\w.~+/=-]{8,}"): rf"\1 {WITHHELD}",
    re.compile(r"\bsk-[\w-]{16,}"): WITHHELD,
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"): WITHHELD,
}
LEVEL_STYLES = {"warning": "\033[33m", "error": "\033[31m", "critical": "\033[31;1m"}
DIM, PLAIN_STYLE = "\033[2m", "\033[0m"


def formatter(*, production: bool) -> ProcessorFormatter:
    """Return the formatter of all handlers; `production` chooses JSON."""
    iso, clock = structlog.processors.TimeStamper(fmt="iso"), structlog.processors.TimeStamper("%H:%M:%S", utc=False)
    stamped = iso if production else clock
    shown = structlog.processors.JSONRenderer(ensure_ascii=False) if production else _for_eyes()
    return ProcessorFormatter(
        foreign_pre_chain=[
            structlog.stdlib.add_logger_name,
            structlog.stdlib.add_log_level,
            _clean_event,
            _add_traceback,
            _add_request_id,
        ],
        pass_foreign_args=True,
        processors=[ProcessorFormatter.remove_processors_meta, Redaction(secrets()), stamped, shown],
    )


class NoError(logging.Filter):
    """Turns Django's reports about suspicious requests, such as a wrong Host header, into warnings of one line.

    Anybody can send such a request, and Django logs it as an error, with a traceback of its own code each time.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("django.security.") or record.levelno < logging.ERROR:
            return True
        record.levelno, record.levelname, record.exc_info = logging.WARNING, "WARNING", None
        return logging.getLogger("django").isEnabledFor(logging.WARNING)


# Processors, in the order in which a line passes them.


def _clean_event(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Keep the first line of other libraries' messages: the rest quotes. For requests, name the route, not the path."""
    record: logging.LogRecord = event["_record"]
    args = event.pop("positional_args", ())
    if record.name.partition(".")[0] in OWN:
        # One event is one line, whatever a name in it holds.
        return {**event, "event": " ".join(str(event["event"]).splitlines())}
    words = _without_errors(str(event["event"]).partition("\n")[0], record.msg, args)
    request = getattr(record, "request", None)
    path = getattr(request, "path", "")
    if path and words.endswith(path):
        match = getattr(request, "resolver_match", None)
        words = words.removesuffix(path) + (f"/{match.route}" if match else UNKNOWN_ADDRESS)
    elif record.name.startswith(("asyncio", "django.request")):
        words = QUOTED.sub(WITHHELD, words)
    return {**event, "event": words}


def _without_errors(words: str, said: object, args: object) -> str:
    """Return a library's line without the messages of exceptions: Daphne, for one, includes them."""
    if not isinstance(said, str):
        return type(said).__name__
    if not isinstance(args, tuple) or not any(isinstance(arg, BaseException) for arg in args):
        return words
    arguments = (safe_words(arg) or type(arg).__name__ if isinstance(arg, BaseException) else arg for arg in args)
    return (said % tuple(arguments)).partition("\n")[0]


def _add_traceback(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Add the traceback of an exception, without values."""
    info = event.pop("exc_info", None)
    if info and info[1] is not None:
        event["exception"] = shown_exception(info[1])
    return event


def _add_request_id(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    if found := request_id.request_id():
        event["request_id"] = found
    return event


class Redaction:
    """The last step before a line is written: removes secrets that every other step missed."""

    def __init__(self, known: Iterable[str]) -> None:
        longest_first = sorted(known, key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")

    def __call__(self, logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
        return {key: self._cleaned(value) if isinstance(value, str) else value for key, value in event.items()}

    def _cleaned(self, text: str) -> str:
        text = self._known.sub(WITHHELD, text)
        for form, instead in FORMS.items():
            text = form.sub(instead, text)
        return text


def secrets() -> set[str]:
    """Return the secrets in the settings: keys, tokens, passwords, including those in addresses."""
    values = {name: getattr(settings, name) for name in dir(settings) if name.isupper()}
    texts = {name: value for name, value in values.items() if isinstance(value, str)}
    found = {value for name, value in texts.items() if SECRET_SETTINGS.search(name)}
    found |= {password for value in texts.values() if "://" in value for password in _passwords(value)}
    found.add(str(settings.DATABASES["default"].get("PASSWORD") or ""))
    return {value for value in found if len(value) >= SHORTEST_SECRET}


def _passwords(address: str) -> Iterator[str]:
    try:
        password = urlsplit(address).password or ""
    except ValueError:
        return
    yield from (password, unquote(password))


def shown_exception(error: BaseException) -> str:
    """Return the exception with its causes, oldest first: place, type, and its message if that quotes nothing."""
    return "\n\n".join(_shown_one(one) for one in reversed(list(_chain(error))))


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _shown_one(error: BaseException) -> str:
    frames = traceback.format_tb(error.__traceback__)
    kind, words = type(error), safe_words(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    head = "Traceback (most recent call last):\n" if frames else ""
    return f"{head}{''.join(frames)}{name}{': ' if words else ''}{words}"


def safe_words(error: BaseException) -> str:
    """Return the first line of an exception's message without quoted parts; "" for types that quote without marks."""
    if not isinstance(error, PLAIN) and type(error).__module__.partition(".")[0] not in PLAIN_MODULES:
        return ""
    return QUOTED.sub(WITHHELD, str(error).partition("\n")[0])


def _for_eyes() -> structlog.dev.ConsoleRenderer:
    """Return a renderer for lines such as `12:30:59 WARNING langai_site.processes.worker: what happened request_id=…`.

    Uses colours on a terminal.
    """
    colours = (sys.stderr.isatty() or "FORCE_COLOR" in os.environ) and "NO_COLOR" not in os.environ
    dim, end = (DIM, PLAIN_STYLE) if colours else ("", "")

    def level(key: str, value: object) -> str:
        return f"{LEVEL_STYLES.get(str(value), '') if colours else ''}{str(value).upper()}{end}"

    def column(key: str, style: str = "", postfix: str = "") -> structlog.dev.Column:
        plain = structlog.dev.KeyValueColumnFormatter(None, style, end, str, postfix=postfix)
        return structlog.dev.Column(key, plain)

    rest = structlog.dev.KeyValueColumnFormatter(dim, dim, end, str)
    return structlog.dev.ConsoleRenderer(
        columns=[
            column("timestamp", dim),
            structlog.dev.Column("level", level),
            column("logger", dim, ":"),
            column("event"),
            structlog.dev.Column("", rest),
        ],
        exception_formatter=structlog.dev.plain_traceback,
    )
