"""Caches the admins' rules from the database for some seconds: a message costs no additional query."""

import time
from typing import NamedTuple

from django.apps import apps
from django.db import transaction

from langai_site.detectors.rules import DetectorRule

# Seconds until every process knows of a change.
REMEMBERED = 3.0


class _Read(NamedTuple):
    rules: tuple[DetectorRule, ...]
    at: float


_last: _Read | None = None


def current() -> tuple[DetectorRule, ...]:
    """Return the enabled rules, by name."""
    global _last
    now = time.monotonic()
    last = _last
    if last is None or now - last.at > REMEMBERED:
        _last = last = _Read(_rules(), now)
    return last.rules


def forget() -> None:
    """Read the rules again next time."""
    global _last
    _last = None


def on_change(**kwargs: object) -> None:
    """Handle a saved or deleted rule: this process knows it with the commit, others within `REMEMBERED` seconds."""
    forget()
    transaction.on_commit(forget)


def _rules() -> tuple[DetectorRule, ...]:
    # Not imported above: the model checks its patterns with this package.
    model = apps.get_model("langai_site", "SensitivePattern")
    return tuple(row.rule for row in model.objects.filter(enabled=True).order_by("name"))
