from django.core.management.base import BaseCommand

from langai_site import release


class Command(BaseCommand):
    help = "Serve pages, sockets and health on HOST:PORT until SIGTERM; live answers get STOP_GRACE to finish."
    requires_system_checks: list[str] = []

    def handle(self, *args: object, **options: object) -> None:
        release.require_usable()
        # Importing the server installs Twisted's reactor, which other commands do not need.
        from langai_site.processes.web_server import serve

        serve()
