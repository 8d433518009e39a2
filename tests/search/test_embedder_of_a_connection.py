"""The embedder that an admin chooses among the connections: labels and addresses are read when a text is sent."""

import pytest

from langai_site.outbound import embedders
from langai_site.outbound.connections import reading, sealing
from langai_site.outbound.models import Connection
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import UsageEntry
from search import embeddings
from search.embeddings import EmbedderUnavailableError, hosted
from search.services.api_embeddings import names
from tests.outbound.conftest import _nothing_known  # noqa: F401

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL
KEY = "sk-embeds-91c7"
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def connection(upstream, settings, monkeypatch, _nothing_known):  # noqa: F811
    """A connection whose server counts as outside, with an embedder that search uses."""
    monkeypatch.setattr(hosted, "_embedders", {})
    settings.LOCAL_HOSTS, settings.EMBEDDER = ["127.0.0.1"], "local"
    settings.EMBEDDER_CEILING, settings.EMBEDDER_MIN_SCORE = "public", 0.9
    row = Connection.objects.create(
        slug="office",
        name="Office",
        kind="compatible",
        address=f"http://localhost:{upstream.port}/v1",
        sealed_key=sealing.seal(KEY),
        extra_headers={"X-Title": "LangAI"},
        embedder="e48",
    )
    reading.read()
    return row


def test_it_is_found_and_asked_with_the_key_and_the_headers_of_its_connection(connection, upstream, embedder):
    embeddings.find_configured()
    found = embeddings.configured()
    assert (found.name, found.dimension) == ("office/e48", 48)
    # The settings about an embedder are about the one that EMBEDDER names.
    assert found.ceiling == INTERNAL
    assert found.min_score != 0.9
    assert names() == ["all-minilm-l6-v2", "office/e48"]
    request = upstream.requests("/v1/embeddings")[-1]["raw"].casefold()
    assert f"authorization: bearer {KEY}" in request
    assert "x-title: langai" in request
    assert UsageEntry.objects.get().model == "office/e48"
    assert embeddings.embedder_for(INTERNAL) is found
    assert embeddings.embedder_for(CONFIDENTIAL) is embedder


def test_a_lower_ceiling_holds_at_the_moment_of_sending(connection, upstream):
    found = hosted.find("office/e48")
    upstream.reset()
    # As another process does, which does not tell this one.
    Connection.objects.update(embedder_ceiling=PUBLIC)
    assert found.ceiling == INTERNAL
    with pytest.raises(EmbedderUnavailableError):
        found.embed(["a plan"], INTERNAL)
    assert upstream.requests("/v1/embeddings") == []
    assert found.ceiling == PUBLIC


def test_a_text_goes_to_no_server_but_the_one_that_the_connection_names_when_it_is_sent(connection, upstream):
    found = hosted.find("office/e48")
    upstream.reset()
    Connection.objects.update(address="http://localhost:9/v1")
    with pytest.raises(EmbedderUnavailableError):
        found.embed(["a plan"], PUBLIC)
    assert upstream.requests("/v1/embeddings") == []
    assert UsageEntry.objects.filter(kind="embedding").count() == 1


def test_without_the_connection_the_embedder_of_the_environment_is_back(connection, embedder):
    fingerprint = hosted.find("office/e48").fingerprint
    assert embedders.chosen() == "office/e48"
    connection.enabled = False
    connection.save()
    reading.renew()
    assert embedders.chosen() == "local"
    assert embeddings.by_fingerprint(fingerprint) is None
    connection.delete()
    reading.renew()
    assert embeddings.by_fingerprint(fingerprint) is None
    assert embeddings.configured() is embedder
