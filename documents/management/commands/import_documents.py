import sys
import time
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from documents.services.imports import (
    ImportOutcome,
    ImportProgress,
    ImportResult,
    ImportTarget,
    files_in,
    import_file,
    progress,
)
from langai_site.accounts.models import User
from langai_site.sensitivity import Sensitivity
from langai_site.telemetry.health import worker_lives
from search.models import Collection

LABELS = {label.slug: label for label in Sensitivity}
POLL_SECONDS = 1.0
# By then a starting worker has written its heartbeat.
NO_WORKER_SECONDS = 30.0
NO_WORKER = (
    "No worker is running, so nothing is being read. Start LangAI with manage.py run, or manage.py worker: "
    "the files are queued and will be read then."
)
INTERRUPTED = 130


class Command(BaseCommand):
    help = (
        "Import the files below FOLDER into a collection. It can be ended and run again at any time: "
        "what is there already is recognised by its bytes."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", metavar="FOLDER", type=Path)
        parser.add_argument("--collection", metavar="NAME", required=True, help="the collection that takes the files")
        parser.add_argument("--create", action="store_true", help="make the collection if it is not there")
        parser.add_argument(
            "--sensitivity",
            choices=LABELS,
            help="label of the files where it is above the collection's, and of a collection that is made",
        )
        parser.add_argument("--as", metavar="USER", dest="user", help="whose upload it is")
        parser.add_argument("--replace", action="store_true", help="replace documents whose files have changed")
        parser.add_argument("--wait", action="store_true", help="return when every file is searchable or has failed")
        parser.add_argument(
            "--patience",
            type=float,
            default=NO_WORKER_SECONDS,
            metavar="SECONDS",
            help="give up waiting when no worker has run for so long (30)",
        )

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401
        folder = self._folder(options["folder"])
        user = self._user(options["user"])
        label = LABELS.get(options["sensitivity"] or "", Sensitivity.PUBLIC)
        try:
            target = ImportTarget(self._collection(options, user), user, label, options["replace"])
            results = self._import(folder, target)
            done = (
                self._wait(target.collection, results, options["patience"])
                if options["wait"]
                else ImportProgress(0, {})
            )
        except KeyboardInterrupt:
            self.stderr.write("\nEnded. What was imported stays; run this again to go on.")
            sys.exit(INTERRUPTED)
        self._tell(results, done, waited=options["wait"])
        if done.failed or any(result.outcome == ImportOutcome.FAILED for result in results):
            sys.exit(1)

    def _folder(self, folder: Path) -> Path:
        if not folder.is_dir():
            what = "is a file, not a folder" if folder.exists() else "is not there"
            raise CommandError(f"{folder} {what}.")
        return folder

    def _user(self, name: str | None) -> User | None:
        user = User.objects.filter(username=name).first() if name else None
        if name and user is None:
            raise CommandError(f"There is no account “{name}”.")
        return user

    def _collection(self, options: dict[str, Any], user: User | None) -> Collection:
        name = options["collection"]
        library = Collection.objects.filter(kind=Collection.Kind.LIBRARY)
        if found := library.filter(name=name).first():
            return found
        if not options["create"]:
            names = ", ".join(f"“{known}”" for known in library.values_list("name", flat=True)) or "none yet"
            raise CommandError(f"There is no collection “{name}”; add --create to make it. There are: {names}.")
        label = LABELS.get(options["sensitivity"] or "", Sensitivity.INTERNAL)
        made = Collection.objects.create(name=name, sensitivity=label)
        made.owners.set([user] if user else [])
        who = f"Only {user} can find its documents yet" if user else "Nobody can find its documents yet"
        self.stdout.write(f"Made the collection “{name}” ({label.slug}). {who}: choose who may read it in the admin.")
        return made

    def _import(self, folder: Path, target: ImportTarget) -> list[ImportResult]:
        files = files_in(folder)
        # Without a terminal the bar is silent.
        with tqdm(files, desc="Importing", unit="file", disable=None) as bar:
            return [import_file(path, folder, target) for path in bar]

    def _wait(self, collection: Collection, results: Sequence[ImportResult], patience: float) -> ImportProgress:
        documents = {result.document for result in results if result.document}
        last_beat = time.monotonic()
        with tqdm(total=len(documents), desc="Reading", unit="document", disable=None) as bar:
            while (now := progress(collection, documents)).waiting:
                bar.update(len(documents) - now.waiting - bar.n)
                if worker_lives():
                    last_beat = time.monotonic()
                elif time.monotonic() - last_beat > patience:
                    raise CommandError(NO_WORKER)
                time.sleep(POLL_SECONDS)
            bar.update(len(documents) - bar.n)
        return now

    def _tell(self, results: Sequence[ImportResult], done: ImportProgress, *, waited: bool) -> None:
        if not results:
            self.stdout.write("There are no files in this folder.")
        for result in results:
            reason = done.failed.get(result.document, "") if result.document else ""
            if reason or result.reason:
                self.stdout.write(f"{result.path}: {'failed' if reason else result.outcome}. {reason or result.reason}")
        counts = Counter(result.outcome for result in results)
        self._table({outcome.capitalize(): counts[outcome] for outcome in ImportOutcome if counts[outcome]})
        documents = {result.document for result in results if result.document}
        if waited:
            self._table({"Searchable": len(documents) - len(done.failed), "Could not be read": len(done.failed)})
        elif documents:
            self.stdout.write("The worker reads them now; with --wait this command waits for it.")

    def _table(self, counts: dict[str, int]) -> None:
        width = max(map(len, counts), default=0)
        for name, count in counts.items():
            self.stdout.write(f"{name:<{width}}  {count:>8,}")
