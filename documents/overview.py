"""What the admin's home says about documents: those that wait, those that failed, and whether there are any."""

from collections.abc import Sequence

from django.contrib.humanize.templatetags.humanize import intcomma
from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

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
            gettext_lazy("Upload documents"),
            gettext_lazy(
                "Make a collection, choose who may read it, and upload files to it. LangAI answers from them."
            ),
            gettext_lazy("Documents are in search."),
            gettext_lazy("Upload documents"),
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
        text = ngettext(
            "%(count)s collection belongs to somebody who has left.",
            "%(count)s collections belong to somebody who has left.",
            left,
        )
        words = text % {"count": intcomma(left)}
        found.append(OverviewLine(_("Collections of people"), "warn", words, people, _("Hand over")))
    if count := proposals_waiting().count():
        text = ngettext(
            "%(count)s proposal to share a collection.", "%(count)s proposals to share a collection.", count
        )
        words = text % {"count": intcomma(count)}
        found.append(OverviewLine(_("Collections of people"), "warn", words, people, _("Decide")))
    return found


def _failed(count: int) -> list[OverviewLine]:
    if not count:
        return []
    text = ngettext("%(count)s document could not be read.", "%(count)s documents could not be read.", count)
    words = text % {"count": intcomma(count)}
    return [OverviewLine(_("Documents"), "warn", words, _listed("failed"), _("Show them"))]


def _waiting(queued: int, working: int) -> OverviewLine:
    if not queued + working:
        return OverviewLine(_("Reading"), "ok", _("No document is waiting to be read."), _listed(), _("All documents"))
    parts = [*_counted_waiting(queued), *_counted_working(working)]
    status = Status.QUEUED if queued else Status.WORKING
    return OverviewLine(_("Reading"), "ok", ", ".join(parts) + ".", _listed(status), _("Show them"))


def _counted_waiting(count: int) -> list[str]:
    text = ngettext("%(count)s document waiting", "%(count)s documents waiting", count)
    return [text % {"count": intcomma(count)}] if count else []


def _counted_working(count: int) -> list[str]:
    text = ngettext("%(count)s document being read", "%(count)s documents being read", count)
    return [text % {"count": intcomma(count)}] if count else []


def _listed(status: str = "") -> str:
    return reverse("admin:documents_document_changelist") + (f"?status__exact={status}" if status else "")
