from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from search.access import reader_of
from search.models import Collection, Source
from search.services import excerpt
from search.services.retiring import BATCH, discard_retired

pytestmark = pytest.mark.usefixtures("transactional_db")


def versions(collection, *, days=2, document=None):
    """A document whose first version was replaced that many days ago, and both its sources."""
    document = document or uuid4()
    named = {"document": document, "collection": collection, "title": "Rules", "file_name": "r.txt"}
    old = Source.objects.create(version=1, retired_at=timezone.now() - timedelta(days=days), **named)
    new = Source.objects.create(version=2, live=True, **named)
    for source in (old, new):
        source.pages.create(number=1, text=f"Version {source.version} of the rules.")
    return old, new


def left():
    return set(Source.objects.values_list("pk", flat=True))


def test_a_replaced_version_stays_while_it_is_cited_and_goes_afterwards(handbook):
    cited, live = versions(handbook)
    other, also_live = versions(handbook)
    assert discard_retired(lambda sources: {cited.pk}) == 1
    assert left() == {cited.pk, live.pk, also_live.pk}
    assert discard_retired(lambda sources: set()) == 1
    assert left() == {live.pk, also_live.pk}
    assert other.pk not in left()


def test_what_was_replaced_within_a_day_stays_for_answers_that_are_being_written(handbook):
    old, _new = versions(handbook, days=0.9)
    assert discard_retired(lambda sources: set()) == 0
    assert old.pk in left()


def test_what_is_being_read_for_the_first_time_is_no_old_version(handbook):
    half = Source.objects.create(document=uuid4(), collection=handbook, title="New", file_name="n.txt")
    assert discard_retired(lambda sources: set()) == 0
    assert left() == {half.pk}


def test_many_versions_are_asked_for_in_batches(handbook):
    old = [versions(handbook)[0].pk for _ in range(BATCH + 3)]
    asked = []
    assert discard_retired(lambda sources: asked.append(len(sources)) or old[:2]) == BATCH + 1
    assert asked == [BATCH, 3]


def test_an_old_version_says_which_one_took_its_place(handbook, alice):
    old, new = versions(handbook)
    shown = excerpt(reader_of(alice), old.pk, page=1, start=0, end=7)
    assert (shown.marked, shown.after, shown.current) == ("Version", " 1 of the rules.", new.pk)
    assert excerpt(reader_of(alice), new.pk, page=1, start=0, end=7).current is None


def test_a_newer_version_elsewhere_is_told_only_to_those_who_may_read_it(handbook, alice):
    old, new = versions(handbook)
    new.collection = Collection.objects.create(name="Private")
    new.save()
    assert excerpt(reader_of(alice), old.pk, page=1, start=0, end=7).current is None
