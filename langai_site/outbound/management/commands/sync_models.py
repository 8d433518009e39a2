import asyncio
import sys

from django.core.management.base import BaseCommand

from langai_site.audit.recording import record
from langai_site.local_model import PREFIX
from langai_site.outbound import catalogue, listings
from langai_site.outbound.connections import reading
from langai_site.outbound.forms import plain
from langai_site.outbound.keeping import Changes
from langai_site.usage import prices

ADDRESSES = {"hosted_vllm": "OPENAI_BASE_URL", "ollama_chat": "OLLAMA_BASE_URL", PREFIX: "LOCAL_MODEL"}


class Command(BaseCommand):
    help = (
        "Ask the configured keys and servers which models they offer, and read LiteLLM's list of prices. "
        "Exit code 1: a server does not answer."
    )

    def handle(self, *args: object, **options: object) -> None:
        reading.renew()
        if not listings.configured():
            self.stdout.write("No key and no server is set, so there are no models. README.md says how to connect one.")
            return
        changes = asyncio.run(catalogue.refresh())
        record("models.sync")
        self._print(changes)
        for provider, reason in changes.silent:
            self.stderr.write(f"The server at {ADDRESSES.get(provider, provider)} lists no models: {reason}.")
        if changes.silent:
            sys.exit(1)

    def _print(self, changes: Changes) -> None:
        for word, names in (("added", changes.added), ("gone", changes.gone), ("back", changes.back)):
            for name in names:
                self.stdout.write(f"{word:9} {name}")
        now = prices.current()
        for name in changes.repriced:
            rates = (now[name].input, now[name].output, now[name].cached)
            into, out, cached = map(plain, rates)
            self.stdout.write(f"repriced  {name}: ${into} in, ${out} out, ${cached} cached, for a million tokens")
        if not (changes.added or changes.gone or changes.back or changes.repriced):
            self.stdout.write("Nothing has changed.")
