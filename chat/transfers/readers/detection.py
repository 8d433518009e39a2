"""Pure: finds out by its content which program wrote a piece of an export, and reads it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from chat.transfers.readers import chatgpt, claude, langai, openwebui, openwebui_saved
from chat.transfers.readers.elements import Element
from chat.transfers.readers.values import BrokenConversation, BrokenError, Imported, ImportedConversation, text_of
from langai_site.words import gettext_noop

UNFINISHED = gettext_noop("The file ends in the middle of it: download the export again")
TOO_LONG = gettext_noop("It is longer than 32 MB")
NOT_JSON = gettext_noop("It is not valid JSON")
NO_MESSAGES = gettext_noop("It contains no messages")
UNREADABLE = gettext_noop("Its structure is not the usual one")
READERS = (langai, chatgpt, claude, openwebui)


def imported(element: Element) -> Iterator[Imported]:
    """Yield what an element of a file contains; nothing if no program's conversations look like it."""
    if not element.is_whole:
        yield BrokenConversation(UNFINISHED)
    elif element.data is None:
        yield BrokenConversation(TOO_LONG)
    else:
        try:
            value = json.loads(element.data)
        except (ValueError, RecursionError):
            yield BrokenConversation(NOT_JSON)
        else:
            yield from _imported(value)


def _imported(value: Any) -> Iterator[Imported]:  # noqa: ANN401 - any JSON
    if not isinstance(value, Mapping):
        return
    reader = next((reader for reader in READERS if reader.is_one(value)), None)
    if reader:
        yield _read(reader.read, value)
    elif claude.is_project(value):
        yield claude.project(value)
    elif langai.is_manifest(value):
        yield from langai.folders(value)
    elif openwebui_saved.is_preset(value):
        yield openwebui_saved.preset(value)
    elif openwebui_saved.is_prompt(value):
        yield openwebui_saved.prompt(value)
    elif isinstance(value.get("conversations"), list):
        for inner in value["conversations"]:
            yield from _imported(inner)


def _read(read: Callable[[Mapping[str, Any]], ImportedConversation], value: Mapping[str, Any]) -> Imported:
    try:
        found = read(value)
    except BrokenError as error:
        return BrokenConversation(str(error), _title(value))
    except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError, IndexError, RecursionError):
        return BrokenConversation(UNREADABLE, _title(value))
    return found if found.messages else BrokenConversation(NO_MESSAGES, _title(value))


def _title(value: Mapping[str, Any]) -> str:
    return (text_of(value.get("title")) or text_of(value.get("name")))[:100]
