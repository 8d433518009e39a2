"""Receipts of conversations that are removed for good. Synchronous: the worker calls it."""

from collections.abc import Collection, Iterator
from uuid import UUID

from chat.models import Attachment, Conversation, MessageWords
from langai_site import fingerprints
from langai_site.accounts import deletion_receipts as receipts
from search.models import Passage, Source


def keep(ids: Collection[UUID]) -> None:
    """Store a receipt for each of these conversations; call it before their rows are deleted."""
    for row in Conversation.objects.filter(pk__in=ids, deleted_at__isnull=False):
        capture = receipts.begin()
        capture.rows(Conversation.objects.filter(pk=row.pk))
        for pk in MessageWords.objects.filter(conversation=row.pk).values_list("pk", flat=True):
            capture.mark(f"words {pk}", "words of conversations")
        files = set(Attachment.objects.filter(message__conversation=row.pk).values_list("document", flat=True))
        elsewhere = Attachment.objects.filter(document__in=files).exclude(message__conversation__in=ids)
        _files(capture, files - set(elsewhere.values_list("document", flat=True)))
        assert row.deleted_at
        receipts.keep(capture, owner=row.owner_id, kind="conversation", object_id=row.pk, deleted_at=row.deleted_at)


def _files(capture: receipts.Capture, documents: Collection[UUID]) -> None:
    """Add the files that go with a conversation, with their passages and vectors."""
    for document in documents:
        capture.mark(next(fingerprints.ids(str(document))), "files")
    capture.rows(Source.objects.filter(document__in=documents))
    for pk in Passage.objects.filter(source__document__in=documents).values_list("pk", flat=True):
        capture.mark(f"vector {pk}", "vectors")


def words() -> Iterator[tuple[str, str, str]]:
    """Return the rows of the index of conversations as the search for remainders wants them."""
    from django.db import connection

    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("SELECT rowid FROM chat_messagetokens")
            for (pk,) in cursor.fetchall():
                yield "words of conversations", "chat_messagetokens", f"words {pk}"
    for pk in MessageWords.objects.values_list("pk", flat=True).iterator(5000):
        yield "words of conversations", "chat_messagewords", f"words {pk}"
