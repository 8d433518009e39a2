"""Pure: how a model's requests differ from the usual ones, as its row stores it and as an admin reads it."""

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.translation import gettext as _

from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.words import gettext_noop

Stored = Mapping[str, Any]
# The values that a row may contain. Others are ignored.
ALLOWED: dict[str, tuple[Any, ...]] = {
    "max_tokens_name": ("max_tokens", "max_completion_tokens", None),
    "system_role": ("system", "developer", "user"),
    **dict.fromkeys(("stream_options", "temperature", "stream", "reasoning_content", "opened"), (True, False)),
}
COUNTS = ("max_tokens_ceiling", "window")
WORDS = {
    ("max_tokens_name", "max_tokens"): gettext_noop("the longest answer is sent as max_tokens"),
    ("max_tokens_name", "max_completion_tokens"): gettext_noop("the longest answer is sent as max_completion_tokens"),
    ("max_tokens_name", None): gettext_noop("the longest answer is not sent"),
    ("stream_options", False): gettext_noop("token counts are not asked for"),
    ("system_role", "developer"): gettext_noop("instructions have the role developer"),
    ("system_role", "user"): gettext_noop("instructions come before the first question"),
    ("temperature", False): gettext_noop("the temperature is not sent"),
    ("stream", False): gettext_noop("answers come whole, not word by word"),
    ("reasoning_content", True): gettext_noop("earlier thinking is sent back"),
    ("opened", True): gettext_noop("answers begin with unmarked thinking"),
}
NAMES = {field.name for field in fields(Quirks)}


def read(*stored: Any) -> Quirks:  # noqa: ANN401 - JSON from the database
    """Return the quirks in a row's columns; a later column overrides an earlier one."""
    merged: dict[str, Any] = {}
    for row in stored:
        merged |= {name: value for name, value in row.items() if _fits(name, value)} if isinstance(row, dict) else {}
    return Quirks(**merged) if merged else USUAL


def window(listed: int, learnt: Any) -> int:  # noqa: ANN401 - JSON from the database
    """Return the smaller of the listed window and the one that the server named; 0 if neither is known."""
    return min(filter(None, (listed, read(learnt).window)), default=0)


def _fits(name: str, value: Any) -> bool:  # noqa: ANN401 - JSON
    if name in COUNTS:
        return isinstance(value, int) and not isinstance(value, bool) and value > 0
    return name in NAMES and value in ALLOWED[name]


def stored(quirks: Quirks) -> dict[str, Any]:
    """Return what differs from the usual."""
    usual = asdict(USUAL)
    return {name: value for name, value in asdict(quirks).items() if value != usual[name]}


def words(quirks: Quirks) -> str:
    """Return what differs from the usual, in words; empty if nothing does."""
    differing = stored(quirks)
    sentences = [_(WORDS[name, value]) for name, value in differing.items() if (name, value) in WORDS]
    if "max_tokens_ceiling" in differing:
        sentences.append(
            _("at most %(count)s tokens are asked for") % {"count": intcomma(differing["max_tokens_ceiling"])}
        )
    if "window" in differing:
        window = intcomma(differing["window"])
        sentences.append(_("question and answer have %(count)s tokens together") % {"count": window})
    return "; ".join(sentences)
