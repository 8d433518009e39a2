"""Chooses which of the models that a connection lists can be asked: an admin switches them on. Synchronous."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction

from langai_site.outbound import abilities, keeping, litellm_prices, price_list, roles
from langai_site.outbound.connections import known, reading
from langai_site.outbound.connections.listing import FIRST_RANK
from langai_site.outbound.models import Connection, Model
from langai_site.usage.types import ModelPrice

LONGEST_NAME = 200
# Up to this many are switched on unless the admin decides otherwise; a hub with hundreds of models is not.
FEW = 20


@dataclass(frozen=True)
class Choice:
    """A model as the page shows it. `price` is None if it is unknown, or if the model costs nothing.

    `is_on` is how its box is drawn; `was_on` is whether it can be asked already.
    """

    name: str
    display_name: str
    window: int
    abilities: tuple[str, ...]
    price: ModelPrice | None
    is_on: bool
    was_on: bool = False


def choices(connection: Connection) -> list[Choice]:
    """Return what can be switched on: models that have a row, then the others in the server's order."""
    reading.renew()
    rows = {model.name: model for model in Model.objects.filter(provider=connection.slug).order_by("rank", "name")}
    listed = {full: entry for entry in connection.listed if (full := _full(connection, entry))}
    is_new = not rows and len(listed) <= FEW
    more = {name: {"display_name": row.display_name, "window": row.window} for name, row in rows.items()}
    on = {name for name, row in rows.items() if row.enabled}
    return [
        replace(_choice(name, entry, is_on=name in on or (name not in rows and is_new)), was_on=name in on)
        for name, entry in {**more, **listed}.items()
    ]


def _full(connection: Connection, entry: Mapping[str, Any]) -> str:
    full = f"{connection.slug}/{entry['name']}"
    return full if len(full) <= LONGEST_NAME else ""


def _choice(name: str, entry: Mapping[str, Any], *, is_on: bool) -> Choice:
    listed, litellm_name = litellm_prices.rows(), known.litellm_name(name)
    facts = price_list.known(listed, litellm_name)
    return Choice(
        name,
        entry["display_name"],
        entry["window"] or facts.window,
        abilities.words({**facts.abilities, **abilities.read(entry.get("abilities"))}),
        facts.price,
        is_on,
    )


def choose(connection: Connection, names: Collection[str], were_on: Collection[str] = ()) -> int:
    """Switch on the models `names` of a connection and switch off the others. Return how many are on.

    A model that is switched off keeps its settings. `were_on` could be asked when the page was shown: one that was
    switched off since stays off.
    """
    with transaction.atomic():
        mine = Model.objects.filter(provider=connection.slug)
        before = set(mine.values_list("name", flat=True))
        off_since = set(mine.filter(name__in=were_on, enabled=False).values_list("name", flat=True))
        wanted = set(names) - off_since
        mine.filter(name__in=wanted, enabled=False).update(enabled=True)
        mine.filter(enabled=True).exclude(name__in=wanted).update(enabled=False)
        mine.filter(name__in=wanted, available=False).update(available=True)
        taken = set(Model.objects.exclude(provider=connection.slug).values_list("display_name", flat=True))
        entries = {_full(connection, entry): entry for entry in connection.listed}
        new = [
            _row(connection, name, entry, rank, taken)
            for rank, (name, entry) in enumerate(entries.items(), start=FIRST_RANK)
            if name in wanted and name not in before
        ]
        Model.objects.bulk_create(new, ignore_conflicts=True)
    reading.renew()
    keeping.learn(litellm_prices.rows())
    return Model.objects.filter(provider=connection.slug, enabled=True).count()


def _row(connection: Connection, name: str, entry: Mapping[str, Any], rank: int, taken: Collection[str]) -> Model:
    shown = entry["display_name"]
    if shown in taken:
        shown = f"{shown} ({connection.name})"[:LONGEST_NAME]
    size = str(entry.get("size", ""))
    guessed = roles.stored(roles.roles_of(name, entry["window"], size)) if size or entry["window"] else None
    return Model(
        name=name,
        display_name=shown,
        provider=connection.slug,
        rank=rank,
        available=True,
        listed_window=entry["window"],
        listed_abilities=abilities.from_server(abilities.read(entry.get("abilities"))),
        roles=guessed,
    )
