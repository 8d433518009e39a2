"""Pure: sentences that are stored, so that each is drawn in the language of the person who reads it.

A module defines its sentences with `sentence` and `counted_sentence`, each under a code, and calls one with its values.
The result is English text. It is what programs, logs and admins' exports read, and it remembers its code and values.
Rows keep all three. `drawn` puts a sentence into the active language; text without a code, as older rows have it,
stays as it is.

Django is loaded when the first one is drawn: the process that reads files does not have it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any

# A code for several sentences in a row. It has no words of its own to be translated.
_JOINED = "joined"
_NAMES = re.compile(r"%\((\w+)\)s")
# How deep sentences may be nested in one another when they are read: LangAI's own stay far below.
_DEEPEST = 6


@dataclass(frozen=True)
class Template:
    """A sentence with names for its values, as in `%(name)s`. With `many`, the value `count` chooses the form.

    Its code is the context of its translations.
    """

    code: str
    one: str
    many: str = ""

    @cached_property
    def names(self) -> frozenset[str]:
        """Return the names of its values."""
        return frozenset(_NAMES.findall(self.one + self.many))

    def __call__(self, **values: Any) -> "Sentence":  # noqa: ANN401 - texts, whole numbers and sentences
        return Sentence(self.english(values), self.code, values)

    def english(self, values: Mapping[str, Any]) -> str:
        is_many = self.many and values["count"] != 1
        return (self.many if is_many else self.one) % _shown(values, _in_english)

    def translated(self, values: Mapping[str, Any]) -> str:
        from django.utils.translation import npgettext, pgettext

        count = values.get("count", 1)
        text = npgettext(self.code, self.one, self.many, count) if self.many else pgettext(self.code, self.one)
        return text % _shown(values, _in_active)


class Sentence(str):
    """English text that remembers its code and values.

    Values are texts, whole numbers, days, US dollars (Decimal), other sentences, or lists of these.
    """

    __slots__ = ("code", "values")
    code: str
    values: Mapping[str, Any]

    def __new__(cls, text: str, code: str, values: Mapping[str, Any]) -> "Sentence":
        made = super().__new__(cls, text)
        made.code, made.values = code, values
        return made

    def __getnewargs__(self) -> tuple[str, str, Mapping[str, Any]]:  # type: ignore[override]
        return str(self), self.code, self.values


# Every template, by its code.
TEMPLATES: dict[str, Template] = {}


def sentence(code: str, text: str) -> Template:
    """Define a sentence. `code` is stored: never change it, or give it to another sentence."""
    return _define(Template(code, text))


def counted_sentence(code: str, one: str, many: str) -> Template:
    """Define a sentence with a number, its value `count`: `one` is for 1, `many` for all others."""
    return _define(Template(code, one, many))


def _define(template: Template) -> Template:
    if TEMPLATES.setdefault(template.code, template) != template:
        raise ValueError(f"Two sentences have the code {template.code}.")
    return template


def drawn(words: str) -> str:
    """Return a sentence in the active language. Needs Django's settings, unless that is English."""
    from django.utils.translation import get_language

    if not isinstance(words, Sentence) or (get_language() or "en").partition("-")[0] == "en":
        return str(words)
    return _in_active(words)


def joined(parts: Iterable[str], by: str = " ") -> str:
    """Join sentences and plain texts, without empty ones, so that each can still be drawn."""
    found = [part for part in parts if part]
    if len(found) == 1:
        return found[0]
    text = by.join(found)
    has_sentence = any(isinstance(part, Sentence) for part in found)
    return Sentence(text, _JOINED, {"by": by, "parts": found}) if has_sentence else text


def changed(words: str, change: Callable[[str], str]) -> str:
    """Return a sentence that is made again of changed parts: `change` is called for it and for each inside it."""
    new = change(words)
    if new is not words or not isinstance(words, Sentence):
        return new
    values = {name: _changed_value(value, change) for name, value in words.values.items()}
    return _made(words.code, values)


def _changed_value(value: Any, change: Callable[[str], str]) -> Any:  # noqa: ANN401 - any value
    if isinstance(value, list):
        return [_changed_value(one, change) for one in value]
    return changed(value, change) if isinstance(value, Sentence) else value


def _made(code: str, values: Mapping[str, Any]) -> "Sentence":
    if code == _JOINED:
        return Sentence(str(values["by"]).join(values["parts"]), code, values)
    template = TEMPLATES[code]
    if values.keys() != template.names or not isinstance(values.get("count", 0), int):
        raise KeyError(f"The values of {code} are not those of its sentence.")
    return template(**values)


def _shown(values: Mapping[str, Any], show: Callable[[Any], str]) -> dict[str, str]:
    return {name: show(value) for name, value in values.items()}


def _in_english(value: Any) -> str:  # noqa: ANN401 - any value
    if isinstance(value, date):
        return f"{value:%d %B}"
    if isinstance(value, Decimal):
        return f"${value:,f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _in_active(value: Any) -> str:  # noqa: ANN401 - any value
    from django.utils import formats

    from langai_site import numbers

    if isinstance(value, int):
        return numbers.grouped(value)
    if isinstance(value, Decimal):
        return numbers.dollars(f"{value:f}")
    if isinstance(value, date):
        return str(formats.date_format(value, "MONTH_DAY_FORMAT"))
    if not isinstance(value, Sentence):
        return str(value)
    if value.code == _JOINED:
        return str(value.values["by"]).join(map(_in_active, value.values["parts"]))
    return TEMPLATES[value.code].translated(value.values)


def code_of(words: str) -> dict[str, Any] | None:
    """Return a sentence's code and values as JSON; None for plain text."""
    if not isinstance(words, Sentence):
        return None
    return {"code": words.code, "values": {name: _written(value) for name, value in words.values.items()}}


def _written(value: Any) -> Any:  # noqa: ANN401 - any value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_written(one) for one in value]
    if isinstance(value, date):
        return {"date": value.isoformat()}
    if isinstance(value, Decimal):
        return {"dollars": str(value)}
    return code_of(value) or str(value) if isinstance(value, str) else value


def with_code(text: str, row: object) -> str:
    """Return `text` as the sentence whose code and values are `row`; as plain text if `row` is none that is known."""
    try:
        found = _read(row, _DEEPEST)
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
        return text
    return Sentence(text, found.code, found.values)


def _read(row: Any, depth: int) -> Sentence:  # noqa: ANN401 - any JSON
    if not depth:
        raise ValueError("The sentence is nested too deep.")
    return _made(row["code"], {name: _read_value(value, depth - 1) for name, value in row["values"].items()})


def _read_value(value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        return [_read_value(one, depth) for one in value]
    if isinstance(value, dict):
        return _read_dict(value, depth)
    if not isinstance(value, str | int):
        raise TypeError("A value is a text, a whole number, a sentence, or a list.")
    return value


def _read_dict(value: dict[str, Any], depth: int) -> date | Decimal | Sentence:
    if "date" in value:
        return date.fromisoformat(value["date"])
    return Decimal(value["dollars"]) if "dollars" in value else _read(value, depth)


def is_true(words: str) -> bool:
    """Return whether code and values give this text: in a file that somebody could change, they may not."""
    return not isinstance(words, Sentence) or words == _made(words.code, words.values)


def row_of(name: str, words: str) -> dict[str, Any]:
    """Return the part of a JSON row that has these words: their English text, and their code if they have one."""
    code = code_of(words)
    return {name: str(words)} | ({"sentence": code} if code else {})


def of_row(name: str, row: Mapping[str, Any]) -> str:
    """Read what `row_of` wrote, or the plain text of an older row."""
    return with_code(str(row[name]), row["sentence"]) if row.get("sentence") else str(row[name])


def without_codes(row: Any) -> Any:  # noqa: ANN401 - any JSON
    """Return JSON in which no text has a code any more."""
    if isinstance(row, dict):
        return {name: without_codes(value) for name, value in row.items() if name not in ("sentence", "sentences")}
    return [*map(without_codes, row)] if isinstance(row, list) else row


def to_text(words: str) -> str:
    """Return a sentence as one text that `from_text` reads; plain text stays as it is."""
    code = code_of(words)
    return json.dumps({"text": str(words)} | code, ensure_ascii=False) if code else str(words)


def from_text(stored: str) -> str:
    """Read what `to_text` wrote, or the plain text of an older row."""
    if not stored.startswith('{"text": '):
        return stored
    try:
        row = json.loads(stored)
        return with_code(str(row["text"]), row) if "code" in row else stored
    except (KeyError, TypeError, ValueError):
        return stored
