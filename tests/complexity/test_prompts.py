"""The labelled prompts are what the documentation says of them."""

from collections import Counter

from tests.complexity.prompts import HELD_OUT, LEVELS, PROMPTS, TRAIN

LANGUAGES = ("en", "de", "fr", "es", "zh", "ar")


def test_there_are_enough_prompts_and_each_is_there_once():
    assert len(PROMPTS) >= 300
    assert len({prompt.text for prompt in PROMPTS}) == len(PROMPTS)
    assert {prompt.split for prompt in PROMPTS} == {"train", "held_out"}


def test_a_third_of_each_label_is_held_out():
    for level in LEVELS:
        held_out = sum(prompt.level is level for prompt in HELD_OUT)
        assert 0.3 <= held_out / (held_out + sum(prompt.level is level for prompt in TRAIN)) <= 0.35


def test_each_language_has_prompts_of_each_label_in_both_parts():
    for part in (TRAIN, HELD_OUT):
        counts = Counter((prompt.language, prompt.level) for prompt in part)
        assert min(counts[language, level] for language in LANGUAGES for level in LEVELS) >= 2


def test_enough_prompts_are_not_english_and_some_are_in_languages_without_cues():
    others = [prompt.language for prompt in PROMPTS if prompt.language != "en"]
    assert len(others) >= 100
    assert len(set(others) - set(LANGUAGES)) >= 3
