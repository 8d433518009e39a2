"""Pure: prompts and model presets of Open WebUI, from the exports of its workspace and from its database."""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any

from chat.transfers.readers import placeholders
from chat.transfers.readers.openwebui import PROGRAM
from chat.transfers.readers.placeholders import Lost
from chat.transfers.readers.values import (
    BrokenItem,
    ImportedAssistant,
    ImportedPrompt,
    SavedKind,
    list_of,
    mapping_of,
    text_of,
)
from langai_site.words import gettext_noop

SHARING = gettext_noop("Who else could use it: it is yours alone here. Share it again")
TAGS = gettext_noop("Tags: LangAI has none for prompts and assistants")
PARAMETERS = gettext_noop("Parameters of models that LangAI does not set")
TOOLS = gettext_noop("Tools, functions and skills: LangAI does not have them")
PICTURE = gettext_noop("Pictures of assistants: LangAI shows an emoji")
NO_BASE = gettext_noop("It only changes the settings of a model. Ask an admin to set them")
NO_TEXT = gettext_noop("It has no text")
_TOOLS = ("toolIds", "filterIds", "actionIds", "skillIds", "defaultFilterIds")
# The temperature and the longest answer are taken; these say how Open WebUI itself works.
_TAKEN = {"system", "temperature", "max_tokens", "num_predict"}
_OF_THE_PROGRAM = {"function_calling", "stream_response", "stream_delta_chunk_size", "reasoning_tags"}


def is_prompt(value: Mapping[str, Any]) -> bool:
    return isinstance(value.get("command"), str) and isinstance(value.get("content"), str)


def prompt(value: Mapping[str, Any]) -> ImportedPrompt | BrokenItem:
    """Return a prompt; its title has another name since version 0.7."""
    command = text_of(value.get("command")).strip().removeprefix("/")
    title = text_of(value.get("name")) or text_of(value.get("title")) or command
    written = text_of(value.get("content"))
    if not written.strip():
        return BrokenItem(SavedKind.PROMPT, NO_TEXT, title)
    text, lost = placeholders.translated(written)
    key = text_of(value.get("id")) or command
    return ImportedPrompt(PROGRAM, key, command, title, text, (*lost, *_of_both(value, value, title)))


def is_preset(value: Mapping[str, Any]) -> bool:
    row = _row(value)
    return isinstance(row.get("params"), Mapping) and isinstance(row.get("meta"), Mapping) and bool(row.get("id"))


def preset(value: Mapping[str, Any]) -> ImportedAssistant | BrokenItem:
    """Return a model preset as an assistant. One without a base model only changes how a model behaves there."""
    row = _row(value)
    params, meta = mapping_of(row["params"]), mapping_of(row["meta"])
    name, base = text_of(row.get("name")) or text_of(row.get("id")), text_of(row.get("base_model_id"))
    if not base:
        return BrokenItem(SavedKind.ASSISTANT, NO_BASE, name)
    instructions = text_of(params.get("system"))
    longest = params.get("max_tokens") or params.get("num_predict")
    return ImportedAssistant(
        PROGRAM,
        text_of(row.get("id")),
        name,
        purpose=text_of(meta.get("description")),
        instructions=instructions,
        model=base,
        temperature=_number(params.get("temperature")),
        max_tokens=int(found) if (found := _number(longest)) and found > 0 else None,
        starters=tuple(_starters(meta)),
        knowledge=tuple(_knowledge(meta)),
        lost=(
            *placeholders.in_instructions(instructions),
            *((PARAMETERS, key) for key in sorted(params) if key not in _TAKEN | _OF_THE_PROGRAM and params[key]),
            *((TOOLS, str(one)) for key in _TOOLS for one in list_of(meta.get(key))),
            *([(PICTURE, name)] if text_of(meta.get("profile_image_url")).startswith("data:") else []),
            *_of_both(row, meta, name),
        ),
    )


def _row(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the row of a preset, which the export of all models has inside the model that it makes."""
    inner = mapping_of(value.get("info"))
    return inner if isinstance(inner.get("params"), Mapping) else value


def _of_both(row: Mapping[str, Any], described: Mapping[str, Any], name: str) -> Iterator[Lost]:
    if list_of(described.get("tags")):
        yield TAGS, name
    access = mapping_of(row.get("access_control"))
    if list_of(row.get("access_grants")) or access.get("read") or access.get("write"):
        yield SHARING, name


def _number(value: object) -> float | None:
    try:
        number = float(value)  # type: ignore[arg-type]
    except (OverflowError, TypeError, ValueError):
        return None
    return number if isfinite(number) and not isinstance(value, bool) else None


def _starters(meta: Mapping[str, Any]) -> Iterator[str]:
    for one in map(mapping_of, list_of(meta.get("suggestion_prompts"))):
        text = " ".join(text_of(one.get("content")).split())
        if text:
            yield text


def _knowledge(meta: Mapping[str, Any]) -> Iterator[str]:
    for one in map(mapping_of, list_of(meta.get("knowledge"))):
        name = text_of(one.get("name")) or text_of(one.get("title")) or text_of(mapping_of(one.get("meta")).get("name"))
        yield name or text_of(one.get("id")) or text_of(one.get("collection_name"))
