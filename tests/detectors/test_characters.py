from langai_site.characters import REPLACEMENT, split_off_half, whole_characters


def test_plain_text_is_left_as_it_is():
    assert whole_characters("Grüße 👋, ok\n") == "Grüße 👋, ok\n"


def test_halves_that_belong_together_become_one_character():
    assert whole_characters("\ud83d\udc4b") == "👋"


def test_a_lone_half_and_a_nul_are_replaced():
    assert whole_characters("a\ud83d b\0") == f"a{REPLACEMENT} b{REPLACEMENT}"
    assert whole_characters("\0") == REPLACEMENT


def test_a_first_half_at_the_end_waits_for_the_other():
    assert split_off_half("hi\ud83d") == ("hi", "\ud83d")
    assert split_off_half("hi") == ("hi", "")
    assert split_off_half("") == ("", "")
