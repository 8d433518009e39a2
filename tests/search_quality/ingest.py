"""How long a worker takes to read uploaded files, and what takes the time; prints JSON.

python -m tests.search_quality.ingest --documents 6
python -m tests.search_quality.ingest --documents 1400 --abstracts

The whole is measured as the worker does it. Then each part is done again alone, on the same passages.
"""

import argparse
import json
import re
import resource
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.search_quality import beir, library, synthetic
from tests.search_quality.speed import ENGLISH

if TYPE_CHECKING:
    from documents.models import Document
    from search.indexes import Index
    from search.models import Collection, Passage

# Of a document, and of a text as long as an abstract; each becomes about one passage.
PARAGRAPHS, PARAGRAPHS_OF_ABSTRACT = 120, 2
SENTENCE = re.compile(r"(?<=[.!?]) ")


def files(count: int) -> list[tuple[str, bytes]]:
    """Plain text and PDF in turn."""
    from tests.documents.files import pdf

    texts = _texts(count, PARAGRAPHS)
    latin = [text.encode("latin-1", "replace").decode("latin-1") for text in texts]
    return [
        (f"{number}.pdf", pdf(*_pages(latin[number]))) if number % 2 else (f"{number}.txt", text.encode())
        for number, text in enumerate(texts)
    ]


def abstracts(count: int) -> list[tuple[str, bytes]]:
    return [(f"{number}.txt", text.encode()) for number, text in enumerate(_texts(count, PARAGRAPHS_OF_ABSTRACT))]


def _texts(count: int, paragraphs: int) -> list[str]:
    sentences = [part for text in beir.load(ENGLISH).texts for part in SENTENCE.split(text.text)]
    return [synthetic.shuffled(sentences, paragraphs, seed=number) for number in range(count)]


def _pages(text: str) -> list[str]:
    paragraphs = text.split("\n\n")
    return ["\n\n".join(paragraphs[first : first + 4]) for first in range(0, len(paragraphs), 4)]


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def ingested(contents: Sequence[tuple[str, bytes]]) -> dict[str, float]:
    """Seconds that the worker took for all, and that each part takes alone; what was read; the process's peak in MiB.

    `grown` is by how much the peak rose after the first tenth of the passages.
    """
    from documents.models import Document
    from langai_site.accounts.models import User
    from search.indexes import indexes_of
    from search.models import Collection, Passage

    user = User.objects.create_user("uploader")
    collection = Collection.objects.create(name="Uploads")
    documents = _uploaded(collection, user, contents)
    whole, early = _work(len(contents) // 10)
    peak = _peak_mib()
    if failed := [document.error for document in Document.objects.exclude(status=Document.Status.READY)]:
        raise RuntimeError(f"{len(failed)} documents were not read: {failed[0] or 'they still wait'}")
    rows = list(Passage.objects.filter(source__live=True).select_related("source").order_by("pk"))
    collection.refresh_from_db()
    characters = sum(len(row.text) for row in rows)
    read = {"documents": len(documents), "passages": len(rows), "characters": characters}
    return (
        read | {"seconds": whole, "peak": peak, "grown": peak - early} | _alone(documents, rows, indexes_of(collection))
    )


def _uploaded(collection: "Collection", user: object, contents: Sequence[tuple[str, bytes]]) -> "list[Document]":
    from django.core.files.base import ContentFile

    from documents.services import upload

    return [
        upload(collection=collection, file=ContentFile(content, name=name), user=user)  # type: ignore[arg-type]
        for name, content in contents
    ]


def _work(first: int) -> tuple[float, float]:
    """Do all the work; return the seconds it took, and the peak of memory once `first` documents were read."""
    from documents.models import Document
    from documents.tasks import work_once

    began = time.monotonic()
    early = 0.0
    while work_once("bench"):
        if not early and Document.objects.filter(status=Document.Status.READY).count() >= first:
            early = _peak_mib()
    return time.monotonic() - began, early or _peak_mib()


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _alone(documents: "Sequence[Document]", rows: "Sequence[Passage]", indexes: "Sequence[Index]") -> dict[str, float]:
    from langai_site.sensitivity import Sensitivity
    from search.contexts import in_context
    from search.keywords import KeywordText, get_index
    from search.vectors import get_store

    texts = [in_context(row.source.title, row) for row in rows]
    ids = [row.pk for row in rows]
    store = get_store()
    if store is None:
        raise RuntimeError("There is no vector store to measure.")

    def embedded() -> list[Any]:
        return [index.embedder.embed(texts, Sensitivity.PUBLIC) for index in indexes]

    def stored(vectors: list[Any]) -> None:
        for index, found in zip(indexes, vectors, strict=True):
            store.upsert(f"{index.name}-alone", ids, found)

    began = time.monotonic()
    vectors = embedded()
    embedding = time.monotonic() - began
    words = [KeywordText(row.pk, row.source.collection_id, text) for row, text in zip(rows, texts, strict=True)]
    return {
        "extraction": seconds(lambda: [_extracted(document) for document in documents]),
        "embedding": embedding,
        "store": seconds(lambda: stored(vectors)),
        "keywords": seconds(lambda: get_index().add(words)),
    }


def _extracted(document: "Document") -> object:
    from documents.extraction import sandbox
    from documents.extraction.registry import FORMATS
    from documents.limits import limits_of

    kind = FORMATS[Path(document.file_name).suffix]
    return sandbox.extract(Path(document.file.path), kind.module, limits_of(kind, document), lambda: None)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.search_quality.ingest")
    parser.add_argument("--documents", type=int, default=6)
    parser.add_argument("--abstracts", action="store_true", help="texts of two paragraphs")
    options = parser.parse_args()
    library.set_up()
    make = abstracts if options.abstracts else files
    print(json.dumps(ingested(make(options.documents))))


if __name__ == "__main__":
    main()
