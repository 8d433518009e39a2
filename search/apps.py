import asyncio

from django.apps import AppConfig

from langai_site import registry


class SearchConfig(AppConfig):
    name = "search"

    def ready(self) -> None:
        registry.health_check("vector_store", vector_store_status)
        registry.worker_job("sync_vectors", seconds=10, run=sync_vectors)
        registry.setup_step("model", prepare_model)
        registry.web_service("warm_embedder", warm_embedder)


def prepare_model() -> str:
    from django.conf import settings

    from search.embeddings import prepare

    return prepare(settings.MODEL_DIR)


async def vector_store_status() -> registry.Status:
    from search.vectors import BrokenCollection, StoreUnavailable, get_store

    store = get_store()
    if store is None:
        return "off"
    try:
        await asyncio.to_thread(store.ping)
    except (StoreUnavailable, BrokenCollection):
        return "fail"
    return "ok"


def sync_vectors() -> None:
    from search.sync import sync_vectors

    sync_vectors()


async def warm_embedder() -> None:
    """Load the embedder at start, so that the first question does not wait for it."""
    await asyncio.to_thread(_warm)


def _warm() -> None:
    from search.embeddings import get_embedder

    if embedder := get_embedder():
        embedder.embed(["warm"])
