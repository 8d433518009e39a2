"""Deleted documents and removed collections: they come back within an hour, and then nothing of them is left."""

from datetime import timedelta

import pytest
from django.utils import timezone

from documents import cleanup, tasks
from documents.models import Document
from documents.services import changing, own, quotas
from documents.services.own import CollectionDescription
from langai_site.sensitivity import Sensitivity
from search.models import Collection, Passage, Source
from tests.documents.library_pages import at, brought, chosen, found_by, send, signed_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def test_deleted_documents_come_back_in_one_step(page, bob, notes):
    documents = [brought(page, notes, f"Boats leave at {hour}.", f"{hour}.txt") for hour in ("nine", "ten", "noon")]
    ids = [document.pk for document in documents[:2]]
    response = page.post(at("change", notes.pk), {"ids": ids, "action": "delete"}, follow=True)
    html = response.content.decode()
    assert "2 documents deleted" in html
    assert found_by(bob) == ["noon"]
    assert page.get(at("document", ids[0])).status_code == 404
    assert page.get(at("original", ids[0])).status_code == 404
    cleanup.sweep()
    undo = response.context["deletion"].id
    page.post(at("restore", notes.pk, undo))
    assert sorted(found_by(bob)) == ["nine", "noon", "ten"]
    assert page.post(at("restore", notes.pk, undo)).status_code == 404


def test_what_was_uploaded_again_meanwhile_stays_deleted(page, bob, notes):
    document = brought(page, notes)
    deletion = changing.delete(bob, notes.pk, [document.pk])
    again = brought(page, notes)
    changed = changing.restore(bob, notes.pk, deletion.id)
    assert changed.count == 0
    assert "uploaded here again" in changed.refused[0]
    assert list(Document.objects.all()) == [again]


def test_a_document_that_is_deleted_while_it_is_read_is_read_once_it_is_back(page, bob, notes):
    send(page, notes, chosen())
    deletion = changing.delete(bob, notes.pk, [Document.objects.get().pk])
    assert not tasks.work_once("test")
    changing.restore(bob, notes.pk, deletion.id)
    assert tasks.work_once("test")
    assert found_by(bob) == ["boats"]


def test_after_an_hour_nothing_of_it_is_left(page, bob, notes, settings):
    document = brought(page, notes)
    kept = brought(page, notes, "Boats return at noon.", "return.txt")
    changing.delete(bob, notes.pk, [document.pk])
    own.purge()
    assert Document.with_deleted.count() == 2
    Document.with_deleted.filter(pk=document.pk).update(deleted_at=timezone.now() - timedelta(hours=2))
    own.purge()
    assert list(Document.with_deleted.all()) == [kept]
    assert set(Source.objects.values_list("document", flat=True)) == {kept.pk}
    assert len(list((settings.MEDIA_ROOT / "documents").iterdir())) == 1


def test_a_removed_collection_comes_back_or_goes_with_all_that_is_in_it(page, bob, carol, notes):
    brought(page, notes)
    notes.users.add(carol)
    response = page.post(at("remove", notes.pk), follow=True)
    assert "“Notes” is deleted" in response.content.decode()
    assert found_by(bob) == found_by(carol) == []
    assert page.get(at("collection", notes.pk)).status_code == 404
    assert signed_in_as(carol).post(at("restore-collection", notes.pk)).status_code == 404
    page.post(at("restore-collection", notes.pk))
    assert found_by(carol) == ["boats"]
    own.remove(bob, notes.pk)
    Collection.objects.update(removed_at=timezone.now() - timedelta(hours=2))
    own.purge()
    rows = (Collection.objects, Document.with_deleted, Source.objects, Passage.objects)
    assert [each.count() for each in rows] == [0, 0, 0, 0]


def test_what_comes_back_must_still_have_room_if_others_took_it(page, bob, notes, settings):
    settings.OWN_COLLECTIONS_FILES = 1
    first = brought(page, notes)
    deletion = changing.delete(bob, notes.pk, [first.pk])
    second = brought(page, notes, "Trains leave at ten.", "trains.txt")
    with pytest.raises(quotas.NoRoomError):
        changing.restore(bob, notes.pk, deletion.id)
    own.remove(bob, notes.pk)
    other = own.create(bob, CollectionDescription("Other", "", Sensitivity.PUBLIC))
    third = brought(page, other, "Buses leave at one.", "buses.txt")
    with pytest.raises(quotas.NoRoomError):
        own.restore(bob, notes.pk)
    changing.delete(bob, other.pk, [third.pk])
    assert own.restore(bob, notes.pk).kind == Collection.Kind.OWN
    # What was there before comes back even if there is more than the setting allows by now.
    Document.with_deleted.filter(pk=third.pk).delete()
    deletion = changing.delete(bob, notes.pk, [second.pk])
    settings.OWN_COLLECTIONS_PASSAGES = settings.OWN_COLLECTIONS_MB = 0
    assert changing.restore(bob, notes.pk, deletion.id).count == 1
