from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from search.embeddings import EmbedderUnavailableError, find_configured
from search.models import Collection
from search.upkeep.rebuilding import Rebuild
from search.vectors import StoreUnavailableError, get_store


class Command(BaseCommand):
    help = (
        "Build keywords and the vector store again from the database. People can search meanwhile. "
        "The next run resumes one that was interrupted."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--collection", metavar="NAME", help="only this collection")
        parser.add_argument("--embed", action="store_true", help="also make every vector again, which takes long")

    def handle(self, *args: object, **options: object) -> None:
        store = get_store()
        if store is None:
            raise CommandError("There is no vector store: start LangAI, or set CHROMA_URL.")
        find_configured()
        rebuild = Rebuild(self._collections(options["collection"]), store, bool(options["embed"]), self._report)
        if rebuild.resumes:
            self.stdout.write("Going on where the last run ended.")
        try:
            rebuild.run()
        except (StoreUnavailableError, EmbedderUnavailableError) as error:
            raise CommandError(f"{error}. Run this again when that is mended: it goes on from here.") from error
        self.stdout.write("Done.")

    def _collections(self, name: object) -> list[Collection]:
        found = list(Collection.objects.filter(name=name) if name else Collection.objects.order_by("pk"))
        if name and not found:
            raise CommandError(f"There is no collection “{name}”.")
        return found

    def _report(self, what: str, done: int, total: int) -> None:
        percent = 100 * done // total if total else 100
        self.stdout.write(f"{what}: {done:,} of {total:,} passages ({percent} %)")
