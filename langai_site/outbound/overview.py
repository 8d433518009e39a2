"""What the admin's home says about models: what is connected, and which servers do not answer."""

from collections.abc import Sequence

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from langai_site import registry
from langai_site.accounts.models import User
from langai_site.outbound import catalogue, health, listings
from langai_site.outbound.connections import known
from langai_site.outbound.connections.problems import short_text
from langai_site.registry import FirstStep, OverviewLine


def register() -> None:
    registry.overview("outbound", lines)
    registry.first_step(
        "model",
        FirstStep(
            gettext_lazy("Connect a model"),
            gettext_lazy(
                "Give LangAI the address of a model server, or a provider's key. Until then it answers with quotes "
                "only."
            ),
            gettext_lazy("A model answers."),
            gettext_lazy("Connect a model"),
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
        OverviewLine(_("Models"), "fail", _not_answering(_name(provider), problem), address, _("Connections"))
        for provider in listings.configured()
        if (problem := short_text(catalogue.problem_of(provider)).rstrip("."))
    ]


def _not_answering(provider: str, problem: str) -> str:
    return _("%(provider)s does not answer: %(problem)s.") % {"provider": provider, "problem": problem}


def _troubled() -> list[OverviewLine]:
    """Return the models that rest or fail often, in one line."""
    names = [row.name for provider in health.report() for row in provider.rows if row.is_troubled]
    if not names:
        return []
    few = ", ".join(names[:3])
    if len(names) > 3:
        few = _("%(names)s and %(count)s more") % {"names": few, "count": len(names) - 3}
    words = _("Failing lately: %(names)s.") % {"names": few}
    return [OverviewLine(_("Models"), "warn", words, reverse("admin:outbound_model_health"), _("Health"))]


def _connected() -> OverviewLine:
    found = catalogue.models()
    if not found:
        address = reverse("admin:outbound_connection_add")
        words = _("None is connected. Answers are quotes from documents only.")
        return OverviewLine(_("Models"), "warn", words, address, _("Connect a model"))
    servers = len({one.provider for one in found})
    models = ngettext("%(count)s model", "%(count)s models", len(found)) % {"count": intcomma(len(found))}
    text = ngettext("%(models)s from %(count)s server.", "%(models)s from %(count)s servers.", servers)
    words = text % {"models": models, "count": intcomma(servers)}
    return OverviewLine(_("Models"), "ok", words, reverse("admin:outbound_model_changelist"), _("All models"))


def _name(provider: str) -> str:
    connection = known.find(provider)
    return connection.name if connection else provider
