"""Hits as values, for tests that need no database."""

from uuid import UUID

from langai_site.sensitivity import Sensitivity
from search.types import Hit

SOURCE = UUID(int=1)


def hit(text="Some words.", *, pk=1, source=SOURCE, page=1, start=0, score=0.5, label=Sensitivity.INTERNAL, **values):
    return Hit(
        passage_id=pk,
        source_id=source,
        version=1,
        title="Handbook",
        file_name="handbook.txt",
        collection="Handbook",
        page=page,
        pages=3,
        start=start,
        end=start + len(text),
        text=text,
        label=label,
        score=score,
        **{"heading": "", "location": "", **values},
    )
