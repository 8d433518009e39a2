"""How quickly search answers among many passages; two processes of one deployment, each of which prints JSON.

python -m tests.search_quality.speed fill --passages 100000 --collections 10
python -m tests.search_quality.speed ask --queries 200
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.bench.procs import memory_mib
from tests.bench.table import quantile
from tests.search_quality import beir, library, synthetic

if TYPE_CHECKING:
    import numpy as np

    from search.indexes import Index
    from search.models import Collection, Passage, Source

ENGLISH = Path(__file__).parent / "data" / "en"
READER = "reader"
# Passages of a document, and how many are written at once.
DOCUMENT, CHUNK = 100, 4000
WARM_UP = 20
# Every so many of the set's passages is embedded: enough to have something near to some questions.
FEW = 4
WORST = 0.95


def fill(passages: int, collections: int) -> dict[str, float]:
    """Write made-up passages, evenly over the collections, past the embedder; the seconds that it took."""
    from langai_site.accounts.models import User
    from langai_site.sensitivity import Sensitivity
    from search.embeddings import companion_of, local_embedder
    from search.models import Collection

    began = time.monotonic()
    texts = [text.text for text in beir.load(ENGLISH).texts]
    prose, embedder = synthetic.Prose(texts), local_embedder()
    if embedder is None:
        raise RuntimeError("The embedding model is not there.")
    embedders = filter(None, (embedder, companion_of(embedder)))
    real = {each.fingerprint: each.embed(texts[::FEW], Sensitivity.PUBLIC) for each in embedders}
    user = User.objects.create_user(READER)
    for number in range(collections):
        collection = Collection.objects.create(name=f"Collection {number}")
        collection.users.add(user)
        for first in range(0, passages // collections, CHUNK):
            count = min(CHUNK, passages // collections - first)
            seed = number * passages + first
            vectors = {name: synthetic.near(each, count, seed=seed) for name, each in real.items()}
            _write(collection, prose.passages(count), vectors)
    return {"seconds": time.monotonic() - began}


def _write(collection: "Collection", texts: Sequence[str], vectors: "Mapping[str, np.ndarray]") -> None:
    """Write what indexing writes, in its order: passages, words and vectors, and last what makes them found.

    `vectors` are those of each embedder, by its fingerprint: English passages have one of both local embedders.
    """
    from django.db import transaction

    from search import indexes
    from search.keywords import KeywordText, get_index
    from search.models import Source

    indexes.adopt_embedder(collection.pk)
    collection.refresh_from_db()
    searched = indexes.indexes_of(collection)
    with transaction.atomic():
        sources = _sources(collection, len(texts))
        rows = _passages(sources, texts, vectors)
        get_index().add(KeywordText(row.pk, collection.pk, row.text) for row in rows)
        Source.objects.filter(pk__in=[source.pk for source in sources]).update(live=True)
    for index in searched:
        _store(index, rows, vectors[index.embedder.fingerprint])


def _sources(collection: "Collection", passages: int) -> "list[Source]":
    from search.models import Page, Source

    sources = Source.objects.bulk_create(
        Source(document=uuid4(), collection=collection, title="", file_name="made-up.txt", media_type="text/plain")
        for _ in range(0, passages, DOCUMENT)
    )
    Page.objects.bulk_create(Page(source=source, number=1, text="") for source in sources)
    return sources


def _passages(
    sources: "Sequence[Source]", texts: Sequence[str], vectors: "Mapping[str, np.ndarray]"
) -> "list[Passage]":
    from search.models import Passage, PassageVector
    from search.vectors import packed

    rows = Passage.objects.bulk_create(
        Passage(
            source=sources[number // DOCUMENT],
            position=number % DOCUMENT,
            text=text,
            page=1,
            start=0,
            end=len(text),
            digest=f"{number:064}",
        )
        for number, text in enumerate(texts)
    )
    PassageVector.objects.bulk_create(
        PassageVector(passage=row, embedder=fingerprint, vector=packed(vector))
        for fingerprint, found in vectors.items()
        for row, vector in zip(rows, found, strict=True)
    )
    return rows


def _store(searched: "Index", rows: "Sequence[Passage]", vectors: "np.ndarray") -> None:
    from search.vectors import get_store

    store = get_store()
    if store is None:
        raise RuntimeError("There is no vector store to fill.")
    store.upsert(searched.name, [row.pk for row in rows], vectors)


def questions(count: int) -> Iterator[str]:
    """Questions of the evaluation set with a rare word each, so that no two are the same."""
    english = beir.load(ENGLISH)
    rare = synthetic.Prose([text.text for text in english.texts], seed=1).rare(count)
    for number, word in enumerate(rare):
        yield f"{english.answerable[number % len(english.answerable)].text} {word}"


def ask(queries: int) -> dict[str, float]:
    """Milliseconds of `find` in a process like the web's, asked one after another, and its memory in MiB."""
    import langai_site.asgi  # noqa: F401  what the web process has loaded
    from langai_site.accounts.models import User
    from search.access import reader_of

    reader = reader_of(User.objects.get(username=READER))
    took, hits = asyncio.run(_asked(list(questions(WARM_UP + queries)), reader))
    took = sorted(took[WARM_UP:])
    memory = memory_mib(os.getpid())["Pss"]
    return {"p50": quantile(took, 0.5), "p95": quantile(took, WORST), "hits": hits / len(took), "pss": memory}


async def _asked(texts: Sequence[str], reader: Any) -> tuple[list[float], int]:
    from langai_site.sensitivity import Sensitivity
    from search.services import find

    took, hits = [], 0
    for number, text in enumerate(texts):
        began = time.perf_counter()
        found = await find(text, reader, label=Sensitivity.PUBLIC)
        took.append(1000 * (time.perf_counter() - began))
        if found.notice:
            raise RuntimeError(found.notice)
        hits += len(found.hits) if number >= WARM_UP else 0
    return took, hits


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.search_quality.speed")
    commands = parser.add_subparsers(dest="command", required=True)
    filling = commands.add_parser("fill")
    filling.add_argument("--passages", type=int, required=True)
    filling.add_argument("--collections", type=int, required=True)
    asking = commands.add_parser("ask")
    asking.add_argument("--queries", type=int, default=200)
    options = parser.parse_args()
    library.set_up()
    done = fill(options.passages, options.collections) if options.command == "fill" else ask(options.queries)
    print(json.dumps(done))


if __name__ == "__main__":
    sys.exit(main())
