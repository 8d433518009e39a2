"""Texts embedded on a server: correct vectors, one entry per call, and nothing sent above a ceiling."""

import logging
from decimal import Decimal

import numpy as np
import pytest

from langai_site import request_id
from langai_site.errors import AboveCeilingError
from langai_site.outbound import door, litellm_adapter
from langai_site.outbound.types import EmbedCall, ModelInfo, ProviderError, unchanging
from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger import content
from langai_site.usage.models import UsageEntry
from langai_site.usage.spending import reservations
from langai_site.usage.types import ModelPrice
from tests.outbound.conftest import KEY, prompts
from tests.upstream import free_port
from tests.upstream.embeddings import vector_of

PROVIDERS = ("hosted_vllm", "openai", "ollama")
TEXTS = ("refunds within 30 days", "the alarm code", "a cat")

every_provider = pytest.mark.parametrize("provider", PROVIDERS)


@pytest.fixture
def upstream(upstream_process, settings):
    upstream_process.reset()
    settings.OPENAI_API_KEY = KEY
    settings.EMBEDDER_API_KEY = settings.EMBEDDER_BASE_URL = ""
    settings.OPENAI_BASE_URL = upstream_process.openai_url
    settings.OLLAMA_BASE_URL = upstream_process.url
    return upstream_process


class Outcome:
    """The result of one call, and the ledger's entries."""

    def __init__(
        self, name, texts=TEXTS, *, label=Sensitivity.PUBLIC, hosted=False, ceiling=None, seconds=5, price=None
    ):
        ceiling = ceiling if ceiling is not None else Sensitivity.INTERNAL if hosted else Sensitivity.CONFIDENTIAL
        model = ModelInfo(name, name, name.partition("/")[0], hosted, ceiling, price=price)
        self.entries, self.vectors, self.usage, self.error = [], None, None, None
        try:
            call = EmbedCall(model, tuple(texts), label, seconds, read_present=unchanging(label))
            embedded = door.embed(call, self.entries.append)
            self.vectors, self.usage = embedded.vectors, embedded.usage
        except Exception as error:
            self.error = error

    @property
    def entry(self):
        (entry,) = self.entries
        return entry


@every_provider
def test_each_text_gets_its_vector_and_the_call_is_metered(upstream, provider):
    done = Outcome(f"{provider}/e32")
    assert done.error is None
    assert done.vectors.dtype == np.float32
    assert np.allclose(done.vectors, [vector_of(text, 32) for text in TEXTS], atol=1e-6)
    assert (done.entry.status, done.entry.kind, done.entry.provider) == ("complete", "embedding", provider)
    sent = content.as_sent(TEXTS)
    assert (done.entry.bytes_sent, done.entry.content_hash) == (len(sent), content.keyed_hash(sent))
    assert (done.entry.usage.input_tokens, done.entry.usage.estimated) == (9, False)
    (request,) = prompts(upstream)
    assert request["path"] == "/v1/embeddings"
    assert (KEY in request["raw"]) is (provider != "ollama")


@pytest.mark.parametrize("name", ["e32-reversed", "e32-nested", "e32-long", "e32-nousage", "e32-absurd"])
def test_servers_that_answer_in_their_own_way_are_understood(upstream, name):
    done = Outcome(f"hosted_vllm/{name}")
    assert np.allclose(done.vectors, [vector_of(text, 32) for text in TEXTS], atol=1e-6)
    assert done.entry.usage.estimated is name.endswith(("nousage", "absurd"))


@pytest.mark.parametrize("name", ["bad-missing", "bad-ragged", "bad-zero", "bad-words", "bad-json"])
def test_what_are_no_vectors_is_refused(upstream, name):
    done = Outcome(f"hosted_vllm/{name}")
    assert isinstance(done.error, ProviderError)
    assert done.error.code == done.entry.status == "malformed"


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("unauthorized", "unauthorized"),
        ("detail", "unauthorized"),
        ("missing", "not_found"),
        ("busy", "rate_limited"),
        ("broken", "upstream_error"),
        ("html", "upstream_error"),
        ("empty", "upstream_error"),
        ("toolong", "too_long"),
        ("redirect", "upstream_error"),
        ("cut", "unreachable"),
        ("hang", "start_timeout"),
    ],
)
@every_provider
def test_a_failure_is_named_asked_once_and_tells_no_secret(upstream, caplog, provider, kind, code):
    caplog.set_level(logging.DEBUG)
    done = Outcome(f"{provider}/fail-{kind}", seconds=0.5)
    assert isinstance(done.error, ProviderError), done.error
    assert done.error.code == done.entry.status == code
    told = done.error.message + str(done.error) + caplog.text
    assert not [secret for secret in ("sk-", KEY, "stack trace", *TEXTS) if secret in told]
    assert len(prompts(upstream)) == 1


def test_a_server_that_is_away_is_told(upstream, settings):
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    done = Outcome("hosted_vllm/e32")
    assert done.error.code == done.entry.status == "unreachable"
    assert done.entry.usage.input_tokens == 0


def test_confidential_texts_are_not_sent_to_a_hosted_embedder(upstream, settings):
    settings.LOCAL_HOSTS = []
    for ceiling in (Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL):
        done = Outcome("openai/e32", label=Sensitivity.CONFIDENTIAL, hosted=True, ceiling=ceiling)
        assert isinstance(done.error, AboveCeilingError)
        assert done.entries == []
    assert upstream.requests() == []
    assert Outcome("openai/e32", label=Sensitivity.INTERNAL, hosted=True).error is None


def test_an_embedder_that_was_taken_for_local_sees_only_what_anyone_may(upstream, settings):
    settings.LOCAL_HOSTS = []
    assert isinstance(Outcome("openai/e32", label=Sensitivity.INTERNAL).error, AboveCeilingError)
    assert upstream.requests() == []
    assert Outcome("openai/e32").error is None


def test_a_lower_ceiling_holds_for_a_local_one_too(upstream):
    done = Outcome("hosted_vllm/e32", label=Sensitivity.INTERNAL, ceiling=Sensitivity.PUBLIC)
    assert isinstance(done.error, AboveCeilingError)
    assert upstream.requests() == []


def test_an_ollama_that_passes_texts_on_gets_no_confidential_ones(upstream):
    assert isinstance(Outcome("ollama/e32-remote", label=Sensitivity.CONFIDENTIAL).error, AboveCeilingError)
    assert isinstance(Outcome("ollama/e32-cloud", label=Sensitivity.CONFIDENTIAL).error, AboveCeilingError)
    assert upstream.requests("/v1") == []
    assert Outcome("ollama/e32", label=Sensitivity.CONFIDENTIAL).error is None


def test_that_an_ollama_passes_public_texts_on_is_asked_once_and_entered(upstream):
    done = [Outcome(f"ollama/{name}") for name in ("e32-remote", "e32-remote", "e32")]
    assert [outcome.entry.hosted for outcome in done] == [True, True, False]
    assert len(upstream.requests("/api/show")) == 2


def test_an_address_of_its_own_gets_no_other_servers_key(upstream, settings):
    settings.EMBEDDER_BASE_URL, settings.OPENAI_BASE_URL = upstream.openai_url, "http://127.0.0.1:1/v1"
    assert Outcome("openai/e32").error is None
    settings.EMBEDDER_API_KEY = "sk-of-its-own"
    assert Outcome("openai/e32").error is None
    first, second = (request["raw"] for request in prompts(upstream))
    assert KEY not in first + second
    assert "sk-of-its-own" in second


def test_proxies_are_not_used_in_the_building(upstream, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    for provider in PROVIDERS:
        assert Outcome(f"{provider}/e32").error is None


def test_local_vectors_cost_nothing_and_hosted_ones_what_their_price_says(upstream, settings):
    assert Outcome("openai/text-embedding-3-small").entry.cost == 0
    settings.LOCAL_HOSTS = []
    price = ModelPrice("3", input=Decimal("0.02"), output=Decimal(0), cached=Decimal("0.02"))
    done = Outcome("openai/text-embedding-3-small", hosted=True, price=price)
    assert done.entry.price_version == "3"
    assert done.entry.cost == Decimal("0.00000002") * done.entry.usage.input_tokens
    assert Outcome("openai/e32", hosted=True).entry.cost is None


def test_the_entry_of_a_call_can_be_written(upstream, transactional_db):
    reservations.record([Outcome("hosted_vllm/e32").entry])
    row = UsageEntry.objects.get()
    assert (row.kind, row.model, row.input_tokens) == ("embedding", "hosted_vllm/e32", 9)


def test_the_library_is_loaded_once_for_threads_and_loops(upstream):
    assert litellm_adapter.loaded_now() is litellm_adapter.loaded_now()


@every_provider
def test_a_server_in_the_building_is_told_the_request_and_no_other(upstream, settings, provider):
    with request_id.following(request_id.Trail("asked-4711")):
        assert Outcome(f"{provider}/embed").error is None
        settings.LOCAL_HOSTS = []
        assert Outcome(f"{provider}/embed", hosted=True).error is None
    local, hosted = (request["raw"].lower() for request in prompts(upstream))
    assert "x-request-id: asked-4711" in local
    assert "asked-4711" not in hosted
