"""Pure: sentences as values, so that a stored one can be drawn in the language of its reader.

A sentence is its English template with named places, and what stands in them: text, numbers, other sentences.
`documents.wording` draws it. Nothing here loads Django: the process that reads files does not have it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Union

Value = Union[str, int, "SentenceTemplate"]


@dataclass(frozen=True)
class SentenceTemplate:
    """A template such as `This file has %(pages)s pages.`, which is also its key in the catalogues, with its values."""

    template: str
    values: tuple[tuple[str, Value], ...] = ()

    def __str__(self) -> str:
        """Return it in English, as programs and logs read it."""
        return self.template % {
            name: f"{value:,}" if isinstance(value, int) else str(value) for name, value in self.values
        }


def said(template: "str | SentenceTemplate", **values: Value) -> SentenceTemplate:
    """Return the sentence of a template and its values; one that is made already stays as it is."""
    return template if isinstance(template, SentenceTemplate) else SentenceTemplate(template, tuple(values.items()))


def plain(text: str) -> SentenceTemplate:
    """Return a text that is in no catalogue as a sentence."""
    return SentenceTemplate("%(text)s", (("text", text),))


def stored(sentence: SentenceTemplate) -> dict[str, Any]:
    """Return a sentence as JSON can hold it."""
    values = [
        [name, stored(value) if isinstance(value, SentenceTemplate) else value] for name, value in sentence.values
    ]
    return {"template": sentence.template, "values": values}


def restored(value: object) -> SentenceTemplate | None:
    """Return the sentence that `stored` wrote; None for anything else, such as what is stored as text."""
    if not isinstance(value, Mapping) or not isinstance(value.get("template"), str):
        return None
    pairs: Sequence[Any] = value.get("values", ())
    return SentenceTemplate(value["template"], tuple((name, restored(one) or one) for name, one in pairs))
