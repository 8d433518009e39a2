"""Draws stored sentences, and names that are values, in the language of the page."""

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext

from documents.encoding_choices import CHOICES
from documents.sentences import SentenceTemplate, Value


def drawn(sentence: SentenceTemplate) -> str:
    """Return a sentence in the active language, with its numbers as that language writes them."""
    return gettext(sentence.template) % {name: _value(value) for name, value in sentence.values}


def _value(value: Value) -> str:
    if isinstance(value, SentenceTemplate):
        return drawn(value)
    return intcomma(value) if isinstance(value, int) else value


def encoding_name(encoding: str) -> str:
    """Return an encoding's name; one that is not a choice keeps its technical name."""
    if encoding not in CHOICES:
        return encoding
    letters, standard = CHOICES[encoding]
    return f"{gettext(letters)} ({standard})" if letters else standard


def encodings() -> list[tuple[str, str]]:
    """Return each encoding that a person can choose, with its name."""
    return [(encoding, encoding_name(encoding)) for encoding in CHOICES]
