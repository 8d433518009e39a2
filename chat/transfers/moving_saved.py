"""Takes over the prompts of an Open WebUI, and its model presets as assistants, with their users and editors."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from django.db import transaction

from chat.models import Assistant, Prompt
from chat.transfers import saved_items
from chat.transfers.readers import openwebui_saved
from chat.transfers.readers.openwebui_saved import SHARING
from chat.transfers.readers.values import BrokenItem, ImportedItem
from chat.transfers.storing import StoredOutcome
from langai_site.accounts.models import User
from langai_site.errors import LangAIError
from langai_site.openwebui import Grant, MoveIn
from langai_site.sensitivity import Sensitivity

PROMPTS, ASSISTANTS = "prompts", "assistants (model presets)"
COLUMNS = {
    "prompt": ("id", "user_id", "command", "name", "title", "content", "tags"),
    "model": ("id", "user_id", "base_model_id", "name", "params", "meta"),
}
Read = Callable[[Mapping[str, Any]], ImportedItem | BrokenItem]
# The table of each thing, and what reads its rows.
THINGS: dict[str, tuple[str, Read]] = {
    PROMPTS: ("prompt", openwebui_saved.prompt),
    ASSISTANTS: ("model", openwebui_saved.preset),
}


def move(moving: MoveIn) -> None:
    """Store each prompt and preset as its owner's; those that an earlier run stored stay as they are."""
    for thing, (table, read) in THINGS.items():
        grants = moving.grants(table)
        for row in moving.database.rows(table, *COLUMNS[table]):
            if table == "model":
                # SQLite has empty ones as NULL.
                row = {**row, "params": row["params"] or {}, "meta": row["meta"] or {}}
            _move_one(moving, thing, row, read(row), grants.get(str(row["id"]), []))


def _move_one(
    moving: MoveIn, thing: str, row: Mapping[str, Any], found: ImportedItem | BrokenItem, grants: Sequence[Grant]
) -> None:
    owner = moving.people.get(row["user_id"])
    if isinstance(found, BrokenItem):
        moving.report.note(thing, f"left out: {found.reason}", found.title)
    elif owner is None:
        moving.report.note(thing, "left out: their owner was left out", found.title)
    elif moving.dry_run:
        moving.report.note(thing, "moved")
    else:
        _store(moving, thing, found, owner, grants)


def _store(moving: MoveIn, thing: str, found: ImportedItem, owner: int, grants: Sequence[Grant]) -> None:
    lost: list[tuple[str, str]] = []
    try:
        with transaction.atomic():
            outcome, made = saved_items.store(
                User.objects.get(pk=owner), found, Sensitivity.PUBLIC, lambda *one: lost.append(one)
            )
            if outcome == StoredOutcome.IMPORTED:
                _open_to(moving, thing, made, grants)
    except LangAIError as error:
        moving.report.note(thing, f"left out: {error.message}", found.title)
        return
    moving.report.note(thing, "moved" if outcome == StoredOutcome.IMPORTED else "are here already")
    for reason, example in lost:
        if reason != SHARING:
            moving.report.note(thing, f"in part left out: {reason}", example)


def _open_to(moving: MoveIn, thing: str, made: Prompt | Assistant, grants: Sequence[Grant]) -> None:
    """Share it with the people and teams that can read it there; those that can write there become its editors."""
    for grant in grants:
        if grant.is_everyone:
            made.everyone = True
            made.save(update_fields=["everyone"])
        elif grant.kind == "group" and grant.key in moving.teams:
            made.teams.add(moving.teams[grant.key])
        elif grant.kind == "user" and grant.key in moving.people:
            people = made.editors if grant.may_write else made.users
            people.add(moving.people[grant.key])
        else:
            moving.report.note(f"readers of {thing}", "left out: the person or the group was left out")
            continue
        moving.report.note(f"readers of {thing}", "moved")
