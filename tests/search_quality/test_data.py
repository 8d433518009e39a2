"""The committed questions are what the documentation says of them."""

import json
from collections import Counter
from pathlib import Path

import pytest

from tests.search_quality.beir import load

DATA = Path(__file__).parent / "data"
FOLDERS = sorted(path for path in DATA.iterdir() if path.is_dir())
SETS = [load(folder) for folder in FOLDERS]
each_set = pytest.mark.parametrize("found", SETS, ids=lambda found: found.language)


def test_there_are_enough_passages_and_questions():
    assert sum(len(found.texts) for found in SETS) >= 300
    assert sum(len(found.answerable) for found in SETS) >= 150


def test_english_has_enough_questions_of_each_kind():
    english = next(found for found in SETS if found.language == "en")
    kinds = Counter(question.kind for question in english.questions)
    assert set(kinds) == {"exact", "paraphrase", "number", "two-step", "follow-up", "small-talk"}
    assert min(kinds.values()) >= 20


@each_set
def test_each_language_has_enough_questions(found):
    assert len(found.answerable) >= 20
    assert len(found.texts) >= 40


@each_set
def test_each_question_is_asked_once(found):
    assert max(Counter(question.id for question in found.questions).values()) == 1
    assert max(Counter((question.text, question.history) for question in found.questions).values()) == 1


@each_set
def test_each_passage_is_there_once(found):
    assert max(Counter(text.id for text in found.texts).values()) == 1
    assert max(Counter(text.text for text in found.texts).values()) == 1
    assert all(text.title for text in found.texts)


@each_set
def test_kinds_keep_their_promise(found):
    for question in found.questions:
        assert bool(question.history) == (question.kind == "follow-up"), question.id
        assert bool(question.relevant) == (question.kind != "small-talk"), question.id
        assert len(question.relevant) >= 2 or question.kind != "two-step", question.id


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_every_judged_question_is_in_the_set(folder):
    judged = {line.split("\t")[0] for line in (folder / "qrels" / "test.tsv").read_text().splitlines()[1:]}
    asked = {json.loads(line)["_id"] for line in (folder / "queries.jsonl").read_text().splitlines()}
    assert judged <= asked
