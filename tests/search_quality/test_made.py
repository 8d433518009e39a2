"""The documents that are made up are what they are said to be, and the right one is told from the others."""

import asyncio
from collections import Counter
from dataclasses import replace

import pytest

from langai_site.accounts.models import User
from search.vectors import get_store
from tests.search_quality import library, made, quality, report
from tests.search_quality.beir import NOTHING_FITS

SET = made.dataset()


def test_each_document_and_each_question_is_there_once():
    assert max(Counter(text.file_name for text in SET.texts).values()) == 1
    assert max(Counter(text.text for text in SET.texts).values()) == 1
    assert max(Counter((question.text, question.history) for question in SET.questions).values()) == 1


def test_about_a_third_of_each_kind_is_held_out():
    kinds = Counter(question.kind for question in SET.questions)
    held_out = Counter(question.kind for question in SET.questions if question.is_held_out)
    assert kinds["look-alike"] == 120
    assert 0.2 < sum(held_out.values()) / sum(kinds.values()) < 0.45
    assert all(bool(question.relevant) == (question.kind != NOTHING_FITS) for question in SET.questions)


@pytest.fixture
def filled(transactional_db, chroma_server, model_dir, settings):
    settings.MODEL_DIR, settings.CHROMA_URL = model_dir, chroma_server.url
    store = get_store()
    for name in store.names("langai-"):
        store.drop(name)

    def filled(*kinds):
        questions = tuple(question for question in SET.questions if question.kind in kinds)
        names = {name for question in questions for name in question.relevant}
        texts = tuple(text for text in SET.texts if text.id in names)
        chosen = replace(SET, texts=texts, questions=questions)
        library_of_files = library.filled([chosen], User.objects.create_user("reader"))
        return asyncio.run(quality.scores([chosen], library_of_files, ["hybrid"]))

    return filled


def first(rows):
    return report.Group("", report.ALL, tuple(rows)).mean("hybrid", "MRR@10")


def test_each_of_sixty_invoices_is_told_from_the_others(filled):
    assert first(filled("look-alike")) == 1
