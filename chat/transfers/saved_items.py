"""Stores imported prompts and assistants as a person's own, once. Synchronous."""

import re
from collections.abc import Callable

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.assistants import editing
from chat.assistants.editing import AssistantForm
from chat.conversations import drafts
from chat.models import Assistant, Prompt
from chat.saved_prompts import saved
from chat.saved_prompts.saved import PromptForm
from chat.transfers.readers.values import ImportedAssistant, ImportedItem, ImportedPrompt
from chat.transfers.storing import StoredOutcome
from langai_site.accounts.models import User
from langai_site.characters import whole_characters
from langai_site.errors import InvalidError
from langai_site.outbound import catalogue
from langai_site.sensitivity import Sensitivity
from search.access import library_collections

GONE_MODEL = gettext_noop("Models that are not available to you here: Auto chooses one for each question")
NO_COLLECTION = gettext_noop("Knowledge that you have no collection for: choose collections in the assistant")
PARAMETER = gettext_noop("Parameters outside of what LangAI allows")
STARTERS = gettext_noop("Starter questions that are too long, or more than an assistant can have")
SHORTENED = gettext_noop("Names and descriptions that were too long: they were cut")
COMMANDS = gettext_noop("Commands that LangAI does not allow, or that you had already: they were changed")
UNLABELLED = gettext_noop("Labels of prompts: they have none, but every text is scanned when it is sent")
# Tells what is left out, with an example.
Note = Callable[[str, str], None]
ID_MAX = 200


@transaction.atomic
def store(user: User, found: ImportedItem, floor: Sensitivity, note: Note) -> tuple[StoredOutcome, Prompt | Assistant]:
    """Store a prompt or an assistant unless the person has it; `floor` is the lowest label. Raises InvalidError."""
    # The lock keeps two imports at once from storing it twice.
    User.objects.select_for_update().get(pk=user.pk)
    key = f"{found.program}:{found.id}"[:ID_MAX]
    table = Prompt if isinstance(found, ImportedPrompt) else Assistant
    before = table._default_manager.filter(owner=user, imported_id=key).first()
    if before is not None:
        return StoredOutcome.SAME, before
    if isinstance(found, ImportedPrompt):
        made: Prompt | Assistant = _prompt(user, found, key, floor, note)
    else:
        made = _assistant(user, found, key, floor, note)
    for reason, example in found.lost:
        note(reason, example)
    return StoredOutcome.IMPORTED, made


def _prompt(user: User, found: ImportedPrompt, key: str, floor: Sensitivity, note: Note) -> Prompt:
    wanted = whole_characters(found.command).casefold()
    command = re.sub(r"[^\w-]+", "-", wanted).strip("-")[: saved.COMMAND_MAX] or "prompt"
    command = saved.free_command(user.pk, command)
    form = PromptForm(command, _cut(found.title, saved.TITLE_MAX, note), whole_characters(found.text))
    made = saved.create(user, form, imported_id=key)
    if command != wanted:
        note(COMMANDS, f"/{found.command}")
    if floor:
        note(UNLABELLED, found.title)
    return made


def _assistant(user: User, found: ImportedAssistant, key: str, floor: Sensitivity, note: Note) -> Assistant:
    form = AssistantForm(
        _cut(found.title, editing.NAME_MAX, note),
        purpose=_cut(found.purpose, editing.PURPOSE_MAX, note),
        instructions=whole_characters(found.instructions),
        model=_model(user, found.model, note),
        options=_options(found, note),
        collections=_collections(user, found, note),
        starters=_starters(found, note),
        label=floor,
        note=_("Imported"),
    )
    return editing.create(user, form, imported_id=key)


def _cut(text: str, most: int, note: Note) -> str:
    line = " ".join(whole_characters(text).replace("\0", "").split())
    if len(line) > most:
        note(SHORTENED, line)
    return line[:most].strip()


def _model(user: User, name: str, note: Note) -> str:
    """Return the model here that has this name; Auto if there is none, or several."""
    names = [model.name for model in catalogue.models(user.pk)]
    alike = [one for one in names if one.rpartition("/")[2] == name.rpartition("/")[2]]
    if name in names:
        return name
    if len(alike) == 1:
        return alike[0]
    note(GONE_MODEL, name)
    return drafts.AUTOMATIC


def _options(found: ImportedAssistant, note: Note) -> drafts.Options:
    """Return the parameters that LangAI can set."""
    values: dict[str, float] = {}
    for name, value in (("temperature", found.temperature), ("max_tokens", found.max_tokens)):
        if value is None:
            continue
        try:
            drafts.options({name: value})
        except InvalidError:
            note(PARAMETER, f"{name} {value:g}")
        else:
            values[name] = value
    return drafts.options(values)


def _collections(user: User, found: ImportedAssistant, note: Note) -> list[int]:
    """Return the collections of these names that the person may read. There, a preset searches nothing else."""
    known = dict(library_collections(user).filter(name__in=found.knowledge).values_list("name", "pk"))
    for name in found.knowledge:
        if name not in known:
            note(NO_COLLECTION, name)
    return sorted(known.values())


def _starters(found: ImportedAssistant, note: Note) -> list[str]:
    lines = [whole_characters(one) for one in found.starters]
    short = [one for one in lines if len(one) <= editing.STARTER_MAX][: editing.STARTERS_MAX]
    for one in lines:
        if one not in short:
            note(STARTERS, one)
    return short
