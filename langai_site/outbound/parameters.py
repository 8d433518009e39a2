"""Pure: what an admin may add to every call of a model. Keys and addresses are never part of it."""

import json
import re
from collections.abc import Callable, Mapping
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from langai_site.numbers import shortest
from langai_site.outbound.types import Parameter

EFFORTS = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
VERBOSITIES = ("low", "medium", "high")


def _number(lowest: float, highest: float) -> tuple[Callable[[Any], bool], Callable[[], str]]:
    def fits(value: Any) -> bool:  # noqa: ANN401 - JSON
        return isinstance(value, int | float) and not isinstance(value, bool) and lowest <= value <= highest

    return (
        fits,
        lambda: (
            _("a number from %(lowest)s to %(highest)s") % {"lowest": shortest(lowest), "highest": shortest(highest)}
        ),
    )


def _whole(lowest: int, highest: int) -> tuple[Callable[[Any], bool], Callable[[], str]]:
    def fits(value: Any) -> bool:  # noqa: ANN401 - JSON
        return isinstance(value, int) and not isinstance(value, bool) and lowest <= value <= highest

    return fits, lambda: _("a whole number from %(lowest)s to %(highest)s") % {"lowest": lowest, "highest": highest}


def _one_of(*words: str) -> tuple[Callable[[Any], bool], Callable[[], str]]:
    return lambda value: value in words, lambda: _("one of %(values)s") % {"values": ", ".join(words)}


ALLOWED: dict[str, tuple[Callable[[Any], bool], Callable[[], str]]] = {
    "temperature": _number(0, 2),
    "top_p": _number(0, 1),
    "top_k": _whole(1, 1000),
    "min_p": _number(0, 1),
    "frequency_penalty": _number(-2, 2),
    "presence_penalty": _number(-2, 2),
    "seed": _whole(0, 2**31 - 1),
    "reasoning_effort": _one_of(*EFFORTS),
    "verbosity": _one_of(*VERBOSITIES),
}
NAMES = ", ".join(ALLOWED)


def checked(value: Any) -> dict[str, Parameter]:  # noqa: ANN401 - JSON that a person wrote
    """Return `value`, an object of allowed parameters. Raises ValueError with a sentence for its author."""
    if not isinstance(value, dict):
        raise ValueError(_('Write a JSON object, such as {"temperature": 0.2}.'))
    for name, given in value.items():
        if name not in ALLOWED:
            raise ValueError(
                _("“%(name)s” can't be set here. You can set %(names)s; keys and addresses belong in connections.")
                % {"name": name, "names": NAMES}
            )
        fits, words = ALLOWED[name]
        if not fits(given):
            raise ValueError(_("“%(name)s” must be %(words)s.") % {"name": name, "words": words()})
    return value


# LangAI sets these itself, so nobody may override them.
OWN_FIELDS = frozenset({"messages", "contents", "system", "systemInstruction", "model", "stream", "tools", "input"})
OWN_HEADERS = frozenset(
    {"authorization", "x-api-key", "api-key", "x-goog-api-key", "cookie", "host", "content-length", "content-type"}
    | {"transfer-encoding", "connection", "accept-encoding", "proxy-authorization", "upgrade", "expect", "te"}
)
HEADER_NAME = re.compile(r"[A-Za-z0-9-]{1,60}")
HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,500}")
LONGEST_BODY = 4_000


def checked_body(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON that a person wrote
    """Return `value`, fields to add to each request. Raises ValueError with a sentence for its author."""
    if not isinstance(value, dict):
        raise ValueError(_('Write a JSON object, such as {"keep_alive": "1h"}.'))
    if taken := OWN_FIELDS.intersection(value):
        raise ValueError(_("“%(taken)s” is set by LangAI itself.") % {"taken": min(taken)})
    if len(json.dumps(value)) > LONGEST_BODY:
        raise ValueError(
            _("The object is too long: %(longest_body)s characters are allowed.")
            % {"longest_body": intcomma(LONGEST_BODY)}
        )
    return value


def checked_headers(value: Any) -> dict[str, str]:  # noqa: ANN401 - JSON that a person wrote
    """Return `value`, an object of headers to add to each request. Raises ValueError as `checked_body` does."""
    if not isinstance(value, dict):
        raise ValueError(_('Write a JSON object, such as {"X-Title": "LangAI"}.'))
    for name, text in value.items():
        if name.lower() in OWN_HEADERS:
            raise ValueError(
                _("“%(name)s” is set by LangAI itself; a key belongs in the key field of its connection.")
                % {"name": name}
            )
        if not HEADER_NAME.fullmatch(name) or not isinstance(text, str) or not HEADER_VALUE.fullmatch(text):
            raise ValueError(_("“%(name)s” is not a header whose value is plain ASCII text.") % {"name": name})
    return value


def kept_body(value: Any) -> Mapping[str, Any]:  # noqa: ANN401 - JSON from the database
    """Return the fields of a row that may be sent."""
    return {name: given for name, given in value.items() if name not in OWN_FIELDS} if isinstance(value, dict) else {}


def kept_headers(value: Any) -> Mapping[str, str]:  # noqa: ANN401 - JSON from the database
    """Return the headers of a row if they may be sent, otherwise none."""
    try:
        return checked_headers(value)
    except ValueError:
        return {}


def kept(value: Any) -> Mapping[str, Parameter]:  # noqa: ANN401 - JSON from the database
    """Return the parameters of a row that may be sent: nothing else leaves, however it came into the row."""
    items = value.items() if isinstance(value, dict) else ()
    return {name: given for name, given in items if name in ALLOWED and ALLOWED[name][0](given)}
