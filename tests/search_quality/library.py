"""Fills a deployment with an evaluation set as uploads would, and remembers which passage is which.

`set_up` is called first in a process of its own; the rest needs Django to be set up.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from itertools import groupby
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from documents import chunking
from documents.extraction.registry import FORMATS
from tests.search_quality.beir import Dataset, Text

if TYPE_CHECKING:
    from langai_site.accounts.models import User
    from search.types import Hit, Reader


def set_up() -> None:
    """Make this process one of the deployment that its environment names, with its tables and its model."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    import django

    django.setup()
    from langai_site import registry
    from langai_site.processes import setup

    for step in (setup.migrate, *registry.setup_steps.values()):
        step()


@dataclass
class Library:
    """Sets in collections that `reader` may read; `ids` has the evaluation's passage of each page."""

    reader: "Reader"
    ids: dict[tuple[UUID, int], str]

    def ranked(self, hits: "Iterable[Hit]") -> list[str]:
        """The evaluation's passages behind the hits, best first; an article in several pieces counts once."""
        return list(dict.fromkeys(self.ids[hit.source_id, hit.page] for hit in hits))


def documents(texts: Sequence[Text]) -> Iterator[list[Text]]:
    """Passages with one title in a row belong to one document; one without a title is a document of its own."""
    for _key, group in groupby(texts, key=lambda text: text.file_name or text.title or text.id):
        yield list(group)


def filled(datasets: Iterable[Dataset], user: "User") -> Library:
    """Index each set as a collection of its own, each passage as a page of its document."""
    from search.access import reader_of
    from search.models import Collection

    ids: dict[tuple[UUID, int], str] = {}
    for number, dataset in enumerate(datasets):
        collection = Collection.objects.create(name=f"{number} {dataset.language}"[:100])
        collection.users.add(user)
        for texts in documents(dataset.texts):
            if texts[0].file_name:
                ids |= _read(collection.pk, texts[0])
                continue
            source = _indexed(collection.pk, texts)
            ids |= {(source, page): text.id for page, text in enumerate(texts, 1)}
    return Library(reader_of(user), ids)


def _indexed(collection_id: int, texts: Sequence[Text]) -> UUID:
    from documents.extraction.types import Heading
    from langai_site.sensitivity import Sensitivity
    from search.services import index
    from search.types import PageText, SourceInfo

    title = texts[0].title[:300]
    info = SourceInfo(
        document=uuid4(),
        version=1,
        collection_id=collection_id,
        title=title,
        file_name="document.txt",
        media_type="text/plain",
        sensitivity=Sensitivity.PUBLIC,
    )
    pages = [PageText(number, text.text) for number, text in enumerate(texts, 1)]
    headings = [Heading(number, 0, text.heading) for number, text in enumerate(texts, 1)]
    return index(info, pages, chunking.split(pages, splitter(), headings))


def _read(collection_id: int, text: Text) -> dict[tuple[UUID, int], str]:
    """Read a file and index it as the worker does; return the evaluation's id of each of its pages."""
    from documents.extraction.types import Limits
    from documents.names import title_of
    from langai_site.sensitivity import Sensitivity
    from search.services import index
    from search.types import PageText, SourceInfo

    kind = FORMATS[Path(text.file_name).suffix]
    with TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_text(text.text, "utf-8")
        extracted = import_module(kind.module).extract(path, Limits(512, 60, 1000, 10_000_000))
    pages = [PageText(n, page.text, page.label, page.first_row) for n, page in enumerate(extracted.pages, 1)]
    spans = chunking.split(pages, splitter(markdown=kind.markdown), extracted.headings, numbered=extracted.numbered)
    info = SourceInfo(
        document=uuid4(),
        version=1,
        collection_id=collection_id,
        title=extracted.title or title_of(text.file_name),
        file_name=text.file_name,
        media_type=kind.media_type,
        sensitivity=Sensitivity.PUBLIC,
    )
    source = index(info, pages, spans)
    return {(source, page.number): text.id for page in pages}


def splitter(*, markdown: bool = False) -> chunking.Splitter:
    """As the worker splits a text."""
    from search.embeddings import tokenizer_path

    path = tokenizer_path()
    return chunking.splitter(markdown=markdown, tokenizer=chunking.untruncated(path) if path else "")
