"""Frequent words among many passages, which the databases look up in another way than those of a few."""

from uuid import uuid4

import pytest
from django.db import connection

from search.keywords import KeywordText, get_index
from search.models import Collection, Passage, Source

pytestmark = pytest.mark.django_db
MANY = 4000


@pytest.fixture
def mine():
    return Collection.objects.create(name="Mine")


@pytest.fixture
def theirs():
    return Collection.objects.create(name="Theirs")


def put(collection, texts):
    """Passages without their vectors and pages, for speed."""
    source = Source.objects.create(document=uuid4(), collection=collection, title="A document", live=True)
    rows = Passage.objects.bulk_create(
        Passage(source=source, position=position, text=text, page=1, start=0, end=len(text))
        for position, text in enumerate(texts)
    )
    get_index().add(KeywordText(row.pk, collection.pk, row.text) for row in rows)
    return [row.pk for row in rows]


def found(text, *collections, limit=10):
    return [hit.passage_id for hit in get_index().query(text, [each.pk for each in collections], limit)]


def servers(count=MANY, word="server"):
    """Passages with a frequent word each."""
    return [f"The {word} number {number} is in its rack." for number in range(count)]


def test_the_passage_with_a_rare_word_beside_a_frequent_one_comes_first(mine):
    put(mine, servers())
    [kestrel] = put(mine, ["The server of the Kestrel office is new."])
    put(mine, servers())
    assert found("the server of the Kestrel office", mine)[0] == kestrel
    assert found("server", mine, limit=5)
    assert found("submarine", mine) == []


def test_the_passages_with_all_of_several_frequent_words_come_first(mine):
    put(mine, servers())
    both = put(mine, ["The server has a backup."] * 3)
    put(mine, servers(word="backup"))
    assert set(found("backup of the server", mine, limit=3)) == set(both)


def test_so_do_those_of_a_collection_that_is_newer_than_what_is_known_of_frequent_words(mine, theirs):
    put(theirs, servers(2 * MANY))
    assert found("server", theirs, limit=1)
    put(mine, servers())
    put(mine, servers(word="backup"))
    both = put(mine, ["The server has a backup."] * 3)
    assert set(found("backup of the server", mine, limit=3)) == set(both)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="only PostgreSQL reads in parallel")
def test_the_order_in_which_parallel_workers_read_does_not_matter(mine):
    put(mine, servers())
    both = put(mine, ["The server has a backup."] * 3)
    put(mine, servers(word="backup"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE search_passagekeywords")
        for setting in ("parallel_setup_cost", "parallel_tuple_cost", "min_parallel_table_scan_size"):
            cursor.execute(f"SET LOCAL {setting} = 0")
        # One worker alone reads the parts of a parallel append one after another, the longest first.
        cursor.execute("SET LOCAL max_parallel_workers = 1")
        cursor.execute("SET LOCAL parallel_leader_participation = off")
    assert set(found("backup of the server", mine, limit=3)) == set(both)


def test_a_passage_that_has_a_frequent_word_again_and_again_comes_first(mine):
    [about] = put(mine, ["A server serves servers: the server beside the server."])
    put(mine, servers())
    assert found("server", mine, limit=3)[0] == about


@pytest.mark.parametrize(("own", "others"), [(MANY, MANY // 2), (MANY // 8, MANY)])
def test_frequent_words_are_looked_for_in_the_readable_collections_alone(mine, theirs, own, others):
    passages = put(mine, servers(own))
    put(theirs, servers(others))
    hits = found("server number 7", mine, limit=30)
    assert hits[0] == passages[7]
    assert set(hits) <= set(passages)


def test_a_word_that_was_frequent_is_found_when_it_is_so_no_more(mine):
    put(mine, servers())
    assert found("server", mine)
    get_index().clear()
    [passage, *_] = put(mine, ["The server is switched off.", *servers(50, word="printer")])
    [hit] = get_index().query("server", [mine.pk], 10)
    assert (hit.passage_id, hit.coverage) == (passage, 1)
