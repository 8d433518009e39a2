"""Refuses a form if what its page showed has changed since: saving it would undo a change that its person never saw.

This matters for what decides who gets to see a text: labels, ceilings, readers. A form sends along the values that its
page showed, in its field `seen`. If the present ones differ, and the form would set others, nothing is saved. A program
that sends no `seen` is not refused.
"""

import json
from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity

SEEN = "seen"
CHANGED = gettext_lazy(
    "This was changed while the page was open; what it is now is shown here. Nothing was saved. "
    "Check it, then save again."
)


def written(values: Mapping[str, Any]) -> str:
    """Return values that a page shows as its field `seen`."""
    return json.dumps(values)


def read(text: str) -> dict[str, Any]:
    """Return the values that a page showed; none if its field is missing or damaged."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def changed(seen: Mapping[str, Any], present: Mapping[str, Any], wanted: Mapping[str, Any]) -> list[str]:
    """Return the names of the values that are no longer what a page showed, and that its form would set again."""
    return [name for name, now in present.items() if seen.get(name, now) != now and wanted.get(name, now) != now]


def refuse_changed(seen: Mapping[str, Any], present: Mapping[str, Any], wanted: Mapping[str, Any]) -> None:
    """Raise ConflictError if a form would set again what has changed since its page was shown."""
    if changed(seen, present, wanted):
        raise ConflictError(CHANGED)


def refuse_changed_label(seen: Sensitivity | None, now: Sensitivity, wanted: Sensitivity) -> None:
    """Raise ConflictError if a form would set another label than the present one without its person having seen that.

    `seen` is the label that its page showed; None if it does not say.
    """
    if seen is not None and seen != now and wanted != now:
        raise ConflictError(
            _(
                "The label was changed to “%(label)s” while this page was open, so nothing was saved. Check the label, "
                "then save again."
            )
            % {"label": now.label}
        )
