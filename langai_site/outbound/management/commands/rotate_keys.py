import sys

from django.core.management.base import BaseCommand

from langai_site.accounts import second_factor
from langai_site.audit.recording import record
from langai_site.outbound.connections import sealing
from langai_site.outbound.models import Connection


class Command(BaseCommand):
    help = (
        "Encrypt the keys of connections and the secrets of second factors and providers again under SECRET_KEY; "
        "SECRET_KEY_FALLBACKS names earlier ones. Exit code 1: something cannot be decrypted."
    )

    def handle(self, *args: object, **options: object) -> None:
        done, failed = 0, False
        for connection in Connection.objects.exclude(sealed_key=""):
            try:
                rotated = sealing.rotate(connection.sealed_key)
            except sealing.UnreadableKeyError:
                failed = True
                self.stderr.write(
                    f"The key of “{connection.name}” cannot be decrypted. Add the SECRET_KEY that it was stored under "
                    "to SECRET_KEY_FALLBACKS, or type the key again under Connections."
                )
                continue
            # An admin may have typed another key meanwhile.
            done += Connection.objects.filter(pk=connection.pk, sealed_key=connection.sealed_key).update(
                sealed_key=rotated
            )
        self.stdout.write(f"{done} {'key is' if done == 1 else 'keys are'} now encrypted under SECRET_KEY.")
        record("secrets.rotate")
        rotated_factors, lost_factors = second_factor.rotate()
        if rotated_factors:
            words = "secrets of second factors and identity providers are now encrypted under SECRET_KEY."
            self.stdout.write(f"{rotated_factors} {words}")
        if lost_factors:
            self.stderr.write(
                f"{lost_factors} secrets of second factors or identity providers cannot be decrypted. Add the "
                "SECRET_KEY that they were stored under to SECRET_KEY_FALLBACKS, or reset them in admin."
            )
        if failed or lost_factors:
            sys.exit(1)
