import re
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from search.pages.snippets import ELLIPSIS, LENGTH, TO_SPACE, Match, SnippetPiece, snippet


def matches(text, *words):
    return [Match(m.start(), m.end(), word) for word in words for m in re.finditer(word, text)]


def shown(text, *words, **options):
    return "".join(f"[{p.text}]" if p.marked else p.text for p in snippet(text, matches(text, *words), **options))


def test_a_short_passage_is_shown_whole_with_its_words_marked():
    assert shown("Refunds take 30 days.", "Refund", "days") == "[Refund]s take 30 [days]."


def test_a_long_passage_shows_the_stretch_with_most_of_the_words():
    text = "refund once. " + "Nothing here. " * 40 + "A refund needs the receipt. " + "Nothing there. " * 40
    found = shown(text, "refund", "receipt")
    assert found.startswith(ELLIPSIS)
    assert found.endswith(ELLIPSIS)
    assert "A [refund] needs the [receipt]." in found


def test_without_a_word_in_it_a_passage_shows_its_beginning():
    assert shown("One two three four five six seven.", length=20) == f"One two three four {ELLIPSIS}"


def test_words_are_not_cut():
    text = "abcdefgh " * 200
    (piece,) = snippet(text, [])
    assert piece.text == "abcdefgh " * (LENGTH // 9) + ELLIPSIS


def test_a_text_without_spaces_is_cut_where_it_is():
    assert snippet("年" * 1000, [Match(500, 502, "年年")])[1] == SnippetPiece("年年", marked=True)


def test_overlapping_matches_are_marked_once():
    pieces = snippet("abcdef", [Match(0, 3, "abc"), Match(2, 5, "cde")])
    assert pieces == [SnippetPiece("abc", marked=True), SnippetPiece("def")]


@given(st.text(max_size=1500), st.lists(st.tuples(st.integers(0, 1500), st.integers(1, 30)), max_size=20))
def test_a_snippet_is_a_slice_of_its_passage_of_the_right_length(text, places):
    found = [Match(a, a + n, str(n)) for a, n in places if a + n <= len(text)]
    pieces = snippet(text, found)
    joined = "".join(piece.text for piece in pieces)
    assert joined.removeprefix(ELLIPSIS).removesuffix(ELLIPSIS) in text
    assert len(joined) <= LENGTH + TO_SPACE + 2
    assert not found or any(piece.marked for piece in pieces)
    assert all(one.marked != other.marked for one, other in pairwise(pieces))
