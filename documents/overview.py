"""What the admin's home says about documents: those that wait, those that failed, and whether there are any."""

from collections.abc import Sequence

from django.db.models import Count
from django.urls import reverse

from documents.measures import NOT_READY
from documents.models import Document
from documents.services.sharing import left_behind
from documents.services.sharing import waiting as proposals_waiting
from langai_site import registry
from langai_site.accounts.models import User
from langai_site.registry import FirstStep, OverviewLine
from search.access import administered_collections
from search.models import Collection

Status = Document.Status


def register() -> None:
    registry.overview("documents", lines)
    registry.first_step(
        "documents",
        FirstStep(
            "Upload documents",
            "Make a collection, say who may read it, and upload files into it. LangAI answers from them.",
            "Documents are in search.",
            "Upload documents",
            "admin:documents_document_add",
            "search.add_collection",
            has_own_documents,
        ),
    )


def has_own_documents() -> bool:
    """Return whether a document is ready that came from a person or an import, not with LangAI."""
    own = Document.objects.filter(status=Status.READY).exclude(uploaded_by=None, imported_from="")
    own = own.filter(collection__kind=Collection.Kind.LIBRARY)
    return own.exists()


def lines(person: User) -> Sequence[OverviewLine]:
    """Return how the documents are that this person manages; nothing for people who manage none."""
    managed = administered_collections(person)
    if not managed.exists():
        return _of_people(person)
    rows = Document.objects.filter(status__in=NOT_READY, collection__in=managed.values("pk")).order_by()
    found = dict(rows.values_list("status").annotate(Count("pk")))
    waiting = _waiting(found.get(Status.QUEUED, 0), found.get(Status.WORKING, 0))
    return [*_failed(found.get(Status.FAILED, 0)), waiting, *_of_people(person)]


def _of_people(person: User) -> list[OverviewLine]:
    """Return what superusers decide about collections that are people's own."""
    if not person.is_superuser:
        return []
    found: list[OverviewLine] = []
    people = reverse("documents:people")
    if left := left_behind():
        belong = "collection belongs" if left == 1 else "collections belong"
        words = f"{left:,} {belong} to somebody who has left."
        found.append(OverviewLine("Collections of people", "warn", words, people, "Hand over"))
    if count := proposals_waiting().count():
        words = f"{count:,} proposal{'' if count == 1 else 's'} to share a collection."
        found.append(OverviewLine("Collections of people", "warn", words, people, "Decide"))
    return found


def _failed(count: int) -> list[OverviewLine]:
    words = f"{_counted(count)} could not be read."
    return [OverviewLine("Documents", "warn", words, _listed("failed"), "Show them")] if count else []


def _waiting(queued: int, working: int) -> OverviewLine:
    if not queued + working:
        return OverviewLine("Reading", "ok", "No document is waiting to be read.", _listed(), "All documents")
    parts = [f"{_counted(queued)} waiting" if queued else "", f"{_counted(working)} being read" if working else ""]
    status = Status.QUEUED if queued else Status.WORKING
    return OverviewLine("Reading", "ok", ", ".join(filter(None, parts)) + ".", _listed(status), "Show them")


def _counted(count: int) -> str:
    return f"{count:,} document{'' if count == 1 else 's'}"


def _listed(status: str = "") -> str:
    return reverse("admin:documents_document_changelist") + (f"?status__exact={status}" if status else "")
