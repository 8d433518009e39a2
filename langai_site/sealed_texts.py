"""Encrypts short secrets under SECRET_KEY, as the database stores them: each purpose with a key of its own."""

import base64
import hashlib
from functools import lru_cache

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UnreadableKeyError(ValueError):
    """A stored secret cannot be decrypted: SECRET_KEY has changed since it was stored."""


class SealedTexts:
    """The secrets of one purpose. What one purpose has encrypted no other can decrypt."""

    def __init__(self, purpose: str) -> None:
        self._purpose = purpose

    def seal(self, text: str) -> str:
        """Encrypt under the newest secret. Empty stays empty."""
        return self._cipher().encrypt(text.encode()).decode() if text else ""

    def unseal(self, sealed: str) -> str:
        """Return the text. Raises UnreadableKeyError."""
        if not sealed:
            return ""
        try:
            return self._cipher().decrypt(sealed.encode()).decode()
        except (InvalidToken, ValueError):
            raise UnreadableKeyError("the key cannot be decrypted") from None

    def rotate(self, sealed: str) -> str:
        """Encrypt again under the newest secret. Raises UnreadableKeyError."""
        try:
            return self._cipher().rotate(sealed.encode()).decode()
        except (InvalidToken, ValueError):
            raise UnreadableKeyError("the key cannot be decrypted") from None

    def _cipher(self) -> MultiFernet:
        return _cipher_of(self._purpose, settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)


@lru_cache(16)
def _cipher_of(purpose: str, *secrets: str) -> MultiFernet:
    return MultiFernet([_fernet(f"{purpose}:{secret}") for secret in secrets if secret])


def _fernet(text: str) -> Fernet:
    return Fernet(base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()))
