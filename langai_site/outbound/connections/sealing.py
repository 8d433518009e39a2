"""Encrypts the keys of connections under SECRET_KEY, as the database stores them."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableKeyError(ValueError):
    """A stored key cannot be decrypted: SECRET_KEY has changed since it was stored."""


def seal(key: str) -> str:
    """Encrypt under the newest secret. Empty stays empty."""
    return _cipher().encrypt(key.encode()).decode() if key else ""


def unseal(sealed: str) -> str:
    """Return the key. Raises UnreadableKeyError."""
    if not sealed:
        return ""
    try:
        return _cipher().decrypt(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise UnreadableKeyError("the key cannot be decrypted") from None


def rotate(sealed: str) -> str:
    """Encrypt again under the newest secret. Raises UnreadableKeyError."""
    try:
        return _cipher().rotate(sealed.encode()).decode()
    except (InvalidToken, ValueError):
        raise UnreadableKeyError("the key cannot be decrypted") from None


def _cipher() -> MultiFernet:
    return _cipher_of(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(8)
def _cipher_of(*secrets: str) -> MultiFernet:
    return MultiFernet([_fernet(secret) for secret in secrets if secret])


def _fernet(secret: str) -> Fernet:
    # A different key than those that encrypt the cache or sign sessions.
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(f"langai.connections:{secret}".encode()).digest()))
