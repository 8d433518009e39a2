"""Makes the tokens of directories. Synchronous."""

import secrets
from datetime import timedelta

from langai_site.accounts.models import ScimDirectory, hashed

# So that a token is recognised wherever it is found: in a log, in a repository.
PREFIX = "langai_scim_"
SHOWN = len(PREFIX) + 4
# The last use is shown to the minute, so it is written no more often.
USED_EVERY = timedelta(minutes=1)


def renew(directory: ScimDirectory) -> str:
    """Give a directory a new token and return it: it is not stored. The old one ends. Does not save the row."""
    token = PREFIX + secrets.token_urlsafe(32)
    directory.token_hash, directory.prefix = hashed(token), token[:SHOWN]
    return token
