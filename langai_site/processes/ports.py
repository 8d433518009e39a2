"""Checks whether an address can be listened on, and explains problems in a sentence for the operator."""

import errno
import socket
from contextlib import closing


def trouble(host: str, port: int) -> str:
    """Return why `host:port` cannot be listened on; "" if it can."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with closing(socket.socket(family, kind, protocol)) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            # Two sockets may be bound with that option; only one may listen.
            listener.listen(1)
    except OSError as error:
        return _sentence(host, port, error)
    return ""


def _sentence(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use; set PORT to another one."
    if error.errno == errno.EACCES:
        return f"Port {port} needs rights that this account does not have; set PORT to one above 1023."
    return f"{host} is not an address of this machine; set HOST to one that is, or leave it out."


def free() -> int:
    """Return a port that nothing on this machine's loopback listens on."""
    with closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
