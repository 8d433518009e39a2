from uuid import uuid4

import pytest

from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search import embeddings
from search.embeddings import hosted
from search.indexes import queried
from search.models import Collection
from search.services import index
from search.types import PageText, SourceInfo, TextSpan
from search.vectors import get_store

HANDBOOK = [
    "Everyone at the firm has twenty eight days of paid vacation a year. Unused days end in March.",
    "Refunds are issued within 30 days of purchase, if the item is unused and the receipt is shown.",
    "The alarm code of the office is changed every Monday by the facility team.",
]


@pytest.fixture
def embedder(model_dir, settings):
    settings.MODEL_DIR = model_dir
    return embeddings.local_embedder()


@pytest.fixture
def upstream(upstream_process):
    upstream_process.reset()
    return upstream_process


@pytest.fixture
def served(upstream, settings, monkeypatch):
    """EMBEDDER is one on the upstream, under a name of this machine that does not count as in the building."""
    # Like a new process.
    monkeypatch.setattr(hosted, "_embedders", {})

    def served(name, *, provider="hosted_vllm", url=""):
        settings.LOCAL_HOSTS = ["127.0.0.1"]
        settings.EMBEDDER = f"{provider}/{name}"
        settings.EMBEDDER_BASE_URL = url or f"http://localhost:{upstream.port}/v1"

    return served


@pytest.fixture
def store(chroma_server, settings):
    settings.CHROMA_URL = chroma_server.url
    store = get_store()
    for name in store.names("langai-"):
        store.drop(name)
    return store


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_user("alice", password="a")


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob", password="b")


@pytest.fixture
def handbook(transactional_db):
    return Collection.objects.create(name="Handbook", everyone=True, sensitivity=Sensitivity.INTERNAL)


@pytest.fixture
def add():
    """Index texts, one a page, as one document of a collection."""

    def add(
        collection,
        texts=HANDBOOK,
        *,
        document=None,
        version=1,
        title="Handbook",
        sensitivity=Sensitivity.PUBLIC,
        **values,
    ):
        info = SourceInfo(
            document=document or uuid4(),
            version=version,
            collection_id=collection.pk,
            title=title,
            file_name="handbook.txt",
            media_type="text/plain",
            sensitivity=sensitivity,
        )
        pages = [PageText(number, f"Intro. {text} Outro.") for number, text in enumerate(texts, 1)]
        spans = [TextSpan(text, number, 7, 7 + len(text)) for number, text in enumerate(texts, 1)]
        return index(info, pages, spans, **values)

    return add


def nearest(store, collection, text=HANDBOOK[0]):
    """The passages that the store finds by meaning alone, nearest first, with their cosine."""
    (index,) = queried([collection.pk], Sensitivity.PUBLIC).indexes
    return store.query(index.name, index.embedder.embed([text], Sensitivity.PUBLIC)[0], 10)
