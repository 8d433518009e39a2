"""Pure: recognises signatures of thoughts that a provider may have made.

Programs send them back, so one may be made up. Models would read a text in it that nothing has counted or checked.
"""

import re

OPAQUE = re.compile(r"[A-Za-z0-9+/=_-]+")


def opaque(signature: str, prefix: str) -> str:
    """Return a signature without its format's prefix; empty if it is another format's, or cannot be a signature."""
    if not signature.startswith(prefix):
        return ""
    rest = signature.removeprefix(prefix)
    return rest if OPAQUE.fullmatch(rest) else ""
