"""How many passages a second a worker makes of uploaded files, and what takes the time; prints JSON.

python -m tests.search_quality.ingest --documents 6

The whole is measured as the worker does it. Then each part is done again alone, on the same passages.
"""

import argparse
import json
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from tests.search_quality import beir, library, synthetic
from tests.search_quality.speed import ENGLISH

if TYPE_CHECKING:
    from documents.models import Document
    from search.indexes import Index
    from search.models import Collection, Passage

# Of a document; each becomes about one passage.
PARAGRAPHS = 120
SENTENCE = re.compile(r"(?<=[.!?]) ")


def files(count: int) -> list[tuple[str, bytes]]:
    """Plain text and PDF in turn."""
    from tests.documents.files import pdf

    sentences = [part for text in beir.load(ENGLISH).texts for part in SENTENCE.split(text.text)]
    texts = [synthetic.shuffled(sentences, PARAGRAPHS, seed=number) for number in range(count)]
    latin = [text.encode("latin-1", "replace").decode("latin-1") for text in texts]
    return [
        (f"{number}.pdf", pdf(*_pages(latin[number]))) if number % 2 else (f"{number}.txt", text.encode())
        for number, text in enumerate(texts)
    ]


def _pages(text: str) -> list[str]:
    paragraphs = text.split("\n\n")
    return ["\n\n".join(paragraphs[first : first + 4]) for first in range(0, len(paragraphs), 4)]


def seconds(work: Callable[[], object]) -> float:
    began = time.monotonic()
    work()
    return time.monotonic() - began


def ingested(count: int) -> dict[str, float]:
    """Seconds that the worker took for all, and that each part takes alone."""
    from documents.models import Document
    from langai_site.accounts.models import User
    from search.indexes import indexes_of
    from search.models import Collection, Passage

    user = User.objects.create_user("uploader")
    collection = Collection.objects.create(name="Uploads")
    documents = _uploaded(collection, user, files(count))
    whole = seconds(_work)
    if failed := [document.error for document in Document.objects.exclude(status=Document.Status.READY)]:
        raise RuntimeError(f"{len(failed)} documents were not read: {failed[0] or 'they still wait'}")
    rows = list(Passage.objects.filter(source__live=True).select_related("source").order_by("pk"))
    collection.refresh_from_db()
    parts = _alone(documents, rows, indexes_of(collection)[0])
    return {"passages": len(rows), "seconds": whole, **parts}


def _uploaded(collection: "Collection", user: object, contents: Sequence[tuple[str, bytes]]) -> "list[Document]":
    from django.core.files.base import ContentFile

    from documents.services import upload

    return [
        upload(collection=collection, file=ContentFile(content, name=name), user=user)  # type: ignore[arg-type]
        for name, content in contents
    ]


def _work() -> None:
    from documents.tasks import work_once

    while work_once("bench"):
        pass


def _alone(documents: "Sequence[Document]", rows: "Sequence[Passage]", searched: "Index") -> dict[str, float]:
    from langai_site.sensitivity import Sensitivity
    from search.contexts import in_context
    from search.keywords import KeywordText, get_index
    from search.vectors import get_store

    texts = [in_context(row.source.title, row) for row in rows]
    ids = [row.pk for row in rows]
    store = get_store()
    if store is None:
        raise RuntimeError("There is no vector store to measure.")
    vectors = searched.embedder.embed(texts, Sensitivity.PUBLIC)
    words = [KeywordText(row.pk, row.source.collection_id, text) for row, text in zip(rows, texts, strict=True)]
    return {
        "extraction": seconds(lambda: [_extracted(document) for document in documents]),
        "embedding": seconds(lambda: searched.embedder.embed(texts, Sensitivity.PUBLIC)),
        "store": seconds(lambda: store.upsert(f"{searched.name}-alone", ids, vectors)),
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
    options = parser.parse_args()
    library.set_up()
    print(json.dumps(ingested(options.documents)))


if __name__ == "__main__":
    main()
