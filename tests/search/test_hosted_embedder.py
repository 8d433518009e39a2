"""An embedder on a server: what it is sent, how it fails, and what it never sees."""

import time
from decimal import Decimal

import numpy as np
import pytest
from django.db import transaction

from langai_site.accounts.models import User
from langai_site.errors import NotAdmittedError
from langai_site.outbound.models import Embedder as Found
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from langai_site.usage.models import UsageEntry
from search import embeddings, indexes
from search.embeddings import EmbedderUnavailableError, hosted
from search.embeddings.calibration import PASSAGES, QUESTIONS, TEXTS, threshold
from search.embeddings.local import MIN_SCORE
from search.models import Collection, PassageVector, Source
from search.services.indexing import INDEX_BATCH
from search.services.present import present_to_embed
from search.upkeep import filling
from tests.servers import free_port
from tests.upstream.embeddings import vector_of

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def found(served):
    def found(name="e64"):
        served(name)
        return hosted.find(f"hosted_vllm/{name}")

    return found


def test_an_embedder_is_found_once_and_known_from_then_on(served, upstream):
    served("e48")
    assert embeddings.configured() is None
    embeddings.find_configured()
    embedder = embeddings.configured()
    assert (embedder.dimension, embedder.ceiling) == (48, INTERNAL)
    embeddings.find_configured()
    assert len(upstream.requests("/v1/embeddings")) == 1
    assert embeddings.by_fingerprint(embedder.fingerprint) is embedder


def test_the_fingerprint_names_the_embedder_and_its_dimension():
    names = {hosted.fingerprint_of(name, size) for name in ("openai/A", "openai/a", "ollama/a") for size in (8, 16)}
    assert len(names) == 6
    assert all(name.replace("-", "").isalnum() and name.islower() for name in names)
    assert len(hosted.fingerprint_of("hosted_vllm/" + "x" * 200, 4096)) <= 100


def test_texts_are_sent_in_batches_and_each_call_is_entered(found, upstream):
    embedder = found()
    upstream.reset()
    UsageEntry.objects.all().delete()
    texts = [f"text number {at}" for at in range(70)]
    vectors = embedder.embed(texts, INTERNAL)
    assert np.allclose(vectors, [vector_of(text, 64) for text in texts], atol=1e-6)
    assert len(upstream.requests("/v1/embeddings")) == 3
    entries = UsageEntry.objects.order_by("id").values_list("kind", "source", "label", "hosted", "status")
    assert set(entries) == {("embedding", "search", INTERNAL, True, "complete")}
    assert len(entries) == 3


def test_what_is_embedded_elsewhere_is_entered_at_its_price(found):
    embedder = found()
    before = UsageEntry.objects.latest("id")
    assert (before.hosted, before.cost, before.price_version) == (True, None, "")
    dollar = Decimal(1)
    price = prices.set_by_admin(embedder.name, input=dollar, output=dollar, cached=dollar, valid_from=prices.today())
    embedder.embed(["text"], PUBLIC)
    entry = UsageEntry.objects.latest("id")
    assert entry.price_version == price.version
    assert entry.cost == Decimal("0.000001") * entry.input_tokens


def test_no_texts_ask_nothing(found, upstream):
    embedder = found()
    upstream.reset()
    assert embedder.embed([], PUBLIC).shape == (0, 64)
    assert upstream.requests() == []


@pytest.mark.parametrize("name", ["e64-most8", "e64-chars100"])
def test_a_server_that_takes_less_is_given_less(found, name):
    embedder = found(name)
    texts = [f"word{at} " + "and more " * (20 if at == 3 else 1) for at in range(40)]
    vectors = embedder.embed(texts, PUBLIC)
    assert vectors.shape == (40, 64)
    assert np.allclose(vectors[5], vector_of(texts[5], 64), atol=1e-6)
    # What does not fit is embedded by its beginning.
    assert vectors[3] @ vector_of(texts[3], 64) > 0.5


def test_a_failing_embedder_is_left_alone_for_a_while(found, upstream, served):
    embedder = found()
    upstream.reset()
    served("e64", url=f"http://localhost:{free_port()}/v1")
    for _ in range(3):
        with pytest.raises(EmbedderUnavailableError):
            embedder.embed(["text"], PUBLIC)
    assert UsageEntry.objects.filter(status="unreachable").count() == 1


def test_a_person_does_not_wait_long_for_a_hung_embedder(found, served, upstream, monkeypatch):
    embedder = found()
    usual = hosted.SECONDS
    monkeypatch.setattr(hosted, "SECONDS", 0.3)
    embedder.name = "hosted_vllm/fail-hang"
    started = time.monotonic()
    with pytest.raises(EmbedderUnavailableError):
        embedder.embed(["text"], PUBLIC)
    assert time.monotonic() - started < usual
    assert UsageEntry.objects.filter(status="start_timeout").exists()


def test_another_model_behind_the_same_name_is_noticed_and_found_anew(found, upstream):
    embedder = found()
    upstream.set_dimension(32)
    with pytest.raises(EmbedderUnavailableError):
        embedder.embed(["text"], PUBLIC)
    assert embeddings.configured() is None
    embeddings.find_configured()
    assert embeddings.configured().dimension == 32
    assert embeddings.configured().fingerprint != embedder.fingerprint
    upstream.set_dimension(64)
    with pytest.raises(EmbedderUnavailableError):
        embeddings.configured().embed(["text"], PUBLIC)
    embeddings.find_configured()
    assert embeddings.configured() is embedder


def test_texts_are_not_embedded_inside_a_transaction(found):
    embedder = found()
    with transaction.atomic(), pytest.raises(RuntimeError, match="outside of transactions"):
        embedder.embed(["text"], PUBLIC)


def test_what_is_above_the_ceiling_is_given_to_the_local_embedder(found, embedder, settings):
    remote = found()
    assert embeddings.embedder_for(PUBLIC) is embeddings.embedder_for(INTERNAL) is remote
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder
    settings.EMBEDDER_CEILING = "public"
    assert embeddings.embedder_for(INTERNAL) is embedder
    settings.EMBEDDER_CEILING = "confidential"
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder


def test_an_embedder_in_the_building_may_see_all_unless_told_otherwise(found, embedder, settings):
    remote = found()
    settings.LOCAL_HOSTS = ["localhost", "127.0.0.1"]
    assert embeddings.embedder_for(CONFIDENTIAL) is remote
    settings.EMBEDDER_CEILING = "internal"
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder


def test_an_ollama_that_passes_texts_on_loses_the_confidential_ones(served, embedder, settings, upstream):
    served("e64-remote", provider="ollama", url=upstream.url)
    settings.LOCAL_HOSTS = ["localhost", "127.0.0.1"]
    remote = hosted.find("ollama/e64-remote")
    assert embeddings.embedder_for(CONFIDENTIAL) is remote
    with pytest.raises(EmbedderUnavailableError):
        remote.embed(["a secret"], CONFIDENTIAL)
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder
    assert embeddings.embedder_for(INTERNAL) is remote
    assert not [request for request in upstream.requests("/v1") if "a secret" in request["body"]]


def test_nothing_is_given_to_the_local_embedder_instead_while_the_server_is_away(served, embedder):
    served("e64", url=f"http://localhost:{free_port()}/v1")
    embeddings.find_configured()
    assert embeddings.embedder_for(PUBLIC) is None
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder


def test_an_embedder_whose_address_is_gone_can_be_asked_no_more(found, settings):
    embedder = found()
    settings.EMBEDDER, settings.EMBEDDER_BASE_URL, settings.OPENAI_BASE_URL = "local", "", ""
    assert embeddings.by_fingerprint(embedder.fingerprint) is None
    assert Found.objects.filter(fingerprint=embedder.fingerprint).exists()


def test_the_line_under_which_nothing_counts_is_measured_and_can_be_set(found, settings):
    embedder = found()
    measured = threshold([vector_of(text, 64) for text in TEXTS])
    assert embedder.min_score == pytest.approx(measured, abs=1e-4)
    settings.EMBEDDER_MIN_SCORE = 0.0
    assert embedder.min_score == 0.0


def test_the_line_measured_for_minilm_is_near_the_one_drawn_by_hand(embedder):
    vectors = embedder.embed(TEXTS, PUBLIC)
    assert threshold(vectors) == pytest.approx(MIN_SCORE, abs=0.05)
    pairs = vectors[: len(QUESTIONS)] @ vectors[-len(PASSAGES) :].T
    assert pairs.max() < threshold(vectors)


def test_texts_whose_label_rises_before_a_call_are_not_sent(found, upstream):
    """Of several batches those before it went out, and nothing after it does; the embedder is not taken for broken."""
    embedder, labels = found(), iter([INTERNAL, CONFIDENTIAL])
    upstream.reset()
    texts = [f"text number {at}" for at in range(2 * hosted.BATCH)]
    with pytest.raises(EmbedderUnavailableError):
        embedder.embed(texts, INTERNAL, read_present=lambda: Present(next(labels)))
    (call,) = upstream.requests("/v1/embeddings")
    assert "text number 31" in call["body"]
    assert "text number 32" not in call["body"]
    assert embedder.embed(["text"], PUBLIC).shape == (1, 64)


def test_a_document_that_is_relabelled_while_it_is_indexed_is_embedded_in_the_building(found, upstream, add, handbook):
    """The first batch goes out; the label rises while the server works on it; the rest stays."""
    found()
    upstream.reset()
    texts = [f"Sentence number {at} of a long document about harbours." for at in range(3 * INDEX_BATCH)]

    def relabel(_stage, _share):
        Source.objects.update(sensitivity=CONFIDENTIAL)

    add(handbook, texts, progress=relabel)
    assert len(upstream.requests("/v1/embeddings")) == -(-INDEX_BATCH // hosted.BATCH)
    assert {entry.label for entry in UsageEntry.objects.filter(bytes_sent__gt=0, documents__gt="")} == {INTERNAL}


def test_nothing_of_a_closed_account_is_sent(found, upstream, add):
    """Neither what waits to be embedded, nor what is being embedded when the account is switched off."""
    alice = User.objects.create_user("alice")
    own = Collection.objects.create(name="Mine", kind=Collection.Kind.OWN, holder=alice)
    embedder = found()
    add(own, ["Alice counts hedgehogs."])
    [index] = [one for one in indexes.indexes_of(own) if one.embedder is embedder]
    PassageVector.objects.all().delete()
    ids = list(index.missing().values_list("pk", flat=True))
    assert ids
    upstream.reset()
    User.objects.update(is_active=False)
    assert not index.missing().exists()
    assert filling.embed(index, ids) == 0
    with pytest.raises(NotAdmittedError):
        present_to_embed(Source.objects.values_list("pk", flat=True))
    add(own, ["Alice counts foxes."])
    assert upstream.requests("/v1/embeddings") == []
    User.objects.update(is_active=True)
    assert filling.embed(index, list(index.missing().values_list("pk", flat=True))) == 2
    assert len(upstream.requests("/v1/embeddings")) == 1
