"""Determines the address that counts for a visitor. Headers can be forged, so a malformed header changes nothing."""

import ipaddress
import re

from allauth.core.internal.ratelimit import truncate_ip
from django.conf import settings

# Some proxies write the port as well: `203.0.113.7:4711`, `[2001:db8::1]:4711`.
WITH_PORT = re.compile(r"([0-9.]{7,15}):[0-9]{1,5}|\[([0-9A-Fa-f:.]{2,45})\](?::[0-9]{1,5})?")


def visitor_address(forwarded: str, peer: str) -> str:
    """Return the address that the outermost trusted proxy saw, or `peer`, the other end of the connection.

    `forwarded` is the header X-Forwarded-For. It counts only behind TRUSTED_PROXIES, and only if the entry that a
    trusted proxy wrote is an address. Never raises.
    """
    proxies = settings.ALLAUTH_TRUSTED_PROXY_COUNT
    entries = forwarded.rsplit(",", proxies) if proxies else []
    # If there are fewer entries than proxies, the first one was not written by a proxy.
    seen = _plain(entries[-proxies]) if len(entries) >= proxies > 0 else ""
    return seen or _plain(peer) or peer


def counted_address(forwarded: str, peer: str) -> str:
    """Return `visitor_address`; for IPv6 the network, because one visitor has a whole network of addresses."""
    address: str = truncate_ip(visitor_address(forwarded, peer))
    return address


def _plain(entry: str) -> str:
    """Return the address in its normal form, without a port; "" for anything else.

    An address with a zone is refused too: the zone can be any text, so each would count as another visitor.
    """
    entry = entry.strip(" \t")
    if found := WITH_PORT.fullmatch(entry):
        entry = found[1] or found[2]
    try:
        address = ipaddress.ip_address(entry)
    except ValueError:
        return ""
    if isinstance(address, ipaddress.IPv6Address):
        if address.scope_id:
            return ""
        address = address.ipv4_mapped or address
    return str(address)
