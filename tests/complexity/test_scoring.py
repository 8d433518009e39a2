"""What a score tells the routing, and its causes a person."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chat.routing.complexity import COMPLEX_FROM, MODERATE_FROM, score
from chat.routing.complexity.causes import AT_MOST, PHRASES
from chat.routing.complexity.cues import ANYWHERE, BY_LETTERS, LETTERS
from chat.values import Level
from tests.complexity.prompts import PROMPTS

# Whatever can be in a string, halves of surrogate pairs included; and words that mean something here.
ANYTHING = st.text(st.characters(), max_size=300)
MEANT = st.lists(st.sampled_from([word for prompt in PROMPTS for word in prompt.text.split(" ")]), max_size=60)
MESSAGES = ANYTHING | MEANT.map(" ".join)
COUNTS = st.integers(min_value=0, max_value=1000)


@settings(deadline=None)
@given(MESSAGES, st.integers(), st.integers())
def test_any_message_has_a_score_a_level_and_causes(text, passages, history):
    found = score(text, passages=passages, history=history)
    assert math.isfinite(found.score)
    assert found.level is (
        Level.SIMPLE if found.score < MODERATE_FROM else Level.MODERATE if found.score < COMPLEX_FROM else Level.COMPLEX
    )
    assert 1 <= len(found.causes) <= AT_MOST
    assert all(found.causes)


@settings(deadline=None)
@given(MESSAGES, COUNTS, COUNTS)
def test_more_passages_never_lower_a_score(text, fewer, more):
    fewer, more = sorted((fewer, more))
    assert score(text, passages=fewer).score <= score(text, passages=more).score


@settings(deadline=None)
@given(MESSAGES, COUNTS, COUNTS)
def test_a_longer_conversation_never_lowers_a_score(text, fewer, more):
    fewer, more = sorted((fewer, more))
    assert score(text, history=fewer).score <= score(text, history=more).score


@settings(deadline=None)
@given(MESSAGES)
def test_the_same_message_always_has_the_same_score(text):
    assert score(text) == score(text)


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Thanks a lot!", "small talk"),
        ("And when does the canteen close?", "asks for a fact"),
        ("Translate to German: The parcel has arrived.", "asks for a small edit"),
        ("Explain how a sewing machine makes a stitch.", "asks to explain"),
        ("Summarise the minutes of the last meeting for those who were not there.", "asks to summarise"),
        ("Write an e-mail to the landlord about the broken lift.", "asks for a text"),
        ("Write a Python function that counts the vowels of a word.", "programming"),
        ("Compare leasing and buying a van for five years.", "asks to compare"),
        ("Design a card index for a museum of clocks.", "asks for a design or plan"),
        ("Prove that there are infinitely many primes.", "asks for a proof"),
        ("Analyse the survey and tell what it means for the canteen.", "asks to analyse"),
        ("Recommend one of the two offers, and justify it.", "asks for a judgement"),
        ("Debug the export: it crashes under load.", "asks to find or fix a fault"),
        ("Explain step by step how to file a patent.", "several steps"),
        ("Explain it, but without formulas, and if you must, with one at most.", "conditions to keep"),
        ("Explain the risks and costs of the contract.", "a subject with many sides"),
        ("Explain this:\n```\nfor x in xs:\n    total += x\nprint(total)\n```", "3 lines of code"),
        ("Why is it late? Why is it dear? Why is it blue? Who says so?", "several questions"),
        ("Explain each of these:\n- heat\n- light\n- sound", "3 listed points"),
        ("Explain the colours red, green, blue, yellow, white and black.", "many clauses"),
    ],
)
def test_causes_say_what_was_seen(text, cause):
    assert cause in score(text).causes


def test_passages_are_told_by_their_number():
    assert "3 passages" in score("Describe the life of a ticket.", passages=3).causes


def test_a_conversation_is_told_by_its_length():
    assert "12 earlier messages" in score("Describe the life of a ticket.", history=12).causes


def test_a_message_without_any_sign_is_told_by_its_length():
    assert score("Blue curtains").causes == ("short message",)
    assert score("blue " * 25).causes == ("message of 25 words",)


@pytest.mark.parametrize(
    ("simple", "moderate", "demanding"),
    [
        (
            "Wie hoch ist die Zugspitze?",
            "Erkläre mir, wie Regen entsteht.",
            "Beweise, dass die Wurzel aus 3 irrational ist.",
        ),
        (
            "Quelle est la hauteur du Mont Blanc ?",
            "Explique-moi la pluie.",
            "Démontre que racine de 3 est irrationnelle.",
        ),
        (
            "¿Cuál es la altura del Teide?",
            "Explícame cómo se forma la lluvia.",
            "Demuestra que la raíz de 3 es irracional.",
        ),
        ("珠穆朗玛峰的高度是多少？", "请解释一下雨是怎么形成的。", "证明根号三是无理数，并比较两种证明方法。"),  # noqa: RUF001
        ("ما هو ارتفاع جبل إيفرست؟", "اشرح لي كيف يتكون المطر.", "أثبت أن جذر العدد ثلاثة غير نسبي وقارن بين طريقتين."),
    ],
)
def test_cues_are_known_in_other_languages(simple, moderate, demanding):
    scores = [score(text).score for text in (simple, moderate, demanding)]
    assert score(simple).level is Level.SIMPLE
    assert score(moderate).level is Level.MODERATE
    assert scores == sorted(set(scores))


def test_capitals_accents_and_wide_letters_do_not_matter():
    assert score("DÉMONTRE CELA").score == score("demontre cela").score
    assert score("ｃｏｍｐａｒｅ ｂｏｔｈ").score == score("compare both").score  # noqa: RUF001


def test_arabic_words_are_known_with_what_is_written_before_them():
    assert "asks to compare" in score("أريد الشرح والمقارنة بين الطريقتين").causes


def test_in_a_language_without_cues_length_and_structure_decide():
    short, long = "Kuka on pomo?", "Laadi ehdotus; ota huomioon hinta, aika, turvallisuus, väki, tilat ja laki. " * 6
    assert score(short).level is Level.SIMPLE
    assert score(long).score > score(short).score + 1


def test_what_is_quoted_asks_for_nothing():
    quoted = "Compare the designs, analyse the risks, prove the theorem and recommend a strategy for the migration."
    assert score(f'Translate to French: "{quoted}"').level is Level.SIMPLE
    assert score(quoted).level is Level.COMPLEX


def test_a_long_text_to_summarise_is_no_complex_question():
    paragraph = "We had to compare two designs, weigh the risks, and decide on a strategy for the budget. " * 8
    assert score(f"Summarise this in five sentences.\n\n{paragraph}\n\n{paragraph}").level is Level.MODERATE


@pytest.mark.parametrize("place", ["{ask}\n\n{text}", "Dear all,\n\n{ask}\n\n{text}", "{text}\n\n{text}\n\n{ask}"])
def test_what_is_asked_is_found_before_and_after_a_long_text(place):
    text = "The house stands by the river. It has a red roof. " * 20
    message = place.format(ask="Compare both stories and judge which is better.", text=text)
    assert "asks to compare" in score(message).causes


def test_every_cue_is_of_a_kind_that_has_a_weight_and_can_be_found():
    cues = [cue for near in BY_LETTERS.values() for cue in near]
    assert {cue.kind for cue in cues} | {kind for kind, _cue in ANYWHERE} <= set(PHRASES)
    assert [cue for cue in cues if cue.any_ending and len(cue.words) == 1 and len(cue.words[0]) < LETTERS] == []
    assert all(cue for _kind, cue in ANYWHERE)
