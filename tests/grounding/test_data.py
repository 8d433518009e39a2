from collections import Counter

from tests.grounding import INFERENCE, LANGUAGES, LITERAL, statements

KINDS = {"figure", "date", "amount", "name", "code", "negation", "swapped figure"}


def test_the_set_has_enough_statements_in_each_language_and_no_text_twice():
    counts = Counter(each.language for each in statements())
    assert sum(counts.values()) >= 300
    assert set(counts) == set(LANGUAGES)
    assert min(counts.values()) >= 50
    assert len({(each.language, each.passage, each.text) for each in statements()}) == sum(counts.values())


def test_half_of_the_true_statements_need_inference_and_the_false_ones_change_something_of_each_kind():
    kinds = Counter(each.kind for each in statements() if each.is_true)
    assert kinds[INFERENCE] * 2 >= kinds.total()
    assert kinds[LITERAL]
    assert {each.kind for each in statements() if not each.is_true} == KINDS


def test_a_third_is_held_out_by_a_hash_of_the_statement():
    held = [each for each in statements() if each.is_held_out]
    assert 0.28 < len(held) / len(statements()) < 0.39
    assert {each.language for each in held} == set(LANGUAGES)
