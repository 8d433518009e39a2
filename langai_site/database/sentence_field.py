"""A column for a sentence: text that is drawn in the language of its reader."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.expressions import BaseExpression

from langai_site import sentences


class SentenceField(models.TextField):  # type: ignore[type-arg]
    """Stores a sentence with its code and values, and plain text as it is. See `langai_site/sentences.py`."""

    def from_db_value(
        self, value: str | None, expression: BaseExpression, connection: BaseDatabaseWrapper
    ) -> str | None:
        return None if value is None else sentences.from_text(value)

    def get_prep_value(self, value: Any) -> Any:  # noqa: ANN401 - as Django has it
        prepared = super().get_prep_value(value)
        return sentences.to_text(prepared) if isinstance(prepared, sentences.Sentence) else prepared

    def deconstruct(self) -> Any:  # noqa: ANN401 - as Django has it
        """Return a TextField: migrations need to know the column alone, and a table is not made again for it."""
        name, _path, args, kwargs = super().deconstruct()
        return name, "django.db.models.TextField", args, kwargs
