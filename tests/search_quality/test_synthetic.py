"""What speed is measured on is what the documentation says of it."""

from collections import Counter

import numpy as np

from tests.search_quality.synthetic import REAL, WORDS, Prose, made_up, near, shuffled

TEXTS = ["the sonde and the logger", "the logger sends"]


def test_passages_are_as_long_as_real_ones_and_the_same_again():
    passages = Prose(TEXTS).passages(50)
    assert {50 <= len(text.split()) < 110 for text in passages} == {True}
    assert passages == Prose(TEXTS).passages(50)
    assert len(set(passages)) == 50


def test_frequent_words_are_real_and_rare_ones_made_up():
    counts = Counter(word for text in Prose(TEXTS).passages(200) for word in text.split())
    assert counts.most_common(1)[0][0] == "the"
    assert len(counts) > 1000


def test_no_two_made_up_words_are_the_same():
    assert len({made_up(number) for number in range(WORDS)}) == WORDS


def test_made_up_vectors_are_near_to_real_ones():
    real = np.eye(2, 384, dtype=np.float32)
    made = near(real, 100)
    assert np.allclose(np.linalg.norm(made, axis=1), 1, atol=1e-5)
    assert np.allclose((made @ real.T).max(axis=1), REAL, atol=0.15)


def test_shuffled_text_is_of_real_sentences_and_differs_by_seed():
    text = shuffled(["One.", "Two."], 3, seed=1)
    assert [set(paragraph.split()) <= {"One.", "Two."} for paragraph in text.split("\n\n")] == [True] * 3
    assert text != shuffled(["One.", "Two."], 3, seed=2)
