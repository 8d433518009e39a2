import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.accounts import deletion_receipts, scanned_stores
from langai_site.audit.models import AuditEvent


class Command(BaseCommand):
    help = "Search all stores for what a deletion receipt says was removed. Exit code 1: something is left."
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("receipt", type=Path, help="the receipt, as its owner downloaded it")

    def handle(self, *args: object, receipt: Path, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        try:
            given = json.loads(receipt.read_text())
            _, digests = given["salt"], given["digests"]
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise CommandError(f"{receipt} is not a deletion receipt: {error}") from None
        self._say_seal(given)
        try:
            left = deletion_receipts.places_left(given)
        except OSError as error:
            raise CommandError(f"Not everything could be searched: {error}. Run the command again.") from None
        unreachable = scanned_stores.not_scanned()
        for store, reason in unreachable.items():
            self.stdout.write(f"Not searched: {store}. {reason}")
        for store, where, count in left:
            self.stdout.write(f"Found {count:,} in {store}: {where}")
        if left:
            raise CommandError("Something is left of what this receipt says was removed.")
        searched = ", ".join(store for store in scanned_stores.stores() if store not in unreachable)
        self.stdout.write(f"Found none of {len(digests):,} digests in {searched}.")

    def _say_seal(self, given: dict[str, Any]) -> None:
        seal = given.get("sealed_as")
        if not seal:
            self.stdout.write("The receipt is not sealed yet.")
        elif deletion_receipts.seal_of(given) != seal:
            raise CommandError("The receipt was changed: its digest is another.")
        elif not AuditEvent.objects.filter(action="deletion.prove", object_id=seal).exists():
            raise CommandError("The audit log has no event of this receipt.")
        else:
            self.stdout.write("The receipt is as it was sealed.")
