"""Reads what the forms of the Library send."""

from uuid import UUID

from django.http import QueryDict
from django.utils.translation import gettext as _

from langai_site.errors import InvalidError
from langai_site.sensitivity import Sensitivity
from langai_site.stale_forms import SEEN
from search.models import Collection


def labels() -> list[tuple[str, str]]:
    """Return the labels that a form offers, by their names in the language of the page."""
    return [(label.slug, label.label) for label in Sensitivity]


def label_of(form: QueryDict, name: str = "label", default: Sensitivity = Sensitivity.INTERNAL) -> Sensitivity:
    """Return the label that a form chooses. Raises InvalidError for one that there is not."""
    value = form.get(name, "")
    if not value:
        return default
    if value not in dict(labels()):
        raise InvalidError(_("This label is not known. Choose one from the list."))
    return Sensitivity[value.upper()]


def seen_label(form: QueryDict) -> Sensitivity | None:
    """Return the label that the page of a form showed; None if it does not say."""
    return label_of(form, SEEN) if form.get(SEEN) else None


def ids_of(form: QueryDict, name: str = "ids") -> list[UUID]:
    """Return the documents that a form chooses; what is not an id is left out."""
    return [found for value in form.getlist(name) if (found := uuid_of(value))]


def uuid_of(value: str) -> UUID | None:
    try:
        return UUID(value)
    except ValueError:
        return None


def numbers_of(form: QueryDict, name: str) -> list[int]:
    return [int(value) for value in form.getlist(name) if value.isascii() and value.isdigit() and len(value) < 10]


def number_of(form: QueryDict, name: str, words: str) -> int:
    """Return the number that a form chooses. Raises InvalidError with these words if it chooses none."""
    found = numbers_of(form, name)
    if not found:
        raise InvalidError(words)
    return found[0]


def readers_in_words(collection: Collection) -> str:
    """Return who reads a collection besides its owners, in a few words; "" if nobody does."""
    if collection.everyone:
        return _("Everyone signed in")
    names = [str(team) for team in collection.teams.all()] + [str(person) for person in collection.users.all()]
    return ", ".join(names)
