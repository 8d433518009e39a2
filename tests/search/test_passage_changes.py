"""A cited passage is found again in the next version of its document, and what changed is said in a few words."""

import random
import time

import pytest

from search import passage_changes
from search.passage_changes import NextVersion, State, differences, in_short

RULE = "Everyone has 25 days of holiday a year. Days that are left expire on 31 March of the following year."
OTHER = "Refunds are paid within thirty days of the invoice date, and above EUR 50,000 the CFO signs in writing."


def followed(old, *pages, page=1):
    return NextVersion(enumerate(pages, 1)).follow([(old, page)])[0]


@pytest.mark.parametrize(
    ("pages", "state"),
    [
        ((RULE,), State.SAME),
        (("A new preface.\n\n" + RULE.replace(" ", "\n").upper() + " And more.",), State.SAME),
        ((OTHER, RULE), State.MOVED),
        # The layout changed: the passage now runs over two pages.
        ((RULE[:50], RULE[50:]), State.SAME),
        ((RULE.replace("25", "28"),), State.CHANGED),
        ((RULE.replace("expire", "do not expire"),), State.CHANGED),
        ((OTHER, RULE.replace("31 March", "30 June")), State.CHANGED),
        ((RULE[:40],), State.CHANGED),
        ((OTHER,), State.GONE),
        (("",), State.GONE),
        ((), State.GONE),
    ],
)
def test_the_state_of_a_passage(pages, state):
    assert followed(RULE, *pages).state == state


def test_the_place_is_that_of_the_passage_alone():
    text = f"{OTHER} {RULE.replace('25', '28')} {OTHER}"
    place = followed(RULE, text).place
    assert text[place.start : place.end] == RULE.replace("25", "28").rstrip(".")


def test_a_passage_is_found_among_others_that_begin_alike():
    rules = [f"{RULE} This is for the office in city number {number}." for number in range(50)]
    place = followed(rules[30], *rules[:30], rules[30].replace("25", "28"), *rules[31:], page=31).place
    assert place.page == 31


def test_scripts_without_spaces_are_compared_by_the_character():
    assert followed("每人每年有二十五天假期", "序言。每人每年有二十八天假期。").state == State.CHANGED
    assert in_short("每人每年有二十五天假期", "每人每年有二十八天假期") == "五 → 八"


@pytest.mark.parametrize(
    ("new", "answer", "words"),
    [
        (RULE.replace("25", "28"), "", "25 → 28 days"),
        (RULE.replace("Everyone", "Nobody").replace("25", "28"), "", "25 → 28 days"),
        (RULE.replace("25", "28").replace("31", "30"), "They expire on 31 March.", "31 → 30 March"),
        (RULE.replace("expire", "do not expire"), "", "“do not” added"),
        (RULE.replace(" of the following year", ""), "", "“of the following year” removed"),
        (RULE, "", ""),
    ],
)
def test_the_change_in_short(new, answer, words):
    assert in_short(RULE, new, answer) == words


def test_the_comparison_has_all_words_of_both():
    new = RULE.replace("25", "28").replace("31 March", "30 June")
    pieces = differences(RULE, new)
    assert "".join(piece.text for piece in pieces if piece.kind != "new") == RULE
    assert "".join(piece.text for piece in pieces if piece.kind != "old") == new
    assert [piece.text for piece in pieces if piece.kind == "old"] == ["25", "31 March"]


def test_long_unchanged_stretches_are_left_out():
    same = " ".join(f"word{number}" for number in range(200))
    pieces = differences(f"{same} 25 {same}", f"{same} 28 {same}")
    assert [piece.kind for piece in pieces] == ["skipped", "same", "old", "new", "same", "same", "skipped"]
    assert sum(len(piece.text.split()) for piece in pieces) < 70


def _few_words(count):
    made = random.Random(1)
    return " ".join(f"w{made.randrange(100)}" for _ in range(count))


# Pairs of texts whose comparison takes difflib minutes.
CRAFTED = {
    "two words": ("a b " * 6_000, "b a c " * 4_000),
    "words just below the share that counts as frequent": (_few_words(20_000), _few_words(20_001)),
    "one word": ("a " * 12_000, "a " * 12_000 + "b"),
    "backwards": (" ".join(map(str, range(9_000))), " ".join(map(str, reversed(range(9_000))))),
}


@pytest.mark.parametrize("kind", CRAFTED)
def test_no_texts_take_long_to_compare(kind):
    old, new = CRAFTED[kind]
    began = time.process_time()
    assert "".join(piece.text for piece in differences(old, new) if piece.kind in ("same", "new"))
    in_short(old, new)
    NextVersion([(1, new)]).follow([(old, 1)])
    assert time.process_time() - began < 6


def test_a_long_passage_with_its_own_words_again_and_again_is_followed_quickly():
    text = " ".join(f"w{number % 3_000}" for number in range(24_000))
    began = time.process_time()
    assert followed(text, text + " more").state == State.SAME
    assert time.process_time() - began < 3


def test_nothing_is_called_gone_from_a_version_that_is_too_long_to_be_read(monkeypatch):
    monkeypatch.setattr(passage_changes, "MOST_WORDS", 10)
    assert followed(RULE, OTHER, RULE).state == State.SAME
    assert followed(OTHER, RULE, OTHER).state == State.SAME


def test_many_passages_are_followed_in_one_pass():
    """Every citation of a long answer is another passage of the same version."""

    class Keys(list):
        passes = 0

        def __iter__(self):
            Keys.passes += 1
            return super().__iter__()

    rules = [f"{RULE} This is for the office in city number {number}." for number in range(50)]
    version = NextVersion(enumerate([rules[0].replace("25", "28"), *rules[1:40]], 1))
    version._words.keys = Keys(version._words.keys)
    found = version.follow([(rule, number) for number, rule in enumerate(rules, 1)])
    assert Keys.passes == 1
    assert [one.state for one in found[:40]] == [State.CHANGED, *[State.SAME] * 39]
    assert [one.place.page for one in found[:40]] == [*range(1, 41)]


def test_a_passage_of_words_that_a_version_repeats_is_found_on_its_page(monkeypatch):
    monkeypatch.setattr(passage_changes, "MOST_HITS", 500)
    pages = ["no no no yes " * 300, OTHER, "yes yes no no " * 300, RULE]
    assert followed("no no yes no no no yes", *pages, page=1).place.page == 1
    assert followed("no yes yes no no yes yes no no", *pages, page=3).place.page == 3
    assert followed(RULE, *pages, page=4).state == State.SAME
