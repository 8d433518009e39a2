from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync

from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from search import services
from search.access import reader_of
from search.models import Collection, Page, Passage, Source
from search.services import excerpt, remove
from search.services.excerpts import EXCERPT_CHARS, split
from search.types import Reader
from search.upkeep.sync import sync_vectors
from search.vectors import collection_name
from tests.search.conftest import HANDBOOK
from tests.servers import free_port

QUESTION = "How many days off do I get?"


def find(user_or_reader, question=QUESTION, **options):
    reader = user_or_reader if isinstance(user_or_reader, Reader) else reader_of(user_or_reader)
    return async_to_sync(services.find)(question, reader, label=Sensitivity.PUBLIC, **options)


def stored_ids(store, collection, settings):
    return store.ids(collection_name(settings.SECRET_KEY, collection.pk, "minilm-l6-v2-53aa5117"))


def test_progress_is_told_while_indexing(handbook, embedder, store, add):
    told = []
    add(handbook, HANDBOOK * 30, progress=lambda stage, fraction: told.append((stage, round(fraction, 2))))
    assert told == [("embedding", 0.36), ("embedding", 0.71), ("embedding", 1.0)]


def test_indexing_the_same_version_again_doubles_nothing(alice, handbook, embedder, store, settings, add):
    document = uuid4()
    add(handbook, document=document)
    add(handbook, document=document)
    assert Source.objects.count() == 1
    assert stored_ids(store, handbook, settings) == set(Passage.objects.values_list("pk", flat=True))
    assert len(find(alice, "vacation").hits) == 1


class Killed(BaseException):
    """Ends the work in its middle."""


def test_what_an_ended_attempt_wrote_is_never_found_and_is_gone(handbook, embedder, store, settings, add):
    def end(_stage, _fraction):
        raise Killed

    with pytest.raises(Killed):
        add(handbook, progress=end)
    assert not Source.objects.exists()
    assert stored_ids(store, handbook, settings) == set()


def test_work_that_a_kill_left_half_done_is_replaced(alice, handbook, embedder, store, settings, add):
    document = uuid4()
    add(handbook, document=document)
    # As it is after a kill just before the source becomes live.
    Source.objects.update(live=False)
    left = set(Passage.objects.values_list("pk", flat=True))
    assert find(Reader(alice.pk, (handbook.pk,))).hits == ()
    add(handbook, document=document)
    assert Source.objects.count() == 1
    assert stored_ids(store, handbook, settings).isdisjoint(left)
    assert len(find(alice, "vacation").hits) == 1


def test_a_new_version_is_found_in_the_place_of_the_old_which_stays_citable(alice, handbook, embedder, store, add):
    document = uuid4()
    old = add(handbook, document=document)
    new = add(handbook, ["Everyone has thirty days of vacation."], document=document, version=2)
    assert [hit.source_id for hit in find(alice).hits] == [new]
    assert excerpt(reader_of(alice), old, page=1, start=7, end=10).marked == "Eve"


def test_a_removed_document_leaves_nothing_behind(alice, handbook, embedder, store, settings, add):
    document = uuid4()
    source_id = add(handbook, document=document)
    reader = reader_of(alice)
    remove(document)
    assert [model.objects.count() for model in (Source, Page, Passage)] == [0, 0, 0]
    assert stored_ids(store, handbook, settings) == set()
    assert find(reader).hits == ()
    with pytest.raises(NotFoundError):
        excerpt(reader, source_id, page=1, start=0, end=1)


def test_a_document_removed_while_the_store_is_down_is_gone_at_once(
    alice, handbook, embedder, store, chroma_server, settings, add
):
    document = uuid4()
    add(handbook, document=document)
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    reader = reader_of(alice)
    remove(document)
    settings.CHROMA_URL = chroma_server.url
    assert find(reader).hits == ()
    sync_vectors()
    assert stored_ids(store, handbook, settings) == set()


def test_an_excerpt_is_the_page_with_its_passage_marked(alice, handbook, add, settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    source_id = add(handbook)
    found = excerpt(reader_of(alice), source_id, page=2, start=7, end=7 + len(HANDBOOK[1]))
    assert (found.before, found.marked, found.after) == ("Intro. ", HANDBOOK[1], " Outro.")
    assert (found.page, found.pages) == (2, 3)


def test_an_excerpt_is_only_for_those_who_may_read_it(alice, bob, add, settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    private = Collection.objects.create(name="Alice's")
    private.users.add(alice)
    source_id = add(private)
    assert excerpt(reader_of(alice), source_id, page=1, start=0, end=5).marked == "Intro"
    for reader in (reader_of(bob), Reader(bob.pk, (private.pk,))):
        with pytest.raises(NotFoundError):
            excerpt(reader, source_id, page=1, start=0, end=5)


def test_a_page_that_is_not_there_is_not_found(alice, handbook, add, settings, tmp_path):
    settings.MODEL_DIR = tmp_path
    source_id = add(handbook)
    with pytest.raises(NotFoundError):
        excerpt(reader_of(alice), source_id, page=4, start=0, end=5)


def test_of_a_very_long_page_the_surroundings_are_shown():
    text = "a" * 100_000 + "PASSAGE" + "b" * 100_000
    before, marked, after = split(text, 100_000, 100_007)
    assert marked == "PASSAGE"
    assert before.startswith("… a")
    assert after.endswith("b …")
    assert len(before + marked + after) <= EXCERPT_CHARS + 4


@pytest.mark.parametrize(("start", "end"), [(-5, 2), (0, 99), (50, 60), (3, 1)])
def test_offsets_beyond_the_text_do_no_harm(start, end):
    assert "".join(split("short", start, end)) == "short"
