"""What the vector store holds, for the search for remainders of what was deleted."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing

from django.conf import settings

from search.vectors import StoreUnavailableError, deployment_prefix, get_store

VECTORS, QUEUE = "vectors", "Chroma's queue"


def marks() -> Iterator[tuple[str, str, str]]:
    """Return the ids of all vectors, and of all that Chroma still has in its queue of writes."""
    store = get_store()
    if store is not None and not unreachable().get(VECTORS):
        for name in store.names(deployment_prefix(settings.SECRET_KEY)):
            yield from ((VECTORS, name, f"vector {pk}") for pk in store.ids(name))
    path = settings.CHROMA_PATH / "chroma.sqlite3"
    if path.is_file():
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)) as queue:
            for (pk,) in queue.execute("SELECT DISTINCT id FROM embeddings_queue"):
                yield QUEUE, "embeddings_queue", f"vector {pk}"


def unreachable() -> Mapping[str, str]:
    """Return which of both cannot be searched, and why."""
    found = {}
    try:
        store = get_store()
        if store is None:
            found[VECTORS] = "The vector store is not running. Start LangAI, then search again."
        else:
            store.ping()
    except StoreUnavailableError as error:
        found[VECTORS] = f"The vector store does not answer: {error}"
    if not (settings.CHROMA_PATH / "chroma.sqlite3").is_file():
        found[QUEUE] = "Its files are not on this machine."
    return found
