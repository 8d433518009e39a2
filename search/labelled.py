"""Query sets of rows with a label: every change of a label is recorded, however it is made."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models, transaction

M = TypeVar("M", bound=models.Model)


class LabelledQuerySet(models.QuerySet[M]):
    """Records labels when rows change without `save()`. The model has LABEL_FIELDS and `record_labels(ids)`."""

    def update(self, **values: Any) -> int:  # noqa: ANN401 - as Django's own
        if not self.model.LABEL_FIELDS & values.keys():  # type: ignore[attr-defined]
            return super().update(**values)
        with transaction.atomic(using=self.db):
            # Read the ids first: after the update the filter may match other rows.
            ids = list(self.order_by().select_for_update().values_list("pk", flat=True))
            changed = super().update(**values)
            self.model.record_labels(ids)  # type: ignore[attr-defined]
        return changed

    def bulk_create(self, objs: Iterable[M], *args: Any, **options: Any) -> list[M]:  # noqa: ANN401
        with transaction.atomic(using=self.db):
            created = super().bulk_create(objs, *args, **options)
            self.model.record_labels([row.pk for row in created])  # type: ignore[attr-defined]
        return created
