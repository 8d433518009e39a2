"""What the admin's home says about models: what is connected, and which servers do not answer."""

from collections.abc import Sequence

from django.urls import reverse

from langai_site import registry
from langai_site.accounts.models import User
from langai_site.outbound import catalogue, health, listings
from langai_site.outbound.connections import known
from langai_site.registry import FirstStep, OverviewLine


def register() -> None:
    registry.overview("outbound", lines)
    registry.first_step(
        "model",
        FirstStep(
            "Connect a model",
            "Give LangAI the address of a model server, or a provider's key. Until then it answers with quotes only.",
            "A model answers.",
            "Connect a model",
            "admin:outbound_connection_add",
            "outbound.add_connection",
            has_models,
        ),
    )


def has_models() -> bool:
    return bool(catalogue.models())


def lines(person: User) -> Sequence[OverviewLine]:
    """Return how many models can be asked, and the servers that do not answer; for people who may see models."""
    if not person.has_perm("outbound.view_model"):
        return ()
    return [*_failing(), *_troubled(), _connected()]


def _failing() -> list[OverviewLine]:
    address = reverse("admin:outbound_connection_changelist")
    return [
        OverviewLine("Models", "fail", f"{_name(provider)} does not answer: {problem}.", address, "Connections")
        for provider in listings.configured()
        if (problem := catalogue.problem_of(provider).rstrip("."))
    ]


def _troubled() -> list[OverviewLine]:
    """Return the models that rest or fail often, in one line."""
    names = [row.name for provider in health.report() for row in provider.rows if row.is_troubled]
    if not names:
        return []
    few = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    return [OverviewLine("Models", "warn", f"Failing lately: {few}.", reverse("admin:outbound_model_health"), "Health")]


def _connected() -> OverviewLine:
    found = catalogue.models()
    if not found:
        address = reverse("admin:outbound_connection_add")
        words = "None is connected. Answers are quotes from documents only."
        return OverviewLine("Models", "warn", words, address, "Connect a model")
    servers = len({one.provider for one in found})
    words = f"{_counted(len(found), 'model')} from {_counted(servers, 'server')}."
    return OverviewLine("Models", "ok", words, reverse("admin:outbound_model_changelist"), "All models")


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def _name(provider: str) -> str:
    connection = known.find(provider)
    return connection.name if connection else provider
