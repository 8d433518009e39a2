"""Which embedder gets what, and which indexes a question goes to, while settings and labels change."""

from uuid import uuid4

from langai_site.sensitivity import Sensitivity
from search import indexes
from search.embeddings.local import FINGERPRINT
from search.indexes import LABEL_TOO_HIGH, MEANING_OFF, REBUILDING, queried
from search.models import Collection, Passage, PassageVector, Source
from search.services import relabel
from search.services.indexing import INDEX_BATCH
from search.upkeep.sync import sync_vectors
from search.upkeep.verification import differences
from tests.search.conftest import HANDBOOK, nearest
from tests.search.test_services import find
from tests.servers import free_port

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL
SECRET = "The marker QUINCE-4711 stands in this confidential text about salaries."


def asked(collection, label=PUBLIC):
    """Which embedders would be asked, by the first part of their names, and what the person is told."""
    searchable = queried([collection.pk], label)
    return [index.embedder.fingerprint.split("-")[0] for index in searchable.indexes], searchable.notice


def kept(collection):
    """The embedders whose vectors the database has for this collection's live passages."""
    rows = PassageVector.objects.filter(passage__source__collection=collection, passage__source__live=True)
    return {fingerprint.split("-")[0] for fingerprint in rows.values_list("embedder", flat=True)}


def stored(store, collection):
    names = store.names(indexes.store_prefix(collection.pk))
    return {name.removeprefix(indexes.store_prefix(collection.pk)).split("-")[0]: store.ids(name) for name in names}


def passages(*sources):
    return set(Passage.objects.filter(source__in=sources).values_list("pk", flat=True))


def label(collection, sensitivity):
    Collection.objects.filter(pk=collection.pk).update(sensitivity=sensitivity)


def agree():
    assert [str(each) for each in differences(mend=False)] == []


def test_everything_is_minilms_by_default(handbook, embedder, store, add):
    source = add(handbook)
    assert asked(handbook, CONFIDENTIAL) == (["minilm"], "")
    assert stored(store, handbook) == {"minilm": passages(source)}
    agree()


def test_what_the_configured_embedder_may_see_it_embeds(handbook, embedder, store, served, upstream, add):
    served("e64")
    source = add(handbook)
    assert asked(handbook) == (["hosted"], "")
    assert stored(store, handbook) == {"hosted": passages(source)}
    assert {pk for pk, _ in nearest(store, handbook)} == passages(source)
    assert HANDBOOK[0] in upstream.requests("/v1")[-1]["body"]
    agree()


def test_confidential_documents_and_collections_are_embedded_in_the_building(
    handbook, embedder, store, served, upstream, add
):
    served("e64")
    vault = Collection.objects.create(name="Vault", sensitivity=CONFIDENTIAL)
    add(vault, [SECRET])
    plain = add(handbook)
    raised = add(handbook, [SECRET], sensitivity=CONFIDENTIAL)
    sync_vectors()
    assert stored(store, vault).keys() == {"minilm"}
    assert stored(store, handbook) == {"hosted": passages(plain), "minilm": passages(raised)}
    assert asked(vault, CONFIDENTIAL) == (["minilm"], "")
    assert asked(handbook) == (["hosted", "minilm"], "")
    assert not [request for request in upstream.requests() if "QUINCE" in request["body"]]
    agree()


def test_a_confidential_question_is_not_sent_to_a_hosted_embedder(handbook, embedder, store, served, add):
    served("e64")
    add(handbook)
    add(handbook, [SECRET], sensitivity=CONFIDENTIAL)
    assert asked(handbook, CONFIDENTIAL) == (["minilm"], LABEL_TOO_HIGH)


def test_a_raised_collection_is_obeyed_at_once_and_embedded_anew_by_the_sync(
    handbook, embedder, store, served, upstream, add
):
    served("e64")
    source = add(handbook)
    label(handbook, CONFIDENTIAL)
    assert asked(handbook) == (["minilm"], REBUILDING)
    sync_vectors()
    assert asked(handbook) == (["minilm"], "")
    assert stored(store, handbook) == {"minilm": passages(source)}
    assert kept(handbook) == {"minilm"}
    agree()
    upstream.reset()
    add(handbook, [SECRET])
    assert upstream.requests() == []


def test_a_lowered_collection_is_searched_by_the_old_index_until_the_new_is_complete(
    handbook, embedder, store, served, add
):
    served("e64")
    label(handbook, CONFIDENTIAL)
    source = add(handbook)
    label(handbook, PUBLIC)
    assert asked(handbook) == (["minilm"], "")
    sync_vectors()
    sync_vectors()
    assert asked(handbook) == (["hosted"], "")
    assert stored(store, handbook) == {"hosted": passages(source)}
    agree()


def test_a_raised_document_leaves_the_hosted_index(handbook, embedder, store, served, upstream, add):
    served("e64")
    plain, raised = add(handbook), add(handbook, [SECRET], title="Salaries")
    document = Source.objects.get(pk=raised).document
    relabel(document, title="Salaries", sensitivity=CONFIDENTIAL)
    upstream.reset()
    sync_vectors()
    assert stored(store, handbook) == {"hosted": passages(plain), "minilm": passages(raised)}
    assert asked(handbook) == (["hosted", "minilm"], "")
    assert upstream.requests() == []
    agree()
    relabel(document, title="Salaries", sensitivity=PUBLIC)
    sync_vectors()
    assert stored(store, handbook)["hosted"] == passages(plain, raised)
    agree()


def test_a_label_raised_while_a_document_is_indexed_holds_from_the_next_batch_on(
    handbook, embedder, store, served, upstream, add
):
    served("e64")

    def raise_label(_stage, fraction):
        label(handbook, CONFIDENTIAL)

    add(handbook, [f"Passage number {at} of many." for at in range(INDEX_BATCH)] + [SECRET], progress=raise_label)
    assert [request for request in upstream.requests() if f"number {INDEX_BATCH - 1}" in request["body"]]
    assert not [request for request in upstream.requests() if "QUINCE" in request["body"]]
    sync_vectors()
    agree()


def test_changing_the_embedder_builds_beside_and_switches_when_complete(handbook, embedder, store, served, add):
    source = add(handbook)
    served("e64")
    assert asked(handbook) == (["minilm"], "")
    sync_vectors()
    assert asked(handbook) == (["hosted"], "")
    sync_vectors()
    assert stored(store, handbook) == {"hosted": passages(source)}
    assert kept(handbook) == {"hosted"}
    agree()


def test_while_the_new_embedder_is_away_the_old_goes_on_answering(alice, handbook, embedder, store, served, add):
    source = add(handbook)
    served("e64", url=f"http://localhost:{free_port()}/v1")
    for _ in range(2):
        sync_vectors()
    later = add(handbook, ["Parking is free on Sundays."])
    assert asked(handbook) == (["minilm"], "")
    assert stored(store, handbook)["minilm"] == passages(source, later)
    assert find(alice).hits[0].text == HANDBOOK[0]


def test_while_documents_come_both_indexes_get_them(handbook, embedder, store, served, add):
    source = add(handbook)
    served("e64")
    later = add(handbook, ["Parking is free on Sundays."])
    assert stored(store, handbook) == {"minilm": passages(source, later), "hosted": passages(later)}


def test_back_to_the_local_embedder(handbook, embedder, store, served, settings, add):
    served("e64")
    source = add(handbook)
    settings.EMBEDDER = "local"
    assert asked(handbook) == (["hosted"], "")
    sync_vectors()
    sync_vectors()
    assert asked(handbook) == (["minilm"], "")
    assert stored(store, handbook) == {"minilm": passages(source)}
    agree()


def test_an_old_embedder_that_is_gone_leaves_words_until_the_new_index_is_there(
    handbook, embedder, store, served, settings, add
):
    served("e64")
    source = add(handbook)
    settings.EMBEDDER, settings.EMBEDDER_BASE_URL, settings.OPENAI_BASE_URL = "local", "", ""
    assert asked(handbook) == (["minilm"], REBUILDING)
    sync_vectors()
    sync_vectors()
    assert asked(handbook) == (["minilm"], "")
    assert stored(store, handbook) == {"minilm": passages(source)}


def test_one_hosted_embedder_after_another_with_raised_documents(handbook, embedder, store, served, add):
    served("e64")
    plain, raised = add(handbook), add(handbook, [SECRET], sensitivity=CONFIDENTIAL)
    served("e32")
    assert asked(handbook) == (["hosted", "minilm"], "")
    sync_vectors()
    sync_vectors()
    (first, second) = queried([handbook.pk], PUBLIC).indexes
    assert (first.embedder.dimension, second.embedder.fingerprint) == (32, FINGERPRINT)
    assert store.ids(first.name) == passages(plain)
    assert store.ids(second.name) == passages(raised)
    assert len(store.names(indexes.store_prefix(handbook.pk))) == 2
    agree()


def test_without_any_embedder_meaning_is_off(handbook, store, settings, tmp_path, add):
    settings.MODEL_DIR = tmp_path
    add(handbook)
    assert asked(handbook) == ([], MEANING_OFF)


def test_a_store_outside_the_building_gets_nothing_confidential(
    handbook, embedder, store, chroma_server, settings, add
):
    vault = Collection.objects.create(name="Vault", sensitivity=CONFIDENTIAL)
    settings.CHROMA_URL = chroma_server.url.replace("127.0.0.1", "localhost")
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    plain, _ = add(handbook), add(handbook, [SECRET], sensitivity=CONFIDENTIAL)
    hidden = add(vault, [SECRET])
    sync_vectors()
    assert stored(store, handbook) == {"minilm": passages(plain)}
    assert stored(store, vault) == {}
    assert asked(vault) == ([], "")
    assert asked(handbook) == (["minilm"], "")
    # A question's vector gives away the question.
    assert asked(handbook, CONFIDENTIAL) == ([], LABEL_TOO_HIGH)
    agree()
    settings.LOCAL_HOSTS = ["127.0.0.1", "localhost"]
    sync_vectors()
    assert stored(store, vault) == {"minilm": passages(hidden)}
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    sync_vectors()
    assert stored(store, vault) == {}
    agree()


def test_queries_of_the_database_do_not_grow_with_the_collections(
    transactional_db, embedder, store, served, add, django_assert_max_num_queries
):
    served("e64")
    many = [Collection.objects.create(name=f"Number {at}") for at in range(12)]
    for each in many:
        add(each, ["A short text."], document=uuid4())
    with django_assert_max_num_queries(3):
        assert len(queried([each.pk for each in many], PUBLIC).indexes) == 12
