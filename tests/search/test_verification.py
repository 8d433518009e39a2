"""Every way in which database, vectors and keywords can differ: told in plain words, and mended."""

from io import StringIO

import numpy as np
import pytest
from django.core.management import call_command

from search.embeddings.local import FINGERPRINT
from search.indexes import store_name
from search.keywords import get_index
from search.models import Collection, Passage, PassageVector, Source
from search.upkeep.sync import sync_vectors
from search.upkeep.verification import differences, verify_and_mend
from tests.servers import free_port


def told(*, mend=False, **options):
    return [str(difference) for difference in differences(mend=mend, **options)]


def live_ids():
    return sorted(Passage.objects.filter(source__live=True).values_list("pk", flat=True))


@pytest.fixture
def name(handbook):
    return store_name(handbook.pk, FINGERPRINT)


def lose_from_store(store, name, ids):
    store.delete(name, ids[:2])


def add_to_store(store, name, ids):
    store.upsert(name, [10**6], np.eye(1, 384, dtype=np.float32))


def alter_in_store(store, name, ids):
    store.upsert(name, ids[:1], np.eye(1, 384, dtype=np.float32))


def add_collection_to_store(store, name, ids):
    store.upsert(f"{name}-older", [1], np.eye(1, 384, dtype=np.float32))


def lose_from_database(store, name, ids):
    PassageVector.objects.filter(passage=ids[0]).delete()


def add_to_database(store, name, ids):
    Source.objects.filter(passages=ids[0]).update(sensitivity=20)


def lose_keywords(store, name, ids):
    get_index().remove(ids[:2])


def lose_digests(store, name, ids):
    Passage.objects.filter(pk=ids[0]).update(digest="")


def show_two_versions(store, name, ids):
    source = Source.objects.get(passages=ids[0])
    copy = Source.objects.get(pk=source.pk)
    copy.pk, copy.version = None, source.version + 1
    copy._state.adding = True
    copy.save()


DAMAGES = {
    lose_from_store: "2 passages missing in the vector store's",
    add_to_store: "1 passage that should not be in the vector store's",
    alter_in_store: "1 passage with a wrong vector in the vector store's",
    add_collection_to_store: "is in the vector store, and belongs to nothing",
    lose_from_database: "1 passages have no vector by minilm",
    lose_keywords: "2 passages are not found by their words",
    lose_digests: "1 passages have no digest of their text",
    show_two_versions: "1 documents are found in two versions",
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_each_difference_is_told_and_mended(handbook, embedder, store, name, add, damage):
    add(handbook)
    assert told() == []
    damage(store, name, live_ids())
    before = told()
    assert any(DAMAGES[damage] in line for line in before)
    # Looking changes nothing.
    assert told() == before
    mended = told(mend=True)
    assert len(mended) >= 1
    assert all(line.endswith(": mended") for line in mended)
    assert told() == []


def test_the_ids_are_named_the_first_of_many(handbook, embedder, store, name, add):
    add(handbook, [f"Passage {at}." for at in range(30)])
    ids = live_ids()
    store.delete(name, ids[:25])
    (line,) = told()
    assert line == f"25 passages missing in the vector store's {name} (ids {', '.join(map(str, ids[:20]))}, …)"


def test_vectors_that_nothing_searches_are_removed(handbook, embedder, store, served, add):
    served("e64")
    add(handbook)
    Source.objects.update(sensitivity=20)
    lines = told()
    assert any("3 passages have no vector by minilm" in line for line in lines)
    assert any("3 passages have vectors that nothing searches" in line for line in lines)
    told(mend=True)
    assert told() == []
    assert set(PassageVector.objects.values_list("embedder", flat=True)) == {FINGERPRINT}


def test_a_search_by_another_embedder_than_is_set_is_told(handbook, embedder, store, served, add):
    add(handbook)
    served("e64")
    sync_vectors()
    Collection.objects.update(embedder=FINGERPRINT)
    assert "Collection “Handbook”: another embedder is searched than is set" in told()
    assert told(mend=True)[-1].endswith("another embedder is searched than is set: mended")
    sync_vectors()
    assert told() == []


def test_a_sample_finds_what_is_spread(handbook, embedder, store, name, add):
    add(handbook, [f"Passage {at}." for at in range(40)])
    ids = live_ids()
    store.upsert(name, ids, np.tile(np.eye(1, 384, dtype=np.float32), (40, 1)))
    assert [difference.count for difference in differences(mend=False, sample=10)] == [10]
    assert [difference.count for difference in differences(mend=False)] == [40]


def test_a_store_that_does_not_answer_is_a_difference(handbook, embedder, store, settings, add):
    add(handbook)
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    (line,) = told(mend=True)
    assert line.startswith("The vector store could not be compared: ")
    assert not line.endswith("mended")


def test_what_cannot_be_embedded_now_is_left_and_told(handbook, embedder, store, served, upstream, add):
    served("e64")
    add(handbook)
    PassageVector.objects.all().delete()
    served("e64", url=f"http://localhost:{free_port()}/v1")
    line = told(mend=True)[0]
    assert "3 passages have no vector" in line
    assert "and get it later" in line
    assert not line.endswith("mended")


def test_passages_of_a_version_on_its_way_are_no_difference(handbook, embedder, store, monkeypatch, add):
    monkeypatch.setattr("search.services.indexing.INDEX_BATCH", 1)
    lines = []
    document = Source.objects.get(pk=add(handbook)).document
    add(handbook, document=document, version=2, progress=lambda _stage, _fraction: lines.extend(told(mend=True)))
    assert lines == []
    assert told() == []


def test_the_nightly_check_mends_and_lets_go_of_retired_vectors(handbook, embedder, store, name, add, caplog):
    caplog.set_level("WARNING")
    document = Source.objects.get(pk=add(handbook)).document
    new = add(handbook, ["Everyone has thirty days of vacation."], document=document, version=2)
    store.delete(name, live_ids())
    verify_and_mend()
    assert "1 passage missing in the vector store's" in caplog.text
    assert store.ids(name) == set(live_ids())
    assert set(PassageVector.objects.values_list("passage__source", flat=True)) == {new}
    assert told() == []


def run(*arguments):
    out = StringIO()
    try:
        call_command("verify_index", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), end.code
    return out.getvalue(), 0


def test_the_command_says_what_differs_and_by_its_exit_code_that_something_is_left(
    handbook, embedder, store, name, add
):
    add(handbook)
    assert run() == ("Database, vectors and keywords agree.\n", 0)
    store.delete(name, live_ids())
    text, code = run()
    assert "3 passages missing in the vector store's" in text
    assert code == 1
    text, code = run("--repair")
    assert ": mended" in text
    assert code == 0
    assert run()[1] == 0


def test_without_a_store_the_command_says_that_it_compared_none(handbook, embedder, settings, add):
    settings.CHROMA_URL = ""
    add(handbook)
    text, code = run()
    assert "The vector store was not compared: start LangAI, or set CHROMA_URL." in text
    assert code == 1
