from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.accounts import keys
from langai_site.accounts.models import User
from langai_site.accounts.scopes import Scope
from langai_site.errors import LangAIError


class Command(BaseCommand):
    help = "Make an API key for a person and print it, alone: it is not kept and cannot be shown again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("user", help="Whose key it is: their name to sign in.")
        parser.add_argument("--name", required=True, help="What uses it, such as “nightly report”.")
        parser.add_argument(
            *("--scope", "--scopes"),
            dest="scopes",
            action="extend",
            nargs="+",
            required=True,
            metavar="SCOPE",
            help=f"What it may do: {', '.join(Scope)}.",
        )
        parser.add_argument("--days", type=int, default=0, help="How long it is valid; 0: until it is revoked.")

    def handle(self, *args: Any, **options: Any) -> None:  # noqa: ANN401
        user = User.objects.filter(username=options["user"], is_active=True).first()
        if user is None:
            raise CommandError(f"Nobody with an open account is called {options['user']!r} here.")
        if unknown := sorted(set(options["scopes"]) - set(Scope)):
            raise CommandError(f"There is no scope {', '.join(unknown)}. Choose from {', '.join(Scope)}.")
        try:
            _, key = keys.make(user=user, name=options["name"], scopes=options["scopes"], days=options["days"])
        except LangAIError as error:
            raise CommandError(error.message) from None
        self.stdout.write(key)
