"""A person's own choices of how pages look: kept with the account, and drawn by the server, so that nothing flashes."""

from collections.abc import Mapping

from django.http import HttpRequest

from langai_site.accounts.drafts import known_person
from langai_site.accounts.models import User

THEMES = {"": "As the system says", "light": "Light", "dark": "Dark"}
TEXT_SIZES = {"": "Normal", "large": "Large", "larger": "Very large"}


def shown(request: HttpRequest) -> dict[str, str]:
    """Return the template variables `theme` and `text_size`; "" where the browser decides. Reads no database."""
    person = known_person(request)
    chosen: Mapping[str, object] = person.preferences if person else {}
    return {"theme": _one_of(THEMES, chosen.get("theme")), "text_size": _one_of(TEXT_SIZES, chosen.get("text_size"))}


def _one_of(known: Mapping[str, str], value: object) -> str:
    return value if isinstance(value, str) and value in known else ""


def choose(user: User, **choices: str) -> None:
    """Keep choices of a person; an empty one is forgotten, and other preferences stay."""
    kept = {**user.preferences, **choices}
    user.preferences = {name: value for name, value in kept.items() if value}
    user.save(update_fields=["preferences"])
