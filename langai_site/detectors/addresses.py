"""Detects addresses of databases and servers that contain a password."""

from collections.abc import Iterable

from langai_site.detectors.randomness import is_placeholder
from langai_site.detectors.regexes import compiled
from langai_site.detectors.types import Detection, confidential

_ADDRESS = compiled(
    r"\b[a-z][a-z0-9+.-]{1,30}://"
    r"([^\s:/?#@\"'`<>]{0,100}):"
    r"([^\s/@\"'`<>]{3,200})@[\pL\pN\[]"
)


def find(text: str) -> Iterable[Detection]:
    addresses = {match.group() for match in _ADDRESS.finditer(text) if _is_secret(*match.groups())}
    return confidential("address_with_password", len(addresses))


def _is_secret(user: str, password: str) -> bool:
    """Return whether it is a real password: not `user:password`, nor a database's default, where both are the same."""
    return not is_placeholder(password) and password.lower() != user.lower()
