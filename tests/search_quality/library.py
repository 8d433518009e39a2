"""Fills a deployment with an evaluation set as uploads would, and remembers which passage is which.

`set_up` is called first in a process of its own; the rest needs Django to be set up.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

from documents import chunking
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
    for _key, group in groupby(texts, key=lambda text: text.title or text.id):
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


def splitter() -> chunking.Splitter:
    """As the worker splits a plain text."""
    from search.embeddings import tokenizer_path

    path = tokenizer_path()
    return chunking.splitter(markdown=False, tokenizer=chunking.untruncated(path) if path else "")
