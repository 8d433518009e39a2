"""What the admin's home says about collections: those whose documents nobody can find."""

from collections.abc import Sequence

from django.urls import reverse
from django.utils.translation import gettext as _

from langai_site import registry
from langai_site.accounts.models import User
from langai_site.registry import OverviewLine
from search.access import administered_collections, unread_collections

NAMES_SHOWN = 3


def register() -> None:
    registry.overview("search", lines)


def lines(person: User) -> Sequence[OverviewLine]:
    """Return a line for the collections that this person manages and nobody may read."""
    names = list(unread_collections(administered_collections(person)).values_list("name", flat=True)[: NAMES_SHOWN + 1])
    if not names:
        return ()
    shown = ", ".join(f"“{name}”" for name in names[:NAMES_SHOWN])
    if names[NAMES_SHOWN:]:
        words = _("Nobody can find the documents in %(names)s and others yet.") % {"names": shown}
    else:
        words = _("Nobody can find the documents in %(names)s yet.") % {"names": shown}
    address = reverse("admin:search_collection_changelist") + "?readers=nobody"
    return [OverviewLine(_("Collections"), "warn", words, address, _("Choose who may read them"))]
