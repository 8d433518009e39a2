import socket
from functools import partial

import numpy as np
import pytest

from search.apps import vector_store_status
from search.embeddings.local import FINGERPRINT
from search.models import Collection, Passage, PassageVector, Source
from search.upkeep.sync import sync_store, sync_vectors
from search.upkeep.verification import differences
from search.vectors import BrokenCollectionError, collection_name, get_store, packed, unpacked
from tests.search.conftest import HANDBOOK, nearest
from tests.search.test_services import find, stored_ids
from tests.servers import Chroma, free_port


def live_ids():
    return set(Passage.objects.filter(source__live=True).values_list("pk", flat=True))


@pytest.fixture
def name(handbook, settings):
    return collection_name(settings.SECRET_KEY, handbook.pk, FINGERPRINT)


def test_a_store_that_lost_everything_is_filled_again(handbook, embedder, store, name, settings, add):
    add(handbook)
    before = nearest(store, handbook)
    store.drop(name)
    assert nearest(store, handbook) == []
    sync_vectors()
    assert stored_ids(store, handbook, settings) == live_ids()
    after = nearest(store, handbook)
    assert [pk for pk, _ in after] == [pk for pk, _ in before]
    assert [score for _, score in after] == pytest.approx([score for _, score in before], abs=1e-3)


def test_only_the_difference_is_repaired(handbook, embedder, store, name, settings, add):
    add(handbook)
    store.delete(name, [min(live_ids())])
    store.upsert(name, [10**6, 10**6 + 1], np.eye(2, 384, dtype=np.float32))
    sync_vectors()
    assert stored_ids(store, handbook, settings) == live_ids()


def test_vectors_made_while_the_store_was_down_are_stored_later(
    alice, handbook, embedder, store, chroma_server, settings, add
):
    settings.CHROMA_URL = f"http://127.0.0.1:{free_port()}"
    add(handbook)
    sync_vectors()
    settings.CHROMA_URL = chroma_server.url
    sync_vectors()
    assert find(alice).hits[0].text == HANDBOOK[0]


def test_vectors_of_a_document_being_indexed_are_left_alone(alice, handbook, embedder, store, name, settings, add):
    add(handbook, progress=lambda _stage, _fraction: sync_vectors())
    assert stored_ids(store, handbook, settings) == live_ids()
    assert len(live_ids()) == 3


def test_vectors_of_a_retired_version_are_removed(handbook, embedder, store, name, settings, add):
    old = add(handbook)
    document = Source.objects.get(pk=old).document
    add(handbook, document=document, version=2)
    retired = list(Passage.objects.filter(source=old).values_list("pk", flat=True))
    store.upsert(name, retired, np.eye(3, 384, dtype=np.float32))
    sync_vectors()
    assert stored_ids(store, handbook, settings) == live_ids()


def test_the_store_collection_of_a_deleted_collection_is_dropped(transactional_db, embedder, store, add):
    gone = Collection.objects.create(name="Gone")
    add(gone)
    assert len(store.names("langai-")) == 1
    gone.delete()
    sync_vectors()
    assert store.names("langai-") == []


def test_passages_indexed_without_an_embedder_are_found_once_there_is_one(
    handbook, store, model_dir, settings, tmp_path, add
):
    settings.MODEL_DIR = tmp_path
    add(handbook)
    assert store.names("langai-") == []
    settings.MODEL_DIR = model_dir
    sync_vectors()
    assert nearest(store, handbook)[0][0] == min(live_ids())


def test_passages_embedded_late_get_the_vectors_they_would_have_had(
    handbook, store, model_dir, settings, tmp_path, add
):
    settings.MODEL_DIR = model_dir
    add(handbook, title="Rules of the house")
    settings.MODEL_DIR = tmp_path
    add(handbook, title="Rules of the house")
    settings.MODEL_DIR = model_dir
    sync_vectors()
    rows = PassageVector.objects.order_by("passage")
    vectors = [bytes(vector) for vector in rows.values_list("vector", flat=True)]
    assert np.allclose(unpacked(vectors[:3]), unpacked(vectors[3:]), atol=1e-3)


def test_half_precision_keeps_the_direction():
    vector = np.random.default_rng(7).normal(size=384).astype(np.float32)
    vector /= np.linalg.norm(vector)
    again = unpacked([packed(vector)])[0]
    assert again.dtype == np.float32
    assert vector @ again > 0.999


async def test_health_tells_whether_the_store_answers(settings, chroma_server):
    settings.CHROMA_URL = ""
    assert await vector_store_status() == "off"
    settings.CHROMA_URL = chroma_server.url
    assert await vector_store_status() == "ok"
    with socket.create_server(("127.0.0.1", 0)) as hung:
        settings.CHROMA_URL = f"http://127.0.0.1:{hung.getsockname()[1]}"
        assert await vector_store_status() == "fail"


def by_sync(thorough):
    sync_store(get_store(), thorough=thorough)


def by_verification():
    (told,) = (str(difference) for difference in differences(mend=True))
    assert told.endswith(" is damaged in the vector store: mended")


@pytest.mark.any_database
@pytest.mark.parametrize(
    "mend", [partial(by_sync, True), partial(by_sync, False), by_verification], ids=["thorough", "quick", "verified"]
)
def test_a_collection_that_the_store_damaged_is_filled_again(
    alice, handbook, embedder, name, settings, tmp_path, add, mend
):
    server = Chroma(tmp_path / "chroma").start()
    settings.CHROMA_URL = server.url
    add(handbook)
    # Enough vectors for the server to write its index to files, as it does in a used deployment.
    get_store().upsert(name, range(10**6, 10**6 + 1500), np.random.default_rng(1).normal(size=(1500, 384)))
    server.stop()
    for header in (tmp_path / "chroma").rglob("header.bin"):
        header.write_bytes(b"\xff" * 100)
    server.start()
    try:
        with pytest.raises(BrokenCollectionError):
            get_store().query(name, np.eye(1, 384)[0], 1)
        assert "not answering" in find(alice).notice
        mend()
        assert stored_ids(get_store(), handbook, settings) == live_ids()
        assert find(alice).hits[0].text == HANDBOOK[0]
    finally:
        server.stop()
