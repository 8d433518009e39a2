import pytest
from hypothesis import given
from hypothesis import strategies as st

from search.pages.marking import matcher


def marked(query, text):
    """The text with what is marked in brackets."""
    out, at = "", 0
    for match in matcher(query)(text):
        out += f"{text[at : match.start]}[{text[match.start : match.end]}]"
        at = match.end
    return out + text[at:]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("refund", "[Refunds] take time; a [refunded] item is gone."),
        ("How are refunds issued?", "A [refund] is [issued] by the office, and how!"),
        ("Versicherung", "Die [Krankenversicherung] und die [Versicherungen] zahlen."),
        ("Kündigung", "Jede [KÜNDIGUNG] ist schriftlich, eine [Kundigung] auch."),
        ("creme", "A [crème] brûlée."),
        ("ERR-4711", "The code [ERR-4711] and [ERR4711], not ERR-4712."),
        ("年假多少天", "员工的[年假]是二十八天。"),
        ("إجازة", "تطلب [الإجازات] قبل أسبوعين."),
        ("12,000 euros", "It costs [12000] [Euro]."),
        ("nothing of this", "Another text."),
    ],
)
def test_words_are_marked_in_the_forms_that_search_takes_for_the_same(query, text):
    assert marked(query, text.replace("[", "").replace("]", "")) == text


def test_small_words_are_marked_where_there_are_no_others():
    assert marked("to be", "To see or not to be") == "[To] see or not [to] [be]"
    assert marked("to be seen", "To be seen, or not to be") == "To be [seen], or not to be"


def test_parts_are_marked_where_the_text_has_them_all():
    assert marked("ERR-4711", "ERR 4711, but not ERR-4712") == "[ERR] [4711], but not ERR-4712"
    assert marked("Krankenversicherung", "die Versicherung des Autos") == "die Versicherung des Autos"


def test_letters_that_change_their_length_move_nothing():
    assert marked("ﬁne print", "Ⅷ ﬃ ß 😀 the fine print") == "Ⅷ ﬃ ß 😀 the [fine] [print]"


@given(st.text(max_size=60), st.text(max_size=300))
def test_matches_are_slices_in_order_that_do_not_overlap(query, text):
    at = 0
    for match in matcher(query)(text):
        assert at <= match.start < match.end <= len(text)
        at = match.end
