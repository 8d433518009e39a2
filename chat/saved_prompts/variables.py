"""Pure: the variables of a prompt, such as `{{name}}` or `{{tone: formal | friendly}}`, and the text with their values.

A variable that stands in a text twice is asked for once. Whatever does not look like a variable stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from django.utils.translation import gettext as _

from langai_site.errors import InvalidError
from langai_site.numbers import grouped

# A name begins with a letter. So `{{ user.name }}` and `{{#each}}`, which are other programs' templates, are none.
_VARIABLE = re.compile(r"\{\{[ \t]*([^\W\d_][\w -]{0,39}?)[ \t]*(?::([^{}\n]{0,500}))?\}\}")
VARIABLES_MAX, CHOICES_MAX, CHARS_MAX, LONG_CHARS_MAX = 20, 30, 500, 10_000


class VariableKind(StrEnum):
    TEXT = "text"
    LONG = "long text"
    DATE = "date"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True)
class Variable:
    """What a form asks for. `choices` are those of a choice."""

    name: str
    kind: VariableKind = VariableKind.TEXT
    choices: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """Return how many characters its value may have."""
        return LONG_CHARS_MAX if self.kind == VariableKind.LONG else CHARS_MAX


class ValuesError(InvalidError):
    """Some values cannot be used; `problems` says why, by the names of the variables."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = problems


def variables(text: str) -> tuple[Variable, ...]:
    """Return the variables of a text, each once, in order. Raises InvalidError for one that cannot be understood."""
    found: dict[str, Variable] = {}
    for name, kind in _VARIABLE.findall(text):
        variable = _variable(name, kind.strip())
        before = found.setdefault(_key(name), variable)
        is_described = bool(kind.strip())
        if is_described and (before.kind, before.choices) != (variable.kind, variable.choices):
            if before.kind != VariableKind.TEXT:
                words = _("“%(name)s” is described in two ways. Describe it once, then write {{%(name)s}}.")
                raise InvalidError(words % {"name": name})
            found[_key(name)] = variable
    if len(found) > VARIABLES_MAX:
        words = _("The prompt has %(count)s variables; %(most)s are allowed.")
        raise InvalidError(words % {"count": len(found), "most": VARIABLES_MAX})
    return tuple(found.values())


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _variable(name: str, described: str) -> Variable:
    if "|" not in described:
        try:
            return Variable(name, VariableKind(" ".join(described.lower().split()) or VariableKind.TEXT))
        except ValueError:
            words = _(
                "“%(described)s” is not a kind of variable. After “%(name)s:” write long text, date or number, "
                "or choices with | between them."
            )
            raise InvalidError(words % {"described": described, "name": name}) from None
    choices = tuple(dict.fromkeys(filter(None, (choice.strip() for choice in described.split("|")))))
    if not 2 <= len(choices) <= CHOICES_MAX:
        words = _("“%(name)s” has %(count)s choices. Write 2 to %(most)s, with | between them.")
        raise InvalidError(words % {"name": name, "count": len(choices), "most": CHOICES_MAX})
    return Variable(name, VariableKind.CHOICE, choices)


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return the text with the values, by the names of the variables. Raises ValuesError.

    Values are put in as they are: what looks like a variable in them is not filled in.
    """
    asked = variables(text)
    given = {variable.name: values.get(variable.name, "").replace("\r\n", "\n").replace("\0", "") for variable in asked}
    problems = {variable.name: problem for variable in asked if (problem := _problem(variable, given[variable.name]))}
    if problems:
        raise ValuesError(problems)
    by_key = {_key(name): value.strip() for name, value in given.items()}
    return _VARIABLE.sub(lambda found: by_key[_key(found[1])], text)


def _problem(variable: Variable, value: str) -> str:
    """Return what is wrong with a value, and what to do; empty if it can be used."""
    value = value.strip()
    if not value:
        return _("Fill in “%(name)s”.") % {"name": variable.name}
    if len(value) > variable.most:
        words = _("“%(name)s” has %(chars)s characters; %(most)s are allowed.")
        return words % {"name": variable.name, "chars": grouped(len(value)), "most": grouped(variable.most)}
    if variable.kind == VariableKind.CHOICE and value not in variable.choices:
        return _("Choose one of the list for “%(name)s”.") % {"name": variable.name}
    if variable.kind == VariableKind.DATE and not _is_date(value):
        return _("“%(name)s” must be a date such as 2026-11-30.") % {"name": variable.name}
    if variable.kind == VariableKind.NUMBER and not _is_number(value):
        return _("“%(name)s” must be a number such as 12 or 3.5.") % {"name": variable.name}
    return ""


def _is_date(value: str) -> bool:
    try:
        return bool(date.fromisoformat(value))
    except ValueError:
        return False


def _is_number(value: str) -> bool:
    try:
        return Decimal(value).is_finite()
    except InvalidOperation:
        return False
