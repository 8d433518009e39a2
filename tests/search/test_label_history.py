"""Every change of a label is recorded, by whichever path, and can be asked for by its moment."""

from datetime import timedelta
from importlib import import_module
from uuid import uuid4

import pytest
from django.apps import apps
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from documents import services as documents
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from search.models import Collection, LabelRecord, Source
from search.services import relabel, remove
from search.services.label_history import labels_at, labels_between

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity.PUBLIC, Sensitivity.INTERNAL, Sensitivity.CONFIDENTIAL
pytestmark = pytest.mark.usefixtures("embedder")


@pytest.fixture
def collection(transactional_db):
    return Collection.objects.create(name="Plans", sensitivity=PUBLIC)


def now(document):
    return labels_at([document], timezone.now())[document]


def test_a_document_has_each_label_from_its_change_on(collection, add):
    document, before = uuid4(), timezone.now()
    add(collection, document=document)
    public = timezone.now()
    relabel(document, title="Handbook", sensitivity=CONFIDENTIAL)
    confidential = timezone.now()
    relabel(document, title="Handbook", sensitivity=INTERNAL)
    moments = (before, public, confidential, timezone.now())
    assert [labels_at([document], moment)[document] for moment in moments] == [None, PUBLIC, CONFIDENTIAL, INTERNAL]
    assert labels_between([document], public, confidential)[document] == (PUBLIC, CONFIDENTIAL)
    assert labels_between([document], before, timezone.now())[document] == (PUBLIC, CONFIDENTIAL)
    assert labels_between([document], before, before)[document] is None


def test_a_label_is_recorded_after_all_that_takes_time(collection, add):
    """What counts for others is the commit; the record's moment must be close to it, however long the document is."""
    document = uuid4()
    add(collection, document=document)
    with CaptureQueriesContext(connection) as queries:
        relabel(document, title="Another title", sensitivity=CONFIDENTIAL)
    writes = [sql for query in queries if (sql := query["sql"]).startswith(("UPDATE", "INSERT", "DELETE"))]
    assert sum("search_passage" in sql for sql in writes) > 1
    assert "search_labelrecord" in writes[-1]
    assert not any("search_labelrecord" in sql for sql in writes[:-1])


def test_what_does_not_change_is_not_recorded_twice(collection, add):
    document = uuid4()
    add(collection, document=document)
    recorded = LabelRecord.objects.count()
    relabel(document, title="Another title", sensitivity=PUBLIC)
    collection.name = "Other plans"
    collection.save()
    Collection.objects.update(sensitivity=PUBLIC)
    assert LabelRecord.objects.count() == recorded


def test_the_collection_counts_where_it_is_higher_and_so_does_a_move(collection, add):
    document, other = uuid4(), Collection.objects.create(name="Secrets", sensitivity=CONFIDENTIAL)
    add(collection, document=document)
    Collection.objects.filter(pk=collection.pk).update(sensitivity=INTERNAL)
    assert now(document) == INTERNAL
    Source.objects.filter(document=document).update(collection=other)
    assert now(document) == CONFIDENTIAL
    collection.sensitivity = CONFIDENTIAL
    collection.save()
    Source.objects.filter(document=document).update(collection_id=collection.pk)
    Collection.objects.bulk_update([Collection(pk=collection.pk, sensitivity=PUBLIC)], ["sensitivity"])
    assert now(document) == PUBLIC


def test_the_highest_of_a_documents_versions_counts_while_they_are_there(collection, add):
    document = uuid4()
    add(collection, document=document, sensitivity=CONFIDENTIAL)
    add(collection, document=document, version=2, sensitivity=PUBLIC)
    assert now(document) == CONFIDENTIAL
    Source.objects.get(document=document, version=1).delete()
    assert now(document) == PUBLIC


def test_history_outlives_what_it_is_about(collection, add):
    document = uuid4()
    add(collection, document=document, sensitivity=INTERNAL)
    there = timezone.now()
    remove(document)
    collection.delete()
    assert labels_at([document], there)[document] == INTERNAL
    # What an answer was given just before counts as it was then.
    assert now(document) == INTERNAL


def test_many_at_once_are_all_recorded(collection):
    names = {"title": "T", "file_name": "t.txt", "media_type": "text/plain", "collection": collection}
    sources = Source.objects.bulk_create(Source(document=uuid4(), **names) for _ in range(1200))
    collection.sources.update(sensitivity=CONFIDENTIAL)
    found = labels_at([source.document for source in sources], timezone.now())
    assert set(found.values()) == {CONFIDENTIAL}
    assert LabelRecord.objects.filter(document__isnull=False).count() == 2400


def test_what_was_there_before_the_history_is_known_from_then_on_only(collection, add):
    document, start = uuid4(), timezone.now()
    add(collection, document=document, sensitivity=INTERNAL)
    LabelRecord.objects.all().delete()
    migration = import_module("search.migrations.0004_label_records")
    with connection.schema_editor() as editor:
        migration.seed(apps, editor)
    assert not LabelRecord.objects.filter(known_from_start=True).exists()
    assert labels_at([document], start)[document] is None
    assert labels_between([document], start, timezone.now())[document] is None
    assert now(document) == INTERNAL
    later = timezone.now() + timedelta(seconds=1)
    assert labels_between([document], timezone.now(), later)[document] == (INTERNAL, INTERNAL)


def test_the_admin_pages_record_what_they_change(collection, add, client):
    document = Document.objects.create(collection=collection, title="Plan", file_name="plan.txt", sha256="1")
    add(collection, document=document.pk)
    client.force_login(User.objects.create_superuser("root", password="r"))
    page = reverse("admin:documents_document_change", args=[document.pk])
    assert client.post(page, {"title": "Plan", "sensitivity": "10"}).status_code == 302
    assert now(document.pk) == INTERNAL
    page = reverse("admin:search_collection_change", args=[collection.pk])
    assert client.post(page, {"name": "Plans", "sensitivity": "20"}).status_code == 302
    assert now(document.pk) == CONFIDENTIAL
    documents.relabel(document, title="Plan", sensitivity=PUBLIC)
    assert now(document.pk) == CONFIDENTIAL
