"""Who looks after a document, and when it is to be reviewed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from documents.models import Document
from langai_site.accounts.models import User
from langai_site.errors import InvalidError
from search.access import managers_of


@dataclass(frozen=True)
class GivenCare:
    """What a program says: a person's user name and an ISO date. None changes nothing, an empty text removes it."""

    owner: str | None = None
    review_by: str | None = None


NOTHING_GIVEN = GivenCare()


def checked(collection: int, given: GivenCare) -> dict[str, Any]:
    """Return what to store of a document. Raises InvalidError with what the program can do."""
    values: dict[str, Any] = {}
    if given.owner is not None:
        values["owner"] = _person(collection, given.owner) if given.owner else None
    if given.review_by is not None:
        values["review_by"] = _day(given.review_by) if given.review_by else None
    return values


def _person(collection: int, name: str) -> User:
    found = managers_of(collection).filter(username=name).first()
    if found is None:
        raise InvalidError("“owner” is the user name of an owner of the collection, or of a superuser.")
    return found


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InvalidError("Write “review_by” as a day like 2027-01-31.") from None


def store(document: Document, values: Mapping[str, Any]) -> list[str]:
    """Store an owner and a review date, and return the names of what has changed.

    Nothing else of the row is written: the worker may be writing its progress.
    """
    if not values:
        return []
    before = Document.objects.select_related("owner").only(*values).get(pk=document.pk)
    Document.objects.filter(pk=document.pk).update(**values)
    return [name for name, value in values.items() if getattr(before, name) != value]
