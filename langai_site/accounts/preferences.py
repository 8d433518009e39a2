"""A person's own choices of how pages look and act: kept with the account, and drawn by the server.

So nothing flashes, and the choices hold on every device.
"""

from collections.abc import Container, Mapping

from django.http import HttpRequest
from django.utils.translation import gettext_lazy, pgettext_lazy

from langai_site.accounts.drafts import known_person
from langai_site.accounts.models import User

KEYS_OFF = ("on",)
THEMES = {
    "": gettext_lazy("Same as the system"),
    "light": pgettext_lazy("theme", "Light"),
    "dark": pgettext_lazy("theme", "Dark"),
    "contrast": gettext_lazy("High contrast"),
}
TEXT_SIZES = {
    "": pgettext_lazy("text size", "Normal"),
    "large": pgettext_lazy("text size", "Large"),
    "larger": pgettext_lazy("text size", "Very large"),
}


def shown(request: HttpRequest) -> dict[str, str]:
    """Return the template variables `theme`, `text_size` and `keys_off`. Reads no database.

    Theme and size are "" if the browser decides; `keys_off` is "on" if the person wants no keyboard shortcuts.
    """
    person = known_person(request)
    chosen: Mapping[str, object] = person.preferences if person else {}
    return {
        "theme": _one_of(THEMES, chosen.get("theme")),
        "text_size": _one_of(TEXT_SIZES, chosen.get("text_size")),
        "keys_off": _one_of(KEYS_OFF, chosen.get("keys_off")),
    }


def _one_of(known: Container[str], value: object) -> str:
    return value if isinstance(value, str) and value in known else ""


def choose(user: User, **choices: str) -> None:
    """Keep choices of a person; an empty one is forgotten, and other preferences stay."""
    kept = {**user.preferences, **choices}
    user.preferences = {name: value for name, value in kept.items() if value}
    user.save(update_fields=["preferences"])
