"""Writes the result of a refresh into the catalogue's rows. Synchronous. What an admin set is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import transaction

from langai_site.outbound import abilities, embedders, listings, price_list, roles, stored_quirks
from langai_site.outbound.connections import known, listing, reading
from langai_site.outbound.lanes.quirks import Quirks
from langai_site.outbound.listings import OfferedModel
from langai_site.outbound.models import Connection, Model
from langai_site.outbound.price_list import Row
from langai_site.usage import prices


@dataclass(frozen=True)
class Changes:
    """What a refresh changed, by the models' names; `silent`: the providers that did not answer, and why."""

    added: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    repriced: tuple[str, ...] = ()
    silent: tuple[tuple[str, str], ...] = ()


@transaction.atomic
def store(offered: Sequence[OfferedModel], silent: Mapping[str, str]) -> Changes:
    """Make the rows equal to the offers; write only what changed."""
    offers = {offer.name: offer for offer in offered}
    before = {model.name: model for model in Model.objects.order_by("name")}
    # Models of connections are added by an admin's choice.
    new = [_row(offer) for name, offer in offers.items() if name not in before and offer.provider in listings.RANKS]
    Model.objects.bulk_create(new, ignore_conflicts=True)
    here = {model.name for model in before.values() if model.name in offers or _is_open(model)}
    for model in before.values():
        _renew(model, offers.get(model.name), available=model.name in here)
    for slug in known.usable():
        listed = [offer for offer in offered if offer.provider == slug]
        if listed or slug in silent:
            note(slug, listed, silent.get(slug, ""))
    return Changes(
        added=tuple(model.name for model in new),
        gone=tuple(name for name, model in before.items() if model.available and name not in here),
        back=tuple(name for name, model in before.items() if not model.available and name in here),
        silent=tuple(silent.items()),
    )


@transaction.atomic
def note(slug: str, offered: Sequence[OfferedModel], problem: str) -> None:
    """Store what a connection's server lists, or a short reason why it does not; the earlier list then stays."""
    row: Mapping[str, object] | None = Connection.objects.filter(slug=slug).values("listed", "problem").first()
    now: dict[str, object] = {"problem": problem[:200]}
    if not problem:
        now["listed"] = listing.names(offered)
    if row is not None and any(row[name] != value for name, value in now.items()):
        Connection.objects.filter(slug=slug).update(**now)
        reading.forget()


def _row(offer: OfferedModel) -> Model:
    return Model(
        name=offer.name,
        display_name=offer.display_name[:200],
        provider=offer.provider,
        rank=offer.rank,
        available=True,
        listed_window=offer.window,
        listed_abilities=abilities.from_server(offer.abilities),
        roles=_roles(offer),
    )


def _roles(offer: OfferedModel) -> list[str]:
    return roles.stored(offer.roles or roles.roles_of(offer.name, offer.window, offer.size))


def _is_open(model: Model) -> bool:
    """Return whether the model needs no listing: a key opens all of its provider's models, a server does not."""
    if connection := known.find(model.provider):
        return connection.is_open
    return model.provider in listings.DEFAULTS and model.provider in listings.configured()


def _renew(model: Model, offer: OfferedModel | None, *, available: bool) -> None:
    """Write what differs, whatever an admin may be saving at the same moment."""
    window = (offer.window if offer else 0) or model.listed_window
    able = {**model.listed_abilities, **abilities.from_server(offer.abilities if offer else {})}
    if (model.available, model.listed_window, model.listed_abilities) != (available, window, able):
        found = {"available": available, "listed_window": window, "listed_abilities": able}
        Model.objects.filter(pk=model.pk).update(**found)
    if offer and model.roles is None:
        Model.objects.filter(pk=model.pk, roles__isnull=True).update(roles=_roles(offer))


@transaction.atomic
def learn(listed: Mapping[str, Row]) -> list[str]:
    """Take windows, abilities and prices from LiteLLM's list; return the names of the models whose price changed.

    What a server says about its own model takes precedence over the list.
    """
    rows = Model.objects.in_bulk(field_name="name")
    facts = {name: price_list.known(listed, known.litellm_name(name)) for name in {*rows, embedders.chosen()}}
    for name, model in rows.items():
        window = facts[name].window or model.listed_window
        if model.listed_window != window and (model.provider in listings.DEFAULTS or not model.listed_window):
            Model.objects.filter(pk=model.pk).update(listed_window=window)
        able = {**model.listed_abilities, abilities.FROM_LITELLM: abilities.stored(facts[name].abilities)}
        if facts[name].abilities and model.listed_abilities != able:
            Model.objects.filter(pk=model.pk).update(listed_abilities=able)
        if model.roles is None:
            guessed = roles.stored(roles.roles_of(name, window))
            Model.objects.filter(pk=model.pk, roles__isnull=True).update(roles=guessed)
    return prices.take_listed({name: found.price for name, found in facts.items() if found.price})


def remember(name: str, quirks: Quirks) -> None:
    """Store how the model `name` has to be asked, as learnt from its server."""
    Model.objects.filter(name=name).update(learnt=stored_quirks.stored(quirks))
