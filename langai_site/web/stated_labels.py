"""Reads the label that a request states: one function for every address that accepts one."""

import re
from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import lru_cache

from django.http import QueryDict

from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.web import unique_json

# Programs may send it with anything: with a question, a search, texts to embed or a document.
HEADER = "X-LangAI-Sensitivity"
COLLECTIONS_HEADER = "X-LangAI-Collections"
HEADER_WORDS = "The label: public, internal or confidential. The highest that is stated anywhere counts."

# Names of fields as `_plain_name` writes them. These state a label, in any case and with any dashes.
_NAMES = ("sensitivity", "label", "sensitivitylabel", "xlangaisensitivity", "langaisensitivity")
# These may be meant to state one, as may names spelled nearly like `sensitivity` or beginning like it.
_DOUBTFUL = ("labels", "classification", "confidential", "confidentiality")
_NEARLY = 0.8
# Headers and parameters that begin so, without dashes and an X, are refused unless they are known.
_NOT_KNOWN = ("langai", "sensitiv", "label", "confidential", "classification")
_HEADERS = ("xlangaisensitivity", "xlangaicollections")
# Fields of these names hold others: `extra_body.metadata`, `options`, `headers`, a message or a part of it.
_HOLDERS = re.compile(r"(messages|input|content|context|body|extras?|config|settings)$")
# So do these, which may also be written as text, in JSON. What people write is not read in this way.
_WRITTEN_HOLDERS = re.compile(r"(meta|metadata|headers|extrabody|langai|options|params|parameters|kwargs)$")
# What text that is not JSON must not mention there.
_MENTIONS = re.compile(r"sensitiv|label|confidential|classification", re.IGNORECASE)
# Comparing spellings takes time, and the event loop waits for it.
MOST_FIELDS = 200
# The maximum depth at which fields are searched in other fields.
DEEPEST = 8


def labels_in(fields: Iterable[tuple[str, object]], place: str = "") -> Iterator[object]:
    """Yield the values of fields that state a label, including nested fields. Others may have any name and value.

    Raises InvalidError for a field that may be meant to state one, because its text would otherwise be sent where it
    must not be. `place` is put before the names in the message, such as `metadata.`.
    """
    return _Fields().labels(fields, place, DEEPEST)


class _Fields:
    """The names of one request's fields, each checked once, however often it occurs."""

    def __init__(self) -> None:
        self._plain: dict[str, str] = {}

    def labels(self, fields: Iterable[tuple[str, object]], place: str, depth: int) -> Iterator[object]:
        for name, value in fields:
            if value is None or value == "":
                continue
            plain = self._plain.get(name) or self._looked_at(name, place)
            if plain in _NAMES:
                yield value
            elif _WRITTEN_HOLDERS.search(plain):
                yield from self._within(value, f"{place}{name[:40]}.", depth - 1, may_be_written=True)
            elif _HOLDERS.search(plain):
                yield from self._within(value, f"{place}{name[:40]}.", depth - 1)

    def _within(self, value: object, place: str, depth: int, *, may_be_written: bool = False) -> Iterator[object]:
        for item in value if isinstance(value, list) else [value]:
            held = _read(item, place) if may_be_written and isinstance(item, str) else item
            if isinstance(held, Mapping | list) and not depth:
                raise InvalidError(f"{place[:100]}: fields lie too deep in one another.")
            if isinstance(held, Mapping):
                yield from self.labels(held.items(), place, depth)
            elif isinstance(held, list):
                yield from self._within(held, place, depth - 1, may_be_written=may_be_written)

    def _looked_at(self, name: str, place: str) -> str:
        """Return the plain form of a name. Raises InvalidError if it may be meant to state a label."""
        if len(self._plain) == MOST_FIELDS:
            raise InvalidError(f"{place or 'The body'} has too many fields. Send at most {MOST_FIELDS}.")
        plain = self._plain[name] = _plain_name(name)
        if plain not in _NAMES and _may_be_meant(plain):
            raise InvalidError(f"{place}{name[:40]}: this field is not known. State the label as “sensitivity”.")
        return plain


def _read(text: str, place: str) -> object:
    """Return what JSON in a text holds. Raises InvalidError for other text, if it may be meant to state a label."""
    try:
        return unique_json.loads(text)
    except (ValueError, RecursionError):
        if text.lstrip()[:1] in ("{", "[") or _MENTIONS.search(text):
            raise InvalidError(
                f"{place[:100].rstrip('.')}: this cannot be read. Send an object, and state the label in it as "
                "“sensitivity”."
            ) from None
        return text


def as_object(value: object) -> object:
    """Return the object that `value` is in JSON; another value, and other text, as it is."""
    try:
        held = unique_json.loads(value) if isinstance(value, str) else value
    except (ValueError, RecursionError):
        return value
    return held if isinstance(held, Mapping) else value


def refuse_unknown(headers: Iterable[str], parameters: Iterable[str]) -> None:
    """Raise InvalidError for a header or parameter that may be meant to state a label, but states none.

    Examples are the header `X-LangAI-Label`, or `?sensitivity=`, which is not the place for it.
    """
    for kind, names, known in (("header", headers, _HEADERS), ("parameter", parameters, ())):
        for name in names:
            if _plain_name(name) not in known and _may_name_label(name):
                raise InvalidError(f"{name[:40]}: this {kind} is not known. State the label with the header {HEADER}.")


def is_dropped_label(header: str) -> bool:
    """Return whether a header may be meant to state a label or collections, but has an underscore in its name.

    Servers drop such headers, because their names could pass for others.
    """
    return "_" in header and _may_name_label(header)


@lru_cache(maxsize=1024)
def _may_name_label(name: str) -> bool:
    """Return whether a header or parameter may be meant to state a label.

    Cached: most requests have the same few names.
    """
    plain = _plain_name(name).removeprefix("x")
    return plain.startswith(_NOT_KNOWN) or bool(get_close_matches(plain, _NAMES[:1], cutoff=_NEARLY))


def _may_be_meant(plain: str) -> bool:
    if plain in _DOUBTFUL or plain.startswith("sensitiv"):
        return True
    return bool(get_close_matches(plain, _NAMES[:1], cutoff=_NEARLY))


def _plain_name(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:100]).lower()


def highest_in_form(headers: Mapping[str, str], form: QueryDict) -> Sensitivity | None:
    """Return the highest label that a form with a file states, in the header or in its fields. Raises InvalidError."""
    fields = ((name, value) for name, values in form.lists() for value in values)
    return highest_stated(headers.get(HEADER), *labels_in(fields))


def highest_stated(*names: object) -> Sensitivity | None:
    """Return the highest of the labels that are stated by their names; None if there are none.

    `names` are the values received, one for each place where a label can be stated. Raises InvalidError for anything
    but a label's name: a label that was meant to protect a text must never be ignored.
    """
    stated = [_named(name) for name in names if name is not None and name != ""]
    return max(stated, default=None)


def _named(name: object) -> Sensitivity:
    slug = name.strip().upper() if isinstance(name, str) else ""
    if slug not in Sensitivity.__members__:
        raise InvalidError("This label is not known. Choose public, internal or confidential.")
    return Sensitivity[slug]
