"""The vulnerabilities that somebody has looked at and let pass, each with a reason and a last day."""

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

LONGEST = timedelta(days=184)
FIELDS = {"id": str, "package": str, "reason": str, "expires": date}


@dataclass(frozen=True)
class Allowed:
    """One that may be there until the day `expires`, which is included."""

    id: str
    package: str
    reason: str
    expires: date


def read(path: Path, today: date) -> tuple[list[Allowed], list[str]]:
    """Return the exceptions that hold, and a sentence for each that does not."""
    good, problems = [], []
    for values in tomllib.loads(path.read_text()).get("exception", []):
        if problem := _problem(values, today):
            problems.append(problem)
        else:
            good.append(Allowed(**values))
    return good, problems


def _problem(values: dict[str, object], today: date) -> str:
    name = values.get("id") or "one without an id"
    wrong = [field for field, kind in FIELDS.items() if type(values.get(field)) is not kind or not values[field]]
    if wrong or set(values) - set(FIELDS):
        return f"The exception {name} needs exactly {', '.join(FIELDS)}; expires is a date."
    if values["expires"] < today:
        return f"The exception {name} expired on {values['expires']}. Update the package, or review it again."
    if values["expires"] > today + LONGEST:
        return f"The exception {name} holds for too long: half a year at most."
    return ""
