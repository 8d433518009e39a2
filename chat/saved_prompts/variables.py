"""Pure: the variables of a prompt, such as `{{name}}` or `{{tone: formal | friendly}}`, and the text with their values.

A variable that stands in a text twice is asked for once. Whatever does not look like a variable stays as it is.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum

from langai_site.errors import InvalidError

# A name begins with a letter. So `{{ user.name }}` and `{{#each}}`, which are other programs' templates, are none.
_VARIABLE = re.compile(r"\{\{[ \t]*([^\W\d_][\w -]{0,39}?)[ \t]*(?::([^{}\n]{0,500}))?\}\}")
VARIABLES_MAX, CHOICES_MAX, CHARS_MAX, LONG_CHARS_MAX = 20, 30, 500, 10_000


class Kind(StrEnum):
    TEXT = "text"
    LONG = "long text"
    DATE = "date"
    NUMBER = "number"
    CHOICE = "choice"


@dataclass(frozen=True)
class Variable:
    """What a form asks for. `choices` are those of a choice."""

    name: str
    kind: Kind = Kind.TEXT
    choices: tuple[str, ...] = ()

    @property
    def most(self) -> int:
        """Return how many characters its value may have."""
        return LONG_CHARS_MAX if self.kind == Kind.LONG else CHARS_MAX


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
            if before.kind != Kind.TEXT:
                raise InvalidError(f"“{name}” is described in two ways. Describe it once, then write {{{{{name}}}}}.")
            found[_key(name)] = variable
    if len(found) > VARIABLES_MAX:
        raise InvalidError(f"The prompt has {len(found)} variables; {VARIABLES_MAX} are allowed.")
    return tuple(found.values())


def _key(name: str) -> str:
    return " ".join(name.casefold().split())


def _variable(name: str, described: str) -> Variable:
    if "|" not in described:
        try:
            return Variable(name, Kind(" ".join(described.lower().split()) or Kind.TEXT))
        except ValueError:
            raise InvalidError(
                f"“{described}” is not a kind of variable. After “{name}:” write long text, date or number, "
                "or choices with | between them."
            ) from None
    choices = tuple(dict.fromkeys(filter(None, (choice.strip() for choice in described.split("|")))))
    if not 2 <= len(choices) <= CHOICES_MAX:
        raise InvalidError(f"“{name}” has {len(choices)} choices. Write 2 to {CHOICES_MAX}, with | between them.")
    return Variable(name, Kind.CHOICE, choices)


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
        return f"Fill in “{variable.name}”."
    if len(value) > variable.most:
        return f"“{variable.name}” has {len(value):,} characters; {variable.most:,} are allowed."
    if variable.kind == Kind.CHOICE and value not in variable.choices:
        return f"Choose one of the list for “{variable.name}”."
    if variable.kind == Kind.DATE and not _is_date(value):
        return f"“{variable.name}” must be a date such as 2026-11-30."
    if variable.kind == Kind.NUMBER and not _is_number(value):
        return f"“{variable.name}” must be a number such as 12 or 3.5."
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
