"""Passwords of people who moved in from another program: Django hashes one again when its owner signs in."""

from django.contrib.auth.hashers import BCryptPasswordHasher

# More than bcrypt reads; the library refuses longer ones.
BCRYPT_BYTES = 72


class MovedBcryptHasher(BCryptPasswordHasher):
    """bcrypt of the password itself, as other programs store it."""

    def verify(self, password: str, encoded: str) -> bool:
        return len(password.encode()) <= BCRYPT_BYTES and super().verify(password, encoded)

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do nothing: the next sign-in has another hash."""


def moved(stored: object) -> str:
    """Return the hash of another program as Django stores it; "" if it is not bcrypt."""
    text = stored if isinstance(stored, str) else ""
    is_bcrypt = text.startswith(("$2a$", "$2b$", "$2y$")) and len(text) == 60 and text.isascii()
    return f"{MovedBcryptHasher.algorithm}${text}" if is_bcrypt else ""
