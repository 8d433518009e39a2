"""An assistant as one JSON document, to keep it or to take it to another LangAI. Synchronous.

Collections stand in it by their names. An import takes those that its person may read, and
names the others.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.assistants import editing
from chat.assistants.editing import AssistantForm
from chat.conversations import drafts
from chat.models import Assistant
from langai_site.accounts.models import User
from langai_site.characters import whole_characters
from langai_site.errors import InvalidError
from langai_site.numbers import grouped
from langai_site.sensitivity import Sensitivity
from search.access import library_collections

FORMAT, FORMAT_VERSION = "langai-assistant", 1
CHARS_MAX = 50_000
NOT_READ = gettext_noop("This is not an assistant that LangAI has exported. Choose a JSON file from “Export”.")
_LABELS = {label.slug: label for label in Sensitivity}


@dataclass(frozen=True)
class Imported:
    """An assistant that was imported, and the names of its collections that its new owner does not have."""

    assistant: Assistant
    missing: tuple[str, ...]


def exported(user_id: int, assistant: Assistant) -> dict[str, Any]:
    """Return the document. It names only collections that the person may read."""
    chosen = assistant.collections
    named = library_collections(user_id).filter(pk__in=chosen or ())
    return {
        "format": FORMAT,
        "format_version": FORMAT_VERSION,
        "name": assistant.name,
        "emoji": assistant.emoji,
        "purpose": assistant.purpose,
        "instructions": assistant.instructions,
        "model": assistant.model,
        "options": assistant.options,
        "collections": None if chosen is None else list(named.values_list("name", flat=True)),
        "starters": assistant.starters,
        "label": Sensitivity(assistant.label).slug,
    }


def imported(user: User, text: str) -> Imported:
    """Make a private assistant from a document. Raises InvalidError."""
    document = _document(text)
    wanted = _names(document.get("collections"))
    found = dict(library_collections(user).filter(name__in=wanted or ()).values_list("name", "pk"))
    form = AssistantForm(
        name=_text(document, "name"),
        emoji=_text(document, "emoji"),
        purpose=_text(document, "purpose"),
        instructions=_text(document, "instructions"),
        model=_text(document, "model"),
        options=_options(document.get("options", {})),
        collections=None if wanted is None else sorted(found.values()),
        starters=_names(document.get("starters")) or (),
        label=_label(document.get("label", Sensitivity.PUBLIC.slug)),
        note=_("Imported"),
    )
    return Imported(editing.create(user, form), tuple(name for name in wanted or () if name not in found))


def _document(text: str) -> Mapping[str, Any]:
    if len(text) > CHARS_MAX:
        words = _("The file has %(chars)s characters; %(most)s are allowed.")
        raise InvalidError(words % {"chars": grouped(len(text)), "most": grouped(CHARS_MAX)})
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidError(_(NOT_READ)) from None
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidError(_(NOT_READ))
    if document.get("format_version") != FORMAT_VERSION:
        raise InvalidError(_("This file comes from a newer LangAI. Update this one, then import it again."))
    return document


def _text(document: Mapping[str, Any], name: str) -> str:
    value = document.get(name, "")
    return whole_characters(_checked(value, lambda: isinstance(value, str)))


def _names(values: Any) -> tuple[str, ...] | None:  # noqa: ANN401 - any JSON
    if values is None:
        return None
    _checked(values, lambda: isinstance(values, list) and all(isinstance(value, str) for value in values))
    return tuple(map(whole_characters, values))


def _options(values: Any) -> drafts.Options:  # noqa: ANN401 - any JSON
    _checked(values, lambda: isinstance(values, dict))
    return drafts.options({name: values.get(name) for name in ("complexity", "temperature", "max_tokens")})


def _label(slug: Any) -> Sensitivity:  # noqa: ANN401 - any JSON
    _checked(slug, lambda: isinstance(slug, str) and slug in _LABELS)
    return _LABELS[slug]


def _checked(value: Any, is_valid: Callable[[], bool]) -> Any:  # noqa: ANN401 - any JSON
    if not is_valid():
        raise InvalidError(_(NOT_READ))
    return value
