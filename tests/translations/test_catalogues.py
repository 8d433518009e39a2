"""Every word that is marked has its translation, with the same placeholders."""

import re

import polib
import pytest

from tests.translations import CATALOGUES
from tests.translations.marked import all_messages

PLACEHOLDERS = re.compile(r"%(?:\((\w+)\))?[a-z%]|\{\w*\}")
# Whole elements, so that no translation loses a link.
ELEMENTS = re.compile(r"</?\w+")


@pytest.fixture(scope="module", params=CATALOGUES, ids=lambda path: path.parent.parent.name)
def catalogue(request):
    return polib.pofile(str(request.param))


def key(entry):
    return entry.msgctxt or "", entry.msgid


def texts(entry):
    return [entry.msgstr] if not entry.msgid_plural else list(entry.msgstr_plural.values())


def test_every_marked_text_is_translated_and_nothing_else(catalogue):
    translated = {key(entry) for entry in catalogue if entry.translated()}
    marked = {(context, text): path for (context, text, _plural), path in all_messages().items()}
    assert {text: marked[text] for text in set(marked) - translated} == {}
    assert {key(entry) for entry in catalogue} - set(marked) == set()


def test_nothing_is_fuzzy_obsolete_or_there_twice(catalogue):
    assert [entry.msgid for entry in catalogue if entry.fuzzy or entry.obsolete] == []
    keys = [key(entry) for entry in catalogue]
    assert len(keys) == len(set(keys))


def test_plurals_are_translated_as_plurals(catalogue):
    marked = {(context, text): plural for (context, text, plural) in all_messages() if plural}
    assert {text for text in marked if (found := catalogue.find(text[1], msgctxt=text[0] or False)) is None
            or found.msgid_plural != marked[text] or not all(texts(found))} == set()  # fmt: skip


def test_translations_have_the_placeholders_and_elements_of_their_texts(catalogue):
    wrong = []
    for entry in catalogue:
        # What counts things may leave out the number where there is one.
        wanted = [set(PLACEHOLDERS.findall(text)) for text in (entry.msgid_plural or entry.msgid, entry.msgid)]
        for number, text in enumerate(texts(entry)):
            allowed = wanted if entry.msgid_plural and number == 0 else wanted[:1]
            is_same_markup = sorted(ELEMENTS.findall(text)) in [
                sorted(ELEMENTS.findall(original)) for original in (entry.msgid, entry.msgid_plural)
            ]
            if set(PLACEHOLDERS.findall(text)) not in allowed or not is_same_markup:
                wrong.append((entry.msgid, text))
    assert wrong == []


def test_translations_begin_and_end_as_their_texts_do(catalogue):
    """A missing full stop, or a space where sentences are joined, would be seen."""
    ends = re.compile(r"[.?!:…]?\s*$")
    wrong = [
        (entry.msgid, text)
        for entry in catalogue
        for text in texts(entry)
        if ends.search(entry.msgid)[0] != ends.search(text)[0]  # type: ignore[index]
        or (entry.msgid[:1].isspace() != text[:1].isspace())
    ]
    assert wrong == []
