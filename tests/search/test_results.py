from datetime import date
from uuid import UUID

import pytest

from search.pages.forms import SearchForm
from search.pages.results import SHOWN, by_document, chosen, kind_of
from search.pages.snippets import Match, SnippetPiece
from tests.search.hits import hit

PDF = "application/pdf"


def no_words(_text):
    return []


def test_passages_are_grouped_by_document_in_the_order_of_the_best():
    other = UUID(int=2)
    hits = [hit(pk=1, score=0.9), hit(pk=2, source=other, score=0.8), hit(pk=3, start=50, score=0.7)]
    found = by_document(hits, no_words)
    assert [[p.hit.passage_id for p in document.passages] for document in found] == [[1, 3], [2]]


def test_of_a_document_with_many_passages_the_best_are_shown_and_the_others_kept_ready():
    (document,) = by_document([hit(pk=pk, start=pk * 100) for pk in range(SHOWN + 2)], no_words)
    assert [p.hit.passage_id for p in document.shown] == list(range(SHOWN))
    assert [p.hit.passage_id for p in document.others] == [SHOWN, SHOWN + 1]


def test_a_passage_leads_to_its_place_and_shows_its_words():
    (document,) = by_document([hit("A word.", page=2, start=5)], lambda text: [Match(2, 6, "word")])
    (passage,) = document.passages
    assert passage.url == f"/sources/{hit().source_id}/?page=2&start=5&end=12#marked"
    assert passage.pieces == [SnippetPiece("A "), SnippetPiece("word", marked=True), SnippetPiece(".")]


@pytest.mark.parametrize(
    ("values", "place"),
    [({"location": "slide 4"}, "slide 4"), ({"page": 2}, "page 2"), ({"pages": 1}, "")],
)
def test_a_place_is_named_where_there_is_more_than_one(values, place):
    (document,) = by_document([hit()], no_words)
    found = by_document([type(document.hit)(**{**document.hit.__dict__, **values})], no_words)
    assert found[0].passages[0].place == place


def test_types_have_the_names_that_people_use():
    assert [kind_of(each) for each in (PDF, "text/plain", "image/tiff")] == ["PDF", "Text", "tiff"]


@pytest.mark.parametrize(
    ("form", "texts"),
    [
        (SearchForm(), ["All collections", "Any type", "Any date"]),
        (SearchForm(collections=(1,), types=(PDF,)), ["Policies", "PDF", "Any date"]),
        (SearchForm(collections=(1, 2), types=(PDF, "text/html")), ["2 collections", "2 types", "Any date"]),
        (SearchForm(since=date(2026, 3, 1)), ["All collections", "Any type", "Since 1 Mar 2026"]),
        (SearchForm(until=date(2026, 3, 1)), ["All collections", "Any type", "Until 1 Mar 2026"]),
        (
            SearchForm(since=date(2026, 3, 1), until=date(2026, 4, 5)),
            ["All collections", "Any type", "1 Mar 2026 to 5 Apr 2026"],
        ),
    ],
)
def test_the_buttons_say_what_is_chosen(form, texts):
    choices = chosen(form, {1: "Policies", 2: "Contracts"})
    assert [choice.text for choice in choices.values()] == texts
    assert any(choice.some for choice in choices.values()) is form.filtered


def test_a_collection_that_may_not_be_read_is_not_named():
    assert chosen(SearchForm(collections=(7,)), {1: "Policies"})["collections"].text == "No collection"


@pytest.mark.parametrize(
    ("language", "asked_in", "shown"),
    [
        ("de", "en", "page 1 · in German"),
        ("zh", "en", "page 1 · in Chinese"),
        ("en", "ar", "page 1 · in English"),
        ("de", "de", "page 1"),
        ("", "en", "page 1"),
        ("de", "", "page 1"),
    ],
)
def test_a_passage_in_another_language_than_the_question_is_marked(language, asked_in, shown):
    (document,) = by_document([hit(language=language)], no_words, asked_in)
    assert document.passages[0].details == shown
