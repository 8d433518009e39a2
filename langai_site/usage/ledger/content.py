"""The content of a call in the ledger: its number of bytes, and a keyed hash that only this server can make.

With the hash an admin can show whether a given content was sent, while the ledger itself reveals no content.
"""

import json
from collections.abc import Sequence

from django.utils.crypto import salted_hmac

SALT = "langai.usage.content"


def as_sent(parts: Sequence[dict[str, str] | str]) -> bytes:
    """Return the messages (`role` and `content`) or texts of a call as JSON, always in the same form."""
    # Half a surrogate pair is not valid text, but must not keep a call out of the ledger.
    return json.dumps(parts, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode(errors="surrogatepass")


def keyed_hash(sent: bytes) -> str:
    """Return the HMAC-SHA256 with a key derived from SECRET_KEY, in 64 hexadecimal digits."""
    return salted_hmac(SALT, sent, algorithm="sha256").hexdigest()
