"""Removes versions that newer ones have replaced."""

from collections.abc import Callable, Collection
from datetime import timedelta
from uuid import UUID

from django.utils import timezone

from search.models import Source

# An answer that is being written may still cite a version that was live when the question was asked.
KEPT_FOR = timedelta(days=1)
BATCH = 200


def discard_retired(still_cited: Callable[[Collection[UUID]], Collection[UUID]]) -> int:
    """Remove the versions replaced more than KEPT_FOR ago except those that `still_cited` names; return how many.

    Such a version is not searched, but opening a citation of it shows the text that the answer was based on. Its
    vectors left the store when it was replaced.
    """
    retired = Source.objects.filter(live=False, retired_at__lt=timezone.now() - KEPT_FOR).order_by("pk")
    last, discarded = UUID(int=0), 0
    while batch := list(retired.filter(pk__gt=last).values_list("pk", flat=True)[:BATCH]):
        for pk in set(batch) - set(still_cited(batch)):
            retired.filter(pk=pk).delete()
            discarded += 1
        last = batch[-1]
    return discarded
