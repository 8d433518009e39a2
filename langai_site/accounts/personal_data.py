"""What LangAI stores about one person, found by its models: for a download of all of it, and for deletion.

A table belongs to a person if it has a key to people, or a column `user_id`. So a new table is in the download without
a line of code here. What proves who somebody is never is: passwords, keys, codes, and their hashes.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import Q

from langai_site import stored_data
from langai_site.accounts.models import User

# Counts of tokens are not secret.
_SECRET = re.compile(r"hash|password|secret|token$|sealed|session_key|(^|_)data$|(^|_)key$|claimed_by|lease")
# In the same download in full, or about the work of the server only.
ELSEWHERE = {
    *("chat.Conversation", "chat.Attachment", "chat.SentMessage", "chat.Transfer", "chat.ListChange"),
    *("usage.Slice", "usage.Reservation"),
}
AT_ONCE = 1000


@dataclass(frozen=True)
class PersonalTable:
    """The rows of one table that are about a person; `name` is that of its file."""

    name: str
    model: type[models.Model]
    condition: Q

    def rows(self) -> Iterator[dict[str, Any]]:
        columns = [field.attname for field in self.model._meta.concrete_fields if not is_secret(field.attname)]
        found = self.model._base_manager.filter(self.condition).order_by("pk").distinct()
        for row in found.values(*columns).iterator(AT_ONCE):
            yield {name: _plain(value) for name, value in row.items()}


def tables(user_id: int) -> Iterator[PersonalTable]:
    """Yield every table that has rows about people, with the condition for this person."""
    for model in apps.get_models(include_auto_created=True):
        is_here = model._meta.managed and not model._meta.proxy and model._meta.label not in ELSEWHERE
        if is_here and (condition := condition_of(model, user_id)):
            yield PersonalTable(model._meta.label_lower, model, condition)


def condition_of(model: type[models.Model], user_id: int) -> Q:
    """Return which rows of a model are about this person; an empty Q if it has none about people."""
    if model is User:
        return Q(pk=user_id)
    found = Q()
    for name in person_columns(model):
        found |= Q(**{name: user_id})
    return found


def person_columns(model: type[models.Model]) -> list[str]:
    """Return the columns, or the paths, by which rows of a model lead to people."""
    fields = model._meta.concrete_fields
    own = [field.attname for field in fields if field.related_model is User or field.name == "user_id"]
    declared = stored_data.personal_paths.get(model._meta.label)
    return [*own, declared] if declared else own


def is_secret(column: str) -> bool:
    """Return whether a column may prove who somebody is, or is about the work of the server only."""
    return bool(_SECRET.search(column))


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return value.isoformat()
    return value if isinstance(value, str | int | float | bool | dict | list) or value is None else str(value)
