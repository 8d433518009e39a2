from argparse import ArgumentParser
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from search.models import Collection
from search.services.label_rises import RelabelTarget, count_quoting, raise_quoting


class Command(BaseCommand):
    help = (
        "Raise the conversations that quote a document, or a collection's documents, to the label that it has now. "
        "The web process does the work; it can be asked for again at any time."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        what = parser.add_mutually_exclusive_group(required=True)
        what.add_argument(
            "--document", type=UUID, help="its id, as the address of its page in the administration has it"
        )
        what.add_argument("--collection", help="its name")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        labelled = _labelled(options["document"], options["collection"])
        count = count_quoting(labelled)
        with transaction.atomic():
            raise_quoting(labelled, by="manage.py raise_quoting")
        self.stdout.write(
            f"{count:,} conversations quote it; those labelled lower are raised to {labelled.label.label.lower()}."
        )


def _labelled(document: UUID | None, collection: str | None) -> RelabelTarget:
    if document is not None:
        labelled = RelabelTarget(document=document)
        # Conversations that quote a deleted document can still be raised to its last label.
        if not (labelled.sources.exists() or labelled.removed.exists()):
            raise CommandError(f"There is no document {document} in search, nor was there one.")
        return labelled
    found = Collection.objects.filter(name=collection).order_by("kind", "pk").first()
    if found is None:
        raise CommandError(f"There is no collection called “{collection}”.")
    return RelabelTarget(collection=found.pk)
