"""Checks what people send: a message, its model, its label, and the options for its answer."""

import re
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, replace
from math import isfinite
from typing import Any

from django.conf import settings
from django.utils.translation import gettext as _

from chat.values import Level
from langai_site.errors import InvalidError
from langai_site.numbers import grouped, shortest

# Blank lines at the beginning; `\n` is left out of blanks so that each is read once.
_BLANK_LINES = re.compile(r"\A(?:[^\S\n]*\n)+")
AUTOMATIC = "auto"
# Instructions for an answer of another length.
LENGTHS = {
    "shorter": "Answer much more briefly than usual: only what matters most, in a few sentences.",
    "longer": "Answer in more detail than usual, with the steps, reasons and examples that help to understand it.",
}
# What a form says to ask only models in the building.
LOCAL = "local"
COMPLEXITIES = (AUTOMATIC, *(level.value for level in Level))


def complexities() -> list[tuple[str, str]]:
    """Return what a form offers, each with the name that people see."""
    return [(AUTOMATIC, _("Auto")), *((level.value, level.label) for level in Level)]


@dataclass(frozen=True)
class Options:
    """How to answer; None leaves the complexity to LangAI's scoring and the temperature to the model."""

    complexity: Level | None = None
    temperature: float | None = None
    max_tokens: int | None = None

    def written(self) -> dict[str, Any]:
        """Return the options as a row stores them: only those that are set."""
        return {name: value for name, value in asdict(self).items() if value is not None}

    @classmethod
    def read(cls, row: Mapping[str, Any]) -> "Options":
        """Read options that a row stores."""
        complexity = row.get("complexity")
        return cls(Level(complexity) if complexity else None, row.get("temperature"), row.get("max_tokens"))

    def limited(self, max_tokens: int | None) -> "Options":
        """Return the options with a shorter answer, where one is asked for."""
        return replace(self, max_tokens=max_tokens) if max_tokens else self


AS_USUAL = Options()


@dataclass(frozen=True)
class Pick:
    """Which model is to answer, and what it is given.

    `local_only`: only models in the building. `allowed_passages`: leave out passages above what the model may see,
    instead of asking no model at all. `documents`: search all ("all") or none ("none"), whatever the question chose.
    `length` is one of LENGTHS, or empty. `fresh`: skip the cache. `kept`: the conversation used this model before, so
    Auto replaces it if it is gone; `gone` is then its name. `max_tokens`: a shorter answer than the message asks for.
    """

    model: str
    local_only: bool = False
    allowed_passages: bool = False
    documents: str = ""
    length: str = ""
    fresh: bool = False
    kept: bool = False
    gone: str = ""
    max_tokens: int | None = None

    def written(self) -> dict[str, Any]:
        """Return the choices that a reply's row stores, so that Continue can use them again."""
        chosen = {"documents": self.documents, "length": self.length, "models": LOCAL if self.local_only else ""}
        return {name: value for name, value in chosen.items() if value}

    def as_requested(self, row: Mapping[str, Any]) -> "Pick":
        """Return the pick with the choices that a reply's row stores."""
        local_only = self.local_only or row.get("models") == LOCAL
        return replace(self, documents=row.get("documents", ""), length=row.get("length", ""), local_only=local_only)

    def named(self, before: str) -> "Pick":
        """Return the pick with a model: that of `before` if none was picked."""
        named = model(self.model or before)
        return replace(self, model=named, kept=named == before)

    def among(self, names: Collection[str]) -> "Pick":
        """Return the pick, with Auto if the conversation's own model is no longer among `names`."""
        if not self.kept or self.model in names:
            return self
        return replace(self, model=AUTOMATIC, gone=self.model)


AS_BEFORE = Pick("")


def again(form: Mapping[str, Any]) -> Pick:
    """Read from a form how a question is to be answered again. Values that are not known change nothing."""
    documents, length = form.get("documents", ""), form.get("length", "")
    return Pick(
        form.get("model", ""),
        local_only=form.get("models") == LOCAL,
        allowed_passages=form.get("passages") == "allowed",
        documents=documents if documents in ("all", "none") else "",
        length=length if length in LENGTHS else "",
        max_tokens=_max_tokens(form.get("max_tokens")),
    )


def text(written: str, *, most: int | None = None) -> str:
    """Return the message to send, with at most `most` characters; None means MESSAGE_MAX_CHARS.

    Raises InvalidError if it is empty or too long.
    """
    most = most or settings.MESSAGE_MAX_CHARS
    written = _without_blank_ends(written.replace("\r\n", "\n").replace("\x00", ""))
    if not written:
        raise InvalidError(_("Write a message first."))
    if len(written) > most:
        raise InvalidError(
            _(
                "The message has %(count)s characters; %(most)s are allowed. "
                "Shorten it, or ask an admin to upload it as a document."
            )
            % {"count": grouped(len(written)), "most": grouped(most)}
        )
    return written


def _without_blank_ends(written: str) -> str:
    """Return the text without blank lines around it. Several lines may be code, so the first keeps its indentation."""
    written = _BLANK_LINES.sub("", written.rstrip())
    return written if "\n" in written else written.lstrip()


def model(name: str) -> str:
    """Check that a model could have this name; whether it exists is checked when the turn is routed."""
    if len(name) > 200 or not name.isprintable():
        raise InvalidError(_("There is no model by that name. Choose one from the list."))
    return name


def options(form: Mapping[str, Any]) -> Options:
    """Read complexity, temperature and length from a form, or from a program's values. Raises InvalidError."""
    return Options(
        _complexity(form.get("complexity") or AUTOMATIC),
        _temperature(form.get("temperature")),
        _max_tokens(form.get("max_tokens")),
    )


def _complexity(name: str) -> Level | None:
    try:
        return None if name == AUTOMATIC else Level(name)
    except ValueError:
        raise InvalidError(_("This complexity is not known. Choose auto, simple, moderate or complex.")) from None


def _temperature(value: str | float | None) -> float | None:
    if value in (None, ""):
        return None
    most = settings.TEMPERATURE_MAX
    chosen = _number(value)
    if chosen is None or not 0 <= chosen <= most:
        raise InvalidError(_("The temperature must be a number from 0 to %(most)s.") % {"most": shortest(most)})
    return chosen


def _max_tokens(value: str | int | None) -> int | None:
    if value in (None, ""):
        return None
    most = settings.ANSWER_MAX_TOKENS
    chosen = _number(value)
    if chosen is None or not chosen.is_integer() or not 1 <= chosen <= most:
        raise InvalidError(
            _("The longest answer must be a whole number of tokens from 1 to %(most)s.") % {"most": grouped(most)}
        )
    return int(chosen)


def switch(value: str | None) -> bool | None:
    """Return what a form's switch says; None if it says nothing."""
    return {"on": True, "off": False}.get(value or "")


def lowered(max_tokens: int | None) -> int | None:
    """Return the longest answer for a program that requests `max_tokens`: programs often request more than they need.

    People choose from what the page offers, so their value is refused by `options` instead.
    """
    return max_tokens and min(max_tokens, settings.ANSWER_MAX_TOKENS)


def _number(value: Any) -> float | None:  # noqa: ANN401 - whatever a form or a program holds
    try:
        number = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return number if isfinite(number) else None
