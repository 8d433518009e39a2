"""Two versions of a text, line by line."""

import pytest

from chat.pages.lines import VersionComparison


@pytest.mark.parametrize(
    ("before", "after", "signs"),
    [
        ("", "a", "+a"),
        ("a", "", "-a"),
        ("a\nb\nc", "a\nx\nc", "a -b +x c"),
        ("a\nb", "b\na", "+b a -b"),
        ("a\nb", "a\nb", "a b"),
    ],
)
def test_each_line_is_old_new_or_both(before, after, signs):
    assert " ".join(sign + line for sign, line in VersionComparison(before, after).lines) == signs


def test_long_texts_are_shown_one_after_the_other_and_lose_no_line():
    before, after = (["same", *(f"{name} {at % 90}" for at in range(900))] for name in ("old", "new"))
    lines = VersionComparison("\n".join(before), "\n".join(after)).lines
    assert [line for sign, line in lines if sign != "+"] == before
    assert [line for sign, line in lines if sign != "-"] == after
