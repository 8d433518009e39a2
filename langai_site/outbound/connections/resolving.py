"""Finds out by DNS whether an address leads to a cloud's metadata service. Synchronous."""

import socket
from urllib.parse import urlsplit

from langai_site.outbound.connections import addresses


def is_metadata_service(url: str) -> bool:
    """Return whether the host's name resolves to an address where clouds hand out credentials."""
    try:
        found = socket.getaddrinfo(urlsplit(url).hostname or "", None)
    except (OSError, UnicodeError):
        # The request itself will report this, unless a proxy knows the name.
        return False
    return any(addresses.is_metadata_address(str(address[0])) for *_, address in found)
