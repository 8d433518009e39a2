"""Typed values from the environment, `.env` and `NAME_FILE`; an invalid one is a clear error at start."""

import base64
import ipaddress
import os
import re
import secrets
import zoneinfo
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv
from marshmallow import ValidationError

from langai_site import hosts

SQLITE, POSTGRESQL = "django.db.backends.sqlite3", "django.db.backends.postgresql"


# Names shorter than this are too like those of other programs: HOST, HOME and PORT.
SHORTEST_NAME = 8
SHORTEST_SECRET = 16


class SettingsReader(FileAwareEnv):
    """Says which setting's file cannot be read, and knows the names of all settings that were read."""

    def __init__(self, *args: Any, **options: Any) -> None:  # noqa: ANN401 - as in the library
        super().__init__(*args, **options)
        self.names: set[str] = set()

    def _get_value(self, env_key: str, default: Any) -> Any:  # noqa: ANN401 - as in the library
        self.names.add(env_key)
        try:
            return super()._get_value(env_key, default)
        except (OSError, ValueError) as error:
            raise ImproperlyConfigured(
                f"the file that {env_key}_FILE names cannot be read as text; set it to one that can."
            ) from error


def load(base: Path) -> SettingsReader:
    """Return a reader over the environment; values in `base/.env` fill in what is not set.

    An empty variable counts as not set: compose files pass `NAME=` for what the operator left out.
    """
    for name in [name for name, value in os.environ.items() if value == "" and name.isupper()]:
        del os.environ[name]
    reader = SettingsReader(strip_whitespace=True)
    reader.add_parser("rate", rate)
    reader.read_env(base / ".env", recurse=False)
    return reader


def misspelt(names: Iterable[str], known: set[str]) -> dict[str, str]:
    """Return the names that are nearly those of settings, each with the setting that was probably meant.

    A name that ends in a digit is left out: connections may have a second key beside a setting's.
    """
    files = {f"{name}_FILE" for name in known}
    candidates = [name for name in names if name.isupper() and len(name) >= SHORTEST_NAME and not name[-1].isdigit()]
    found = {}
    for name in sorted(set(candidates) - known - files):
        # A change replaces one letter by another, so names that share too few letters need not be compared.
        alike = (other for other in known if abs(len(name) - len(other)) <= 2 and len(set(name) ^ set(other)) <= 4)
        near = sorted((distance(name, other), other) for other in alike)
        if near and near[0][0] <= (1 if len(name) < 10 else 2):
            found[name] = near[0][1]
    return found


def distance(one: str, other: str) -> int:
    """Return how many letters must be changed, added, left out or swapped with the next to make one of the other."""
    rows = [list(range(len(other) + 1))]
    for i, letter in enumerate(one, 1):
        row = [i]
        for j, target in enumerate(other, 1):
            best = min(rows[-1][j] + 1, row[-1] + 1, rows[-1][j - 1] + (letter != target))
            if i > 1 and j > 1 and (letter, one[i - 2]) == (other[j - 2], target):
                best = min(best, rows[-2][j - 2] + 1)
            row.append(best)
        rows.append(row)
    return rows[-1][-1]


def long_secret(value: str) -> str:
    """Return `value`. Raises ImproperlyConfigured for a secret that can be guessed."""
    if len(value) < SHORTEST_SECRET:
        length = "1 character" if len(value) == 1 else f"{len(value)} characters"
        raise ImproperlyConfigured(
            f"SECRET_KEY has {length}, so it can be guessed; set it to at least {SHORTEST_SECRET} random ones, or "
            "leave it out to have one made. Put the old one into SECRET_KEY_FALLBACKS to keep what it encrypted."
        )
    return value


def reason(error: EnvError) -> str:
    """Return one line for an operator, without the library's own words around it."""
    return " ".join(str(error).split())


def at_least(minimum: float) -> Callable[[float], None]:
    """Return a validator for a number that is at least `minimum`."""

    def check(value: float) -> None:
        if value < minimum:
            raise ValidationError(f"must be at least {minimum:g}")

    return check


def address(*schemes: str) -> Callable[[str], None]:
    """Return a validator for an empty value, or an address with one of `schemes` and a host.

    Its errors do not repeat the value, which may contain a password.
    """

    def check(value: str) -> None:
        try:
            parts = urlsplit(value)
            good = parts.scheme in schemes and parts.hostname and parts.port != 0
        except ValueError:
            good = False
        if value and not good:
            raise ValidationError(f"must be an address such as {schemes[0]}://host:port")

    return check


web_address = address("http", "https")


def origins(values: list[str]) -> None:
    """Validate that each is a scheme and a host, as browsers send them: no path, not even a slash at the end."""
    for value in values:
        web_address(value)
        if value.count("/") > 2:
            raise ValidationError("must be addresses without a path, such as https://chat.example.org")


def embedder(value: str) -> None:
    """Validate `local`, `local-en`, or LiteLLM's name of an embedder that can be used here."""
    provider, _, model = value.partition("/")
    if value not in hosts.LOCAL_EMBEDDERS and not (provider in hosts.EMBEDDER_PROVIDERS and model.strip()):
        names = ", ".join(f"{name}/…" for name in hosts.EMBEDDER_PROVIDERS)
        raise ValidationError(f"must be local, local-en, or a name such as openai/text-embedding-3-small ({names})")


def absolute_path(value: str) -> None:
    """Validate an empty value, or a path that is the same from whichever folder a process was started."""
    if value and not Path(value).is_absolute():
        raise ValidationError("must be a whole path, such as /mnt/elsewhere/heads.jsonl")


def syslog_address(value: str) -> None:
    """Validate an empty value, or an address where syslog listens."""
    if value.startswith("unix:///") and len(value) > len("unix:///"):
        return
    address("udp", "tcp")(value)


def webhook_secret(value: str) -> None:
    """Validate an empty value, or a secret that cannot be guessed; one that begins with whsec_ is Base64."""
    if value and len(value) < SHORTEST_SECRET:
        raise ValidationError(f"must have at least {SHORTEST_SECRET} characters")
    if value.startswith("whsec_"):
        try:
            base64.b64decode(value.removeprefix("whsec_"), validate=True)
        except ValueError:
            raise ValidationError("must be Base64 after whsec_") from None


def mail_addresses(values: list[str]) -> None:
    """Validate that each could be an e-mail address."""
    if not all(re.fullmatch(r"[^@\s]+@[^@\s]+", value) for value in values):
        raise ValidationError("must be e-mail addresses, separated by commas")


def ocr_languages(value: str) -> None:
    """Validate names of languages, as tesseract takes them."""
    if not re.fullmatch(r"\w+(\+\w+)*", value, re.ASCII):
        raise ValidationError("must be names of tesseract's languages, such as eng or deu+eng")


def rate(value: str) -> str:
    """Return a rate such as `60/m` unchanged; a number alone means per minute; 0 becomes "", which is off.

    Periods are seconds, minutes, hours or days, several of them as in `5/10m`. Raises ValidationError for others.
    """
    if re.fullmatch(r"\d+", value, re.ASCII):
        value = f"{value}/m"
    if not re.fullmatch(r"\d+/([1-9]\d*)?[smhd]", value, re.ASCII):
        raise ValidationError("must be a rate such as 60/m or 5/10m, with s, m, h or d for the time, or 0 for no limit")
    return value if int(value.partition("/")[0]) else ""


def time_zone(value: str) -> None:
    """Validate a time zone's name."""
    try:
        zoneinfo.ZoneInfo(value)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError):
        raise ValidationError("must be the name of a time zone, such as Europe/Vienna") from None


def share(value: float | None) -> None:
    """Validate a number from 0 to 1, or None."""
    if value is not None and not 0 <= value <= 1:
        raise ValidationError("must be a number from 0 to 1")


def usable_embedder(name: str, address: str, key: str, ceiling: str, local_hosts: list[str]) -> None:
    """Raise ImproperlyConfigured if the embedder has no server, or might be shown confidential text."""
    if name in hosts.LOCAL_EMBEDDERS:
        return
    if not address:
        other = "OLLAMA_BASE_URL" if name.startswith("ollama/") else "OPENAI_BASE_URL"
        raise ImproperlyConfigured(f"EMBEDDER={name} has no server; set EMBEDDER_BASE_URL or {other}.")
    if address == hosts.OPENAI and not key:
        raise ImproperlyConfigured(f"EMBEDDER={name} needs a key; set OPENAI_API_KEY or EMBEDDER_API_KEY.")
    in_building = hosts.is_local(address, local_hosts) and not hosts.leaves_ollama(name)
    if ceiling == "confidential" and not in_building:
        raise ImproperlyConfigured(
            f"EMBEDDER_CEILING must not be confidential: EMBEDDER={name} is not on one of LOCAL_HOSTS, and "
            "confidential text is embedded in the building only. Set it to internal or public, or leave it out."
        )


def mail_server(value: dict[str, Any]) -> dict[str, Any]:
    """Return `value`. Raises ImproperlyConfigured if it names no way to send mail."""
    if not value.get("EMAIL_BACKEND"):
        raise ImproperlyConfigured(
            "EMAIL_URL must be an address such as submission://user:password@host:587, console: or dummy:."
        )
    return value


def known_database(value: dict[str, Any]) -> dict[str, Any]:
    """Return `value`. Raises ImproperlyConfigured if LangAI does not work with such a database."""
    if value["ENGINE"] not in (SQLITE, POSTGRESQL):
        raise ImproperlyConfigured(
            "DATABASE_URL must be an address such as postgresql://user:password@host/name, or sqlite:///path."
        )
    return value


def database_options(engine: str) -> dict[str, Any]:
    """Return Django's options for a database of this kind."""
    if engine == POSTGRESQL:
        return {"pool": {"min_size": 1, "max_size": 10, "timeout": 5}}
    return {
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA cache_size=-16000; "
        # SQLite overwrites deleted rows, so that nobody can read them from the file.
        "PRAGMA secure_delete=ON;",
    }


def writable_folder(path: Path) -> Path:
    """Return `path`, created if missing. Raises ImproperlyConfigured if it cannot be written."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"the folder {path} cannot be made ({error.strerror}); set DATA_DIR to one that can."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"the folder {path} cannot be written; set DATA_DIR to one that can, or change its owner."
        )
    return path


def stored_secret(path: Path) -> str:
    """Return the secret kept in `path`; the first process to come creates it, with mode 0600."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = _read(path)
        if not secret:
            raise ImproperlyConfigured(
                f"{path} is empty; delete it to have a new secret made, or set SECRET_KEY."
            ) from None
        return secret
    secret = secrets.token_urlsafe(50)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secret)
    except OSError:
        # An empty file would keep the next start from making one.
        path.unlink(missing_ok=True)
        raise
    return secret


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except (OSError, ValueError) as error:
        raise ImproperlyConfigured(f"{path} cannot be read; change its owner, or set SECRET_KEY.") from error


def networks(value: list[str]) -> list[str]:
    """Return names, addresses or networks of hosts that count as local. Raises ImproperlyConfigured for bad ones."""
    for item in value:
        if "/" in item:
            try:
                ipaddress.ip_network(item, strict=False)
            except ValueError as error:
                raise ImproperlyConfigured(f"LOCAL_HOSTS: {error}") from error
    return value
