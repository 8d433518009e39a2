"""Both local models: an installation that had MiniLM alone, and what happens to both indexes afterwards."""

import asyncio

import pytest

from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search import services
from search.access import reader_of
from search.embeddings import hosted, local, multilingual
from search.indexes import indexes_of, queried
from search.models import Collection, Passage, PassageVector, Source
from search.services import find
from search.upkeep import filling, verification
from search.upkeep.progress import progress_of
from search.upkeep.sync import sync_vectors
from tests.search.conftest import HANDBOOK

PUBLIC, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.CONFIDENTIAL
MINILM, E5 = local.FINGERPRINT, multilingual.FINGERPRINT
GERMAN = "Jede Person in der Firma hat dreißig Tage bezahlten Urlaub im Jahr."
QUESTION = "Wie viele Tage Urlaub im Jahr?"


@pytest.fixture
def upgraded(model_dir, both_models, settings, store, handbook, add):
    """A collection that was embedded with MiniLM alone, at the moment when the second model is there."""
    settings.MODEL_DIR = model_dir
    add(handbook, [*HANDBOOK, GERMAN], title="")
    settings.MODEL_DIR = both_models
    return handbook


@pytest.fixture
def both(both_models, settings, store):
    settings.MODEL_DIR = both_models


def searched(collection):
    return [index.embedder.fingerprint for index in queried([collection.pk], PUBLIC).indexes]


def in_store(store, collection):
    """The passages that the store holds, by embedder."""
    collection = Collection.objects.get(pk=collection.pk)
    return {index.embedder.fingerprint: store.ids(index.name) for index in indexes_of(collection)}


def in_database():
    rows = PassageVector.objects.order_by("passage").values_list("embedder", "passage")
    return {name: {pk for embedder, pk in rows if embedder == name} for name in (MINILM, E5)}


def live():
    return set(Passage.objects.live().values_list("pk", flat=True))


def found(reader, question=QUESTION):
    return [hit.text for hit in asyncio.run(find(question, reader, label=PUBLIC)).hits]


def test_the_old_index_serves_until_the_new_one_is_complete(upgraded, store, alice):
    reader = reader_of(alice)
    assert searched(upgraded) == [MINILM]
    assert found(reader, "How many days of paid vacation?")[0] == HANDBOOK[0]
    sync_vectors()
    assert searched(upgraded) == [E5, MINILM]
    assert in_store(store, upgraded) == {E5: live(), MINILM: live()}
    assert found(reader)[0] == GERMAN


def test_a_worker_that_is_stopped_goes_on_where_it_was(upgraded, monkeypatch, alice):
    monkeypatch.setattr(filling, "BATCH", 1)
    embed, done = filling.embed, []

    def stopped_after_two(index, ids):
        done.extend(ids)
        if len(done) == 2:
            monkeypatch.setattr(worker.stopping, "is_set", lambda: True)
        return embed(index, ids)

    monkeypatch.setattr(filling, "embed", stopped_after_two)
    assert sync_vectors()
    assert searched(upgraded) == [MINILM]
    assert len(in_database()[E5]) == 2
    assert str(progress_of(upgraded)) == "50 %: 2 of 4 passages embedded. The worker embeds the others."
    monkeypatch.setattr(worker.stopping, "is_set", lambda: False)
    sync_vectors()
    assert searched(upgraded) == [E5, MINILM]
    assert sorted(done) == sorted(live())
    assert progress_of(upgraded).is_complete


def test_minilm_alone_again(upgraded, settings):
    sync_vectors()
    settings.EMBEDDER = "local-en"
    sync_vectors()
    assert searched(upgraded) == [MINILM]
    assert in_database() == {MINILM: live(), E5: set()}


def test_a_model_that_is_missing_for_a_while_loses_no_vectors(upgraded, settings, model_dir, both_models, store):
    sync_vectors()
    settings.MODEL_DIR = model_dir
    sync_vectors()
    assert searched(upgraded) == [MINILM]
    assert in_database() == {MINILM: live(), E5: live()}
    settings.MODEL_DIR = both_models
    assert searched(upgraded) == [E5, MINILM]
    assert in_store(store, upgraded)[E5] == live()


def test_a_deleted_document_and_an_old_version_leave_both_indexes(both, store, handbook, add):
    first, second = add(handbook), add(handbook, ["The canteen opens at noon on every working day."])
    old = live()
    add(handbook, ["Parking is free on Sundays for all of us."], document=document_of(first), version=2)
    services.remove(document_of(second))
    assert len(live()) == 1
    assert not old & live()
    assert in_store(store, handbook) == {E5: live(), MINILM: live()}


def document_of(source):
    return Source.objects.get(pk=source).document


def test_who_may_not_read_a_collection_finds_it_in_no_language(both, handbook, add, alice, bob):
    secret = Collection.objects.create(name="Secret")
    secret.users.add(alice)
    add(secret, [GERMAN, HANDBOOK[0]], title="")
    for question in (QUESTION, "How many days of paid vacation a year?"):
        assert found(reader_of(alice), question)
        assert found(reader_of(bob), question) == []


def test_what_a_server_may_not_see_is_in_both_local_indexes_alone(both, store, handbook, served, add, settings):
    served("e64")
    add(handbook, [HANDBOOK[2], GERMAN], title="", sensitivity=CONFIDENTIAL)
    add(handbook, [HANDBOOK[0]], title="")
    secret = set(Passage.objects.filter(source__sensitivity=CONFIDENTIAL).values_list("pk", flat=True))
    english = set(Passage.objects.filter(text=HANDBOOK[2]).values_list("pk", flat=True))
    (server,) = hosted.fingerprints()
    assert in_store(store, handbook) == {server: live() - secret, E5: secret, MINILM: english}
    assert searched(handbook) == [server, E5, MINILM]


def test_a_document_that_is_lowered_leaves_both_local_indexes(both, store, handbook, served, add):
    served("e64")
    source = add(handbook, [HANDBOOK[2], GERMAN], title="", sensitivity=CONFIDENTIAL)
    Source.objects.filter(pk=source).update(sensitivity=PUBLIC)
    sync_vectors()
    sync_vectors()
    (server,) = hosted.fingerprints()
    assert in_database() == {MINILM: set(), E5: set()}
    assert in_store(store, handbook) == {server: live(), E5: set(), MINILM: set()}


def test_verification_mends_each_index(both, store, handbook, add):
    add(handbook, [HANDBOOK[0], GERMAN], title="")
    english, german = sorted(live())
    e5, minilm = indexes_of(Collection.objects.get())
    store.delete(e5.name, [german])
    store.delete(minilm.name, [english])
    PassageVector.objects.filter(embedder=E5, passage=english).delete()
    told = [str(each) for each in verification.differences(mend=True)]
    assert len(told) == 3
    assert [*verification.differences(mend=False)] == []
    assert in_store(store, handbook) == {E5: {english, german}, MINILM: {english}}
