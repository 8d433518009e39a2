"""Pure: checks which addresses may be connected, and normalises them."""

import ipaddress
import socket
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from langai_site.words import gettext_noop

# Hosts and networks where clouds hand out a machine's own credentials.
METADATA_HOSTS = frozenset({"metadata", "metadata.google.internal", "instance-data", "instance-data.ec2.internal"})
METADATA_NETWORKS = tuple(
    ipaddress.ip_network(network)
    for network in ("169.254.0.0/16", "fe80::/10", "fd00:ec2::254/128", "100.100.100.200/32", "192.0.0.192/32")
)
# Ends of addresses that people copy from documentation: LangAI adds these paths itself.
ENDS = ("/chat/completions", "/completions", "/models", "/messages", "/api/chat", "/api/tags")
METADATA = gettext_noop(
    "This address belongs to the cloud's metadata service, which LangAI never asks. Use the model server's."
)


class AddressError(ValueError):
    """An address that may not be connected; the message says what to do."""


def checked(address: str) -> str:
    """Return `address` without a slash or a known path at its end. Raises AddressError."""
    address = address.strip()
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        host, parts = "", urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not address.isprintable() or " " in address:
        raise AddressError(_("Write an address such as https://models.example.org/v1."))
    if parts.username or parts.password:
        raise AddressError(
            _("The address contains a name or password, which others can read. Put it in the key field.")
        )
    if parts.fragment or (parts.query and not parts.query.startswith("api-version=")):
        raise AddressError(_("Leave out everything after the “?” or “#” of the address."))
    refuse_metadata(host)
    base, mark, query = address.partition("?")
    base = base.rstrip("/")
    for end in ENDS:
        if base.endswith(end):
            base = base.removesuffix(end)
            break
    return f"{base}{mark}{query}"


def refuse_metadata(host: str) -> None:
    """Raise AddressError if `host`, a name or an IP address in any notation, is a metadata service."""
    host = host.rstrip(".").casefold()
    if host in METADATA_HOSTS or is_metadata_address(host):
        raise AddressError(_(METADATA))


def is_metadata_address(host: str) -> bool:
    """Return whether an IP address, in any notation, is one where clouds hand out credentials."""
    address = _ip_address(host)
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or address
    return any(mapped in network for network in METADATA_NETWORKS if network.version == mapped.version)


def _ip_address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        # The short, octal, hexadecimal and decimal notations, as operating systems read them.
        return ipaddress.IPv4Address(socket.inet_aton(host))
    except (OSError, ValueError):
        return None


def origin(address: str) -> tuple[str, str, int | None]:
    """Return the server of an address: scheme, host and port."""
    parts = urlsplit(address)
    default = 443 if parts.scheme == "https" else 80
    return parts.scheme, (parts.hostname or "").casefold(), parts.port or default


def server(address: str) -> str:
    """Return host and port, as shown to people."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
    return f"{host}:{parts.port}" if parts.port else host


def shown(address: str) -> str:
    """Return an address from the settings without the name and password that it may contain."""
    parts = urlsplit(address)
    return f"{parts.scheme}://{server(address)}{parts.path}"
