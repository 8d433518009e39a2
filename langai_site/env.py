"""Typed values from the environment, `.env` and `NAME_FILE`; a bad one is a clear error at start."""

import ipaddress
import os
import secrets
from collections.abc import Callable
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from environs import EnvError, FileAwareEnv
from marshmallow import ValidationError


def load(base: Path) -> FileAwareEnv:
    """Return a reader over the environment; values in `base/.env` fill in what is not set.

    An empty variable counts as not set: compose files pass `NAME=` for what the operator left out.
    """
    for name in [name for name, value in os.environ.items() if value == "" and name.isupper()]:
        del os.environ[name]
    reader = FileAwareEnv()
    reader.read_env(base / ".env", recurse=False)
    return reader


def reason(error: EnvError) -> str:
    """One line for an operator, without the library's own wording around it."""
    return " ".join(str(error).split())


def at_least(minimum: float) -> Callable[[float], None]:
    """Validator: a number not below `minimum`."""

    def check(value: float) -> None:
        if value < minimum:
            raise ValidationError(f"must be at least {minimum:g}")

    return check


def writable_folder(path: Path) -> Path:
    """Return `path`, created if missing. Raises ImproperlyConfigured where it cannot be written."""
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
    """Return the secret kept in `path`, made once (mode 0600) by whichever process comes first."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        secret = path.read_text().strip()
        if not secret:
            raise ImproperlyConfigured(
                f"{path} is empty; delete it to have a new secret made, or set SECRET_KEY."
            ) from None
        return secret
    secret = secrets.token_urlsafe(50)
    with os.fdopen(descriptor, "w") as file:
        file.write(secret)
    return secret


def networks(value: list[str]) -> list[str]:
    """Names, addresses or networks of hosts that count as local; each must be one of the three."""
    for item in value:
        if "/" in item:
            try:
                ipaddress.ip_network(item, strict=False)
            except ValueError as error:
                raise ImproperlyConfigured(f"LOCAL_HOSTS: {error}") from error
    return value
