"""Pure: explains in one clear line why a connection lists no models."""

import ssl
from dataclasses import dataclass

import httpx

from langai_site.outbound.connections.addresses import server

REFUSED = (401, 403)
MISSING = (404, 405, 410)


@dataclass(frozen=True)
class Problem:
    """`short` is for lists, as in “refuses the key”; `words` say what to do. `is_final`: it cannot be saved anyway."""

    short: str
    words: str
    is_final: bool = False


class ListingError(Exception):
    """A connection does not list its models."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.words)
        self.problem = problem


def of_error(error: BaseException | None, address: str, *, has_key: bool, wants_v1: bool) -> Problem:
    """Return the problem behind `error`, which came up while the server at `address` was asked.

    `wants_v1`: such servers usually have their API below /v1.
    """
    host = server(address)
    missing_v1 = wants_v1 and "/v1" not in address
    try_v1 = f" Most servers want /v1 at its end: try {address.rstrip('/')}/v1." if missing_v1 else ""
    if isinstance(error, httpx.HTTPStatusError):
        return _of_status(error.response, host, has_key, try_v1)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Problem(
            "does not answer in time",
            f"{host} did not answer in time. Check the address, and that this machine may connect to the server.",
        )
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return _of_connection(error, host)
    return Problem(
        "does not answer in JSON",
        f"{host} answers with something other than JSON, such as a web page. "
        f"Check the address: a path may be missing.{try_v1}",
    )


def _of_status(response: httpx.Response, host: str, has_key: bool, try_v1: str) -> Problem:
    status = response.status_code
    if status in REFUSED:
        do = "Type the key again, and check that it may list models." if has_key else "Give the connection a key."
        return Problem("refuses the key" if has_key else "asks for a key", f"{host} refuses the key ({status}). {do}")
    if response.is_redirect:
        place = response.headers.get("location", "")[:200]
        words = f"{host} redirects LangAI to {place or 'another address'}. Use that address instead."
        return Problem("redirects elsewhere", words)
    if status in MISSING:
        words = f"{host} has no list of models at this address ({status}). Check the kind and the address.{try_v1}"
        return Problem("no list of models at this address", words)
    if status == httpx.codes.BAD_REQUEST and response.headers.get("content-type", "").startswith("text/html"):
        words = f"{host} answers with status 400 and a web page. It may speak https: check the address."
        return Problem("does not answer in JSON", words)
    return Problem(f"answers with status {status}", f"{host} answers with status {status}. Its log may say more.")


def _of_connection(error: BaseException, host: str) -> Problem:
    chain = _chain(error)
    if any(isinstance(link, ssl.SSLError) for link in chain):
        return _of_tls(" ".join(map(str, chain)), host)
    text = " ".join(map(str, chain)).casefold()
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text or "nodename" in text:
        return Problem("its host name is unknown", f"No server has the name {host}. Check the spelling of the address.")
    if isinstance(error, httpx.ConnectError):
        words = f"Nothing answers at {host}. Check the address and the port, and that the server runs."
        return Problem("cannot be reached", words)
    return Problem("closes the connection", f"{host} closed the connection. Check the address and the port.")


def _of_tls(text: str, host: str) -> Problem:
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text:
        return Problem("does not speak https", f"{host} does not speak https. Write http:// if that is intended.")
    reason = "is not trusted"
    if "self-signed" in text or "self signed" in text:
        reason = "is self-signed"
    elif "expired" in text:
        reason = "has expired"
    elif "mismatch" in text:
        reason = "is for another name"
    return Problem(
        "its certificate is refused",
        f"The certificate of {host} {reason}. Make this machine trust its issuer, or correct the address.",
    )


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in links:
        links.append(at)
        at = at.__cause__ or at.__context__
    return links
