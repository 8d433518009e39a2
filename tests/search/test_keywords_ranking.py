"""What is looked up to find candidates, enough and no more than can be read in good time; and how those are ranked."""

from itertools import permutations
from string import ascii_lowercase

from search.keywords.analyser import Form, Term
from search.keywords.ranking import CLAUSES, MOST_CLAUSES, Candidate, KeywordQuestion, clauses, ranked

PASSAGES = 100_000


def asked(**counts):
    """A question of words that are in so many passages each."""
    return KeywordQuestion([Term((Form((word,)),)) for word in counts], PASSAGES, counts)


def words(found):
    return [tuple("".join(group) for group in clause.groups) for clause in found]


def test_words_that_are_rare_enough_are_looked_up_each_for_itself():
    assert words(clauses(asked(backup=900, kestrel=3, tide=40), 8000)) == [("kestrel",), ("tide",), ("backup",)]


def test_words_that_are_too_frequent_are_looked_up_in_pairs():
    found = clauses(asked(kestrel=3, server=9000, backup=8500), 8000)
    assert words(found) == [("kestrel",), ("backup", "server")]
    assert found[1].rows < 8500
    assert found[1].says == sum(clause.says for clause in clauses(asked(server=9000, backup=8500), 20_000))


def test_the_rarest_word_is_looked_up_however_frequent_and_with_another_if_there_is_one():
    assert words(clauses(asked(the=90_000), 8000)) == [("the",)]
    assert words(clauses(asked(the=90_000, of=80_000), 8000)) == [("of",), ("of", "the")]
    assert words(clauses(asked(the=90_000, of=80_000, a=85_000), 8000)) == [("of",), ("of", "a")]


def test_of_a_word_in_many_passages_those_with_a_still_more_frequent_one_are_looked_up_too():
    assert words(clauses(asked(server=4000, backup=4500), 8000)) == [("server",), ("server", "backup")]


def test_words_that_no_passage_has_bring_nothing():
    assert words(clauses(asked(submarine=0, tide=40), 8000)) == [("tide",)]
    assert clauses(asked(submarine=0), 8000) == []


def test_a_long_question_is_looked_up_by_its_rarest_words_where_they_bring_enough():
    long = asked(**{letter: 100 + 10 * place for place, letter in enumerate(ascii_lowercase)})
    assert words(clauses(long, 8000)) == [(letter,) for letter in ascii_lowercase[:CLAUSES]]
    assert len(clauses(asked(**dict.fromkeys(ascii_lowercase, 2)), 8000)) == len(ascii_lowercase)


def test_no_question_is_looked_up_by_more_than_the_databases_take():
    endless = asked(**{f"word{number}": 1 for number in range(3 * MOST_CLAUSES)})
    assert len(clauses(endless, 8000)) == MOST_CLAUSES


def test_passages_that_answer_alike_are_equals_in_whatever_order_their_words_come():
    question = asked(backup=7, kestrel=3, server=911, tide=40, vacation=1234)
    found = [
        Candidate(number, 30, {word: 1 + len(word) % 3 for word in order})
        for number, order in enumerate(permutations(question.counts))
    ]
    hits = ranked(question, found, len(found))
    assert len({hit.score for hit in hits}) == len({hit.coverage for hit in hits}) == 1
    assert [hit.passage_id for hit in hits] == list(range(len(found)))
