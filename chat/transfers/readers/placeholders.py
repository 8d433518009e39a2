"""Pure: the variables of Open WebUI's prompts, in LangAI's words.

There they look like `{{name}}` or `{{tone | select:options=["formal","friendly"]:required}}`, and some, such as
`{{CLIPBOARD}}`, are filled in by the program itself. LangAI asks its person for all of them.
"""

import json
import re
from collections.abc import Iterator

from langai_site.words import gettext_noop

FILLED_IN = gettext_noop("Values that Open WebUI fills in by itself: LangAI asks for them when the prompt is used")
DETAILS = gettext_noop("Default values, hints and limits of variables")
CHOICES = gettext_noop("Choices of variables that LangAI cannot offer: they became a text to write")
IN_INSTRUCTIONS = gettext_noop("Variables in instructions: LangAI does not fill them in. Edit the assistant")

_PLACEHOLDER = re.compile(r"\{\{[ \t]*([^{}|\n]{1,600}?)[ \t]*(?:\|([^{}\n]{0,4000}))?\}\}")
# `text`, `required`, `placeholder="a: b"` and `options=["a","b"]`, with colons between them.
_PROPERTY = re.compile(r'\s*([\w-]{1,40})\s*(?:=\s*("(?:[^"\\]|\\.)*"|\[[^\]]*\]|[^:]*))?\s*(?::|$)')
_KINDS = {"textarea": "long text", "date": "date", "number": "number", "range": "number"}
_CHECKBOX = ("true", "false")
# What changes nothing for the person who fills in the form.
_NO_LOSS = {"required", "options"}
_BY_ITSELF = {
    "CLIPBOARD": "long text",
    "CURRENT_DATE": "date",
    "CURRENT_DATETIME": "",
    "CURRENT_TIME": "",
    "CURRENT_TIMEZONE": "",
    "CURRENT_WEEKDAY": "",
    "USER_AGE": "number",
    "USER_BIO": "long text",
    "USER_BIRTH_DATE": "date",
    "USER_EMAIL": "",
    "USER_GENDER": "",
    "USER_LANGUAGE": "",
    "USER_LOCATION": "",
    "USER_NAME": "",
}
NAME_MAX, CHOICES_MAX, DESCRIBED_MAX = 40, 30, 500
# Of a prompt's title, and of a placeholder as a report names it.
Lost = tuple[str, str]


class _Translation:
    """One text that is being translated. `names` are the variables so far by their names there."""

    def __init__(self) -> None:
        self.names: dict[str, str] = {}
        self.lost: list[Lost] = []

    def put(self, found: "re.Match[str]") -> str:
        written, described = found[1], found[2] or ""
        if not (written[0].isalnum() or written[0] == "_"):
            # Such as {{#each}} of other templates.
            return found[0]
        known = self.names.get(written)
        if known:
            return f"{{{{{known}}}}}"
        self.names[written] = name = self._free(_name(written))
        kind = self._by_itself(written) if written in _BY_ITSELF else self._kind(written, described)
        return f"{{{{{name}: {kind}}}}}" if kind else f"{{{{{name}}}}}"

    def _free(self, name: str) -> str:
        """Return the name, with a number if another variable has it: LangAI ignores the case of letters."""
        taken = {one.casefold() for one in self.names.values()}
        number = 1
        shown = name
        while shown.casefold() in taken:
            number += 1
            shown = f"{name[: NAME_MAX - 4]} {number}"
        return shown

    def _by_itself(self, written: str) -> str:
        self.lost.append((FILLED_IN, written))
        return _BY_ITSELF[written]

    def _kind(self, written: str, described: str) -> str:
        properties = dict(_properties(described))
        kind = next(iter(properties), "")
        if kind == "checkbox":
            choices: tuple[str, ...] = _CHECKBOX
        else:
            choices = _choices(properties.get("options", ""))
        if set(properties) - {kind} - _NO_LOSS:
            self.lost.append((DETAILS, written))
        if kind not in ("select", "checkbox"):
            return _KINDS.get(kind, "")
        joined = " | ".join(choices)
        if not 2 <= len(choices) <= CHOICES_MAX or len(joined) > DESCRIBED_MAX:
            self.lost.append((CHOICES, written))
            return ""
        return joined


def translated(text: str) -> tuple[str, tuple[Lost, ...]]:
    """Return a prompt's text with LangAI's variables, and what is lost: the reason and the variable's name."""
    translation = _Translation()
    return _PLACEHOLDER.sub(translation.put, text), tuple(translation.lost)


def in_instructions(text: str) -> tuple[Lost, ...]:
    """Return the variables that Open WebUI would fill in within instructions."""
    found = dict.fromkeys(name for name, _described in _PLACEHOLDER.findall(text) if name in _BY_ITSELF)
    return tuple((IN_INSTRUCTIONS, name) for name in found)


def _name(written: str) -> str:
    """Return a name that LangAI understands: it begins with a letter, and has letters, digits, - and _."""
    words = " ".join(re.sub(r"[^\w -]+", " ", written).split())
    if written in _BY_ITSELF:
        words = words.lower().replace("_", " ")
    if not words[:1].isalpha():
        words = f"value {words}"
    return words[:NAME_MAX].strip() or "value"


def _properties(described: str) -> Iterator[tuple[str, str]]:
    """Yield the kind of a variable, then its properties with their values."""
    place = 0
    while place < len(described) and (found := _PROPERTY.match(described, place)):
        yield found[1], found[2] or ""
        place = found.end()


def _choices(options: str) -> tuple[str, ...]:
    try:
        values = json.loads(options) if options else []
    except (ValueError, RecursionError):
        return ()
    texts = (str(value) for value in values) if isinstance(values, list) else ()
    return tuple(dict.fromkeys(filter(None, (" ".join(re.sub(r"[|{}]", " ", text).split()) for text in texts))))
