"""A part of search that breaks is noticed here, long before anybody measures."""

import asyncio
from dataclasses import replace

import pytest

from langai_site.accounts.models import User
from search.vectors import get_store
from tests.search_quality import library, quality, report
from tests.search_quality.beir import load
from tests.search_quality.test_data import FOLDERS

# Passages of each language: enough to be mistaken for one another, and few enough to be embedded in seconds.
SAMPLE = {"en": 60, "de": 20, "zh": 20, "ar": 20}
# What has none of the passage's words is found by meaning alone, and so in English only.
OTHER_WORDS = "paraphrase"
# nDCG@10 by language, search and whether the questions are in the passages' words. Each is well under what is reached
# here: they are to catch what is broken, not what is a little worse.
FLOORS = {
    ("en", "hybrid", True): 0.8,
    ("en", "keywords", True): 0.75,
    ("en", "vectors", True): 0.75,
    ("en", "hybrid", False): 0.55,
    ("en", "vectors", False): 0.7,
    ("de", "hybrid", True): 0.8,
    ("zh", "hybrid", True): 0.8,
    ("ar", "hybrid", True): 0.75,
}
# How much less the hybrid may reach than its better part, of 1: a place or two for a few of so few questions.
WORSE = 0.05


def sampled(dataset):
    """The first documents of a set, whole, with the questions that they answer."""
    texts = dataset.texts[: SAMPLE[dataset.language]]
    kept = {text.id for text in texts}
    questions = [question for question in dataset.answerable if set(question.relevant) <= kept]
    return replace(dataset, texts=texts, questions=tuple(questions))


@pytest.fixture
def rows(transactional_db, chroma_server, model_dir, settings):
    """How each search answers the questions of a sample of each language, a collection each."""
    settings.MODEL_DIR, settings.CHROMA_URL = model_dir, chroma_server.url
    store = get_store()
    for name in store.names("langai-"):
        store.drop(name)
    datasets = [sampled(load(folder)) for folder in FOLDERS]
    filled = library.filled(datasets, User.objects.create_user("reader"))
    return asyncio.run(quality.scores(datasets, filled))


def reached(rows, language, search, in_its_words):
    asked = [row for row in rows if row["language"] == language and (row["kind"] != OTHER_WORDS) == in_its_words]
    return report.Group(language, report.ALL, tuple(asked)).mean(search, "nDCG@10")


def test_each_search_finds_what_it_should_and_both_together_no_less(rows):
    found = {each: reached(rows, *each) for each in FLOORS}
    assert {each: value for each, value in found.items() if value < FLOORS[each]} == {}
    verdicts = report.verdicts(report.groups(rows))
    assert [each.sentence for each in verdicts if each.differences[each.best].mean < -WORSE] == []
