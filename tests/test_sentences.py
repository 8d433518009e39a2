"""Stored sentences: codes that never change, and the language of the reader."""

import json
import pickle
from pathlib import Path

import pytest
from django.urls import get_resolver
from django.utils import translation

from langai_site import sentences
from langai_site.sentences import TEMPLATES, Sentence, counted_sentence, drawn, from_text, joined, sentence, to_text

TABLE = Path(__file__).with_name("stored_sentences.tsv")


def shown(code):
    """Return what a code says with the names of its values in their places, for one and for several."""
    template = TEMPLATES[code]
    values = {name: f"<{name}>" for name in template.names}
    return " | ".join(str(template(**values | {"count": count})) for count in ((1, 2) if template.many else (2,)))


def test_every_code_says_what_it_has_always_said():
    """A code is stored, so it may not vanish or get another meaning. For a new one, add its line to the table."""
    assert get_resolver().url_patterns, "All modules that define sentences are loaded then."
    rows = dict(line.split("\t") for line in TABLE.read_text().splitlines())
    assert {code: shown(code) for code in TEMPLATES if not code.startswith("test.")} == rows


def test_codes_of_counted_sentences_show_their_number():
    assert [code for code, template in TEMPLATES.items() if template.many and "%(count)s" not in template.many] == []
    with pytest.raises(ValueError, match=r"label\.chosen"):
        sentence("label.chosen", "chosen by somebody")


FOUND = counted_sentence("test.found", "a thing", "%(count)s things")
IN = sentence("test.in", "%(found)s in “%(title)s”")
SAID = IN(found=FOUND(count=1_200), title="50 % {x} %(y)s")
PLAIN = "Plain, as older rows have it."


@pytest.mark.parametrize(
    "words", [PLAIN, SAID, joined([SAID, PLAIN]), joined([PLAIN, "More."]), joined(["", SAID]), '{"text": "no code"}']
)
def test_a_sentence_is_the_same_after_it_was_stored(words):
    for again in (
        from_text(to_text(words)),
        sentences.of_row("why", json.loads(json.dumps(sentences.row_of("why", words)))),
        pickle.loads(pickle.dumps(words)),
    ):
        assert (again, sentences.code_of(again)) == (words, sentences.code_of(words))


def test_its_text_is_english_for_programs():
    assert SAID == "1,200 things in “50 % {x} %(y)s”"
    assert joined([SAID, PLAIN]) == f"{SAID} {PLAIN}"


@pytest.mark.parametrize(
    "row",
    [
        None,
        [],
        {"code": "label.chosen"},
        {"code": "label.of_a_newer_version", "values": {}},
        {"code": "label.passage", "values": {}},
        {"code": "label.passage", "values": {"title": "x", "more": "y"}},
        {"code": "label.passage", "values": {"title": 1.5}},
        {"code": "found.iban", "values": {"count": "many"}},
        {"code": "found.iban", "values": None},
    ],
)
def test_a_code_that_is_not_known_leaves_the_english_text(row):
    assert type(sentences.with_code("A text.", row)) is str
    deep = {"code": "label.chosen", "values": {}}
    for _ in range(20):
        deep = {"code": "label.so_far", "values": {"why": deep}}
    assert type(sentences.with_code("A text.", deep)) is str


def test_a_file_that_was_changed_cannot_say_one_thing_to_one_reader_and_another_to_others():
    honest = sentences.with_code(str(SAID), sentences.code_of(SAID))
    assert sentences.is_true(honest)
    assert not sentences.is_true(sentences.with_code("Something else.", sentences.code_of(SAID)))


def test_parts_of_a_sentence_can_be_made_again():
    quoted = IN(found=FOUND(count=1), title="Salaries")
    changed = sentences.changed(
        joined([quoted, PLAIN]), lambda part: "a thing" if isinstance(part, Sentence) and part.code == IN.code else part
    )
    assert changed == f"a thing {PLAIN}"


def test_english_readers_get_the_text_as_it_was_stored():
    before = Sentence("As it was worded then.", "label.chosen", {})
    with translation.override("en-gb"):
        assert drawn(before) == "As it was worded then."
    with translation.override(None):
        assert drawn(before) == "As it was worded then."
