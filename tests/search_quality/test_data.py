"""The committed questions are what the documentation says of them."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.search_quality.beir import load

DATA = Path(__file__).parent / "data"
FOLDERS = sorted(path for path in DATA.iterdir() if path.is_dir())
SETS = [load(folder) for folder in FOLDERS]
SMALL_TALK = [json.loads(line) for line in (DATA / "small_talk.jsonl").read_text(encoding="utf-8").splitlines()]
KINDS = {"exact", "paraphrase", "number", "two-step", "follow-up"}
# How the names of a script's letters begin in Unicode.
SCRIPTS = {"en": "LATIN", "de": "LATIN", "zh": "CJK UNIFIED", "ar": "ARABIC"}
each_set = pytest.mark.parametrize("found", SETS, ids=lambda found: found.language)


def share_written_in(script: str, texts: Iterable[str]) -> float:
    """The share of the letters that belong to `script`; marks and digits are no letters."""
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    return sum(unicodedata.name(letter).startswith(script) for letter in letters) / len(letters)


def test_there_are_enough_passages_and_questions():
    assert {found.language for found in SETS} == {"ar", "de", "en", "zh"}
    assert sum(len(found.texts) for found in SETS) >= 300
    assert sum(len(found.answerable) for found in SETS) >= 150


def test_there_are_enough_questions_of_each_kind():
    kinds = Counter(question.kind for found in SETS for question in found.answerable)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 20


def test_no_id_and_no_passage_is_in_two_languages():
    assert max(Counter(text.id for found in SETS for text in found.texts).values()) == 1
    assert max(Counter(question.id for found in SETS for question in found.questions).values()) == 1
    assert max(Counter(text.text for found in SETS for text in found.texts).values()) == 1


def test_english_has_enough_questions_of_each_kind():
    english = next(found for found in SETS if found.language == "en")
    kinds = Counter(question.kind for question in english.questions)
    assert set(kinds) == {*KINDS, "small-talk"}
    assert min(kinds.values()) >= 20


@each_set
def test_each_language_has_enough_questions(found):
    assert len(found.answerable) >= 20
    assert len(found.texts) >= 40


@each_set
def test_each_language_has_questions_of_each_kind(found):
    kinds = Counter(question.kind for question in found.answerable)
    assert set(kinds) == KINDS
    assert min(kinds.values()) >= 5


@each_set
def test_each_language_is_written_in_its_script(found):
    script = SCRIPTS[found.language]
    assert [text.id for text in found.texts if share_written_in(script, [text.text, text.title]) < 0.8] == []
    assert share_written_in(script, [question.text for question in found.questions]) > 0.8


def test_german_has_letters_that_english_lacks():
    german = next(found for found in SETS if found.language == "de")
    assert [text.id for text in german.texts if not set("äöüß") & set(text.text.lower())] == []


def test_small_talk_is_in_six_languages():
    languages = Counter(row["metadata"]["language"] for row in SMALL_TALK)
    assert set(languages) == {"ar", "de", "en", "es", "fr", "zh"}
    assert min(languages.values()) >= 5
    assert len(SMALL_TALK) >= 40


def test_small_talk_is_there_once_and_no_question():
    assert len({row["_id"] for row in SMALL_TALK}) == len(SMALL_TALK)
    asked = Counter(question.text for found in SETS for question in found.questions)
    asked.update(row["text"] for row in SMALL_TALK)
    assert {row["text"] for row in SMALL_TALK} & {text for text, times in asked.items() if times > 1} == set()


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
