"""Checks for `manage.py doctor`: whether vectors can be made and compared."""

import secrets

from django.conf import settings

from langai_site import registry
from langai_site.outbound import embedders
from langai_site.outbound.connections import reading
from langai_site.registry import DoctorFinding
from langai_site.sensitivity import Sensitivity
from search import embeddings
from search.embeddings import local, multilingual
from search.vectors import VectorStore, get_store

WORD = "lighthouse"
# The client library of an embedder on a server takes seconds to load.
EMBEDDER_SECONDS = 20


def register() -> None:
    registry.doctor_check(
        "vector store", vector_store, advice="Check that it runs, and CHROMA_URL or WEAVIATE_URL; its log may say more."
    )
    registry.doctor_check(
        "embedder",
        embedder,
        advice="Check EMBEDDER, EMBEDDER_BASE_URL and EMBEDDER_API_KEY; the worker's log may say more.",
        seconds=EMBEDDER_SECONDS,
    )


def vector_store() -> DoctorFinding:
    """Check that the store keeps a vector, finds it and deletes it, in a separate collection that nothing else uses."""
    store = get_store()
    if store is None:
        return DoctorFinding("fail", "no Chroma runs", "Start LangAI (manage.py run), or set CHROMA_URL.")
    store.ping()
    name = f"doctor-{secrets.token_hex(8)}"
    try:
        found = _found_again(store, name)
    finally:
        store.drop(name)
    if not found:
        advice = "Restart it; if that does not help, stop it, move its files away and run manage.py reindex."
        return DoctorFinding("fail", "it does not find what was written into it", advice)
    return DoctorFinding("ok", f"{settings.VECTOR_STORE} wrote, found and deleted a vector")


def _found_again(store: VectorStore, name: str) -> bool:
    import numpy as np

    vector = np.zeros(local.DIMENSION, dtype=np.float32)
    vector[0] = 1
    store.upsert(name, [1], vector[None, :])
    return [pk for pk, _ in store.query(name, vector, 1)] == [1]


def embedder() -> DoctorFinding:
    """Check that a word becomes a vector; for local models, also that their weights are the published ones."""
    reading.renew()
    configured = embeddings.configured()
    if configured is None:
        return _missing()
    if embeddings.is_local() and (altered := _altered()):
        advice = "Install the package again from the index that requirements.lock was made with."
        return DoctorFinding("fail", f"{altered}'s weights are not the published ones (wrong SHA-256)", advice)
    used = [configured, embeddings.companion_of(configured)]
    lengths = [f"{each.fingerprint}: a word became {_length(each)} numbers" for each in used if each]
    missing = embeddings.missing_local() if embeddings.is_local() else None
    if missing:
        advice = "Run manage.py setup: it says what is missing. EMBEDDER=local-en does without the multilingual model."
        return DoctorFinding("warn", "; ".join((*lengths, f"{', '.join(sorted(missing))} is not prepared")), advice)
    return DoctorFinding("ok", "; ".join(lengths))


def _length(embedder: embeddings.TextEmbedder) -> int:
    (vector,) = embedder.embed([WORD], Sensitivity.PUBLIC)
    return len(vector)


def _altered() -> str:
    """Return the name of a local model whose installed weights are not the published ones; "" if all are."""
    if (folder := local.weights_folder()) and not local.weights_are_published(folder):
        return "MiniLM"
    weights = multilingual.weights_file() if embeddings.is_multilingual_wanted() else None
    return "multilingual-e5-small" if weights and not multilingual.weights_are_published(weights) else ""


def _missing() -> DoctorFinding:
    if embeddings.is_local():
        advice = "Run manage.py setup: it says what is missing."
        return DoctorFinding("fail", f"no model is in {settings.MODEL_DIR}: search by meaning is off", advice)
    advice = (
        "Check its connection, or EMBEDDER_BASE_URL and EMBEDDER_API_KEY; the worker, which asks again and again, logs "
        "the reason."
    )
    return DoctorFinding("fail", f"{embedders.chosen()} was never reached: documents wait for it", advice)
