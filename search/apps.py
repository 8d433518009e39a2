import asyncio
import contextlib
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from langai_site import document_uses, registry, stored_data
from langai_site.sensitivity import Sensitivity

# Room for the maximum number of texts, in ASCII, with some to spare.
EMBEDDINGS_MAX_BYTES = 2_621_440


class SearchConfig(AppConfig):
    name = "search"
    verbose_name = gettext_lazy("Documents")

    def ready(self) -> None:
        from search import access, diagnosis, overview

        diagnosis.register()
        overview.register()
        registry.access_guard("search", registry.AccessGuard("documents", access.closed_teams, access.exceeds))
        registry.long_text("/v1/embeddings", EMBEDDINGS_MAX_BYTES)
        registry.health_check("vector_store", vector_store_status)
        # Counting a million vectors takes seconds, so such a run is followed by a longer pause.
        registry.worker_job("sync_vectors", seconds=10, rest=20, run=sync_vectors)
        registry.nightly_job("verify_index", verify_index)
        registry.setup_step("model", prepare_model)
        registry.web_service("warm_embedder", warm_embedder)
        stored_data.derived_models.append("search.PassageKeywords")
        stored_data.other_store_names += ["vectors", "Chroma's queue"]
        stored_data.other_stores.append(_vector_marks)
        stored_data.unreachable_stores.append(_unreachable)
        stored_data.leavings["search"] = stored_data.Leaving(lambda _user_id: {}, forget_person)
        document_uses.history_of_labels(label_history)


def _vector_marks() -> Iterable[tuple[str, str, str]]:
    from search import remainders

    return remainders.marks()


def _unreachable() -> Mapping[str, str]:
    from search import remainders

    return remainders.unreachable()


def label_history(documents: Iterable[UUID]) -> document_uses.LabelHistory:
    from search.services.label_history import history_of

    return history_of(documents)


def forget_person(user_id: int, pseudonym: str) -> stored_data.Counts:
    from search.services.label_rises import forget

    return forget(user_id, pseudonym)


def prepare_model() -> str:
    from django.conf import settings

    from search.embeddings import prepare

    return prepare(settings.MODEL_DIR)


async def vector_store_status() -> registry.Status:
    from search.vectors import BrokenCollectionError, StoreUnavailableError, get_store

    store = get_store()
    if store is None:
        return "off"
    try:
        await asyncio.to_thread(store.ping)
    except (StoreUnavailableError, BrokenCollectionError):
        return "fail"
    return "ok"


def sync_vectors() -> bool:
    from search.upkeep.sync import sync_vectors

    return sync_vectors()


def verify_index() -> None:
    from search.upkeep.verification import verify_and_mend

    verify_and_mend()


async def warm_embedder() -> None:
    """Load the embedder at start, so that the first question does not wait for it."""
    await asyncio.to_thread(_warm)


def _warm() -> None:
    from search.embeddings import EmbedderUnavailableError, english_embedder, is_local

    # The multilingual one is loaded with the first question that needs it: an English-speaking team may never ask one.
    embedder = english_embedder()
    if embedder and is_local():
        with contextlib.suppress(EmbedderUnavailableError):
            embedder.embed(["warm"], Sensitivity.PUBLIC)
