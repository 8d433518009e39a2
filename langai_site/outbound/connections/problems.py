"""Pure: explains in one clear line why a connection lists no models."""

import re
import ssl
from dataclasses import dataclass

import httpx
from django.utils.translation import gettext as _

from langai_site.outbound.connections.addresses import server
from langai_site.outbound.lanes.failures import classify, read_error
from langai_site.words import gettext_noop

# Problems with a value in them, as they are stored, with their sentences.
_WITH_VALUES = (
    (
        re.compile(r"its key cannot be decrypted because SECRET_KEY has changed"),
        gettext_noop("its key cannot be decrypted because SECRET_KEY has changed"),
    ),
    (re.compile(r"answers with status (?P<status>\d+)"), gettext_noop("answers with status %(status)s")),
    (re.compile(r"the file that (?P<name>\S+) names is empty"), gettext_noop("the file that %(name)s names is empty")),
    (
        re.compile(r"the file that (?P<name>\S+) names cannot be read"),
        gettext_noop("the file that %(name)s names cannot be read"),
    ),
    (re.compile(r"(?P<name>\S+) is not set where LangAI runs"), gettext_noop("%(name)s is not set where LangAI runs")),
    (re.compile(r"(?P<name>\S+) lists no model"), gettext_noop("%(name)s lists no model")),
)
REFUSED = (401, 403)
MISSING = (404, 405, 410)


@dataclass(frozen=True)
class Problem:
    """`short` is for lists, as in “refuses the key”, and stored in English; `words` say what to do.

    `is_final`: it cannot be saved anyway.
    """

    short: str
    words: str
    is_final: bool = False


def short_text(short: str) -> str:
    """Return a problem in the language of the page: all processes share it, so it is kept in English."""
    for pattern, template in _WITH_VALUES:
        if found := pattern.fullmatch(short):
            return _(template) % found.groupdict()
    return _(short) if short else ""


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
    try_v1 = (
        _(" Most servers want /v1 at its end: try %(address)s.") % {"address": f"{address.rstrip('/')}/v1"}
        if missing_v1
        else ""
    )
    if isinstance(error, httpx.HTTPStatusError):
        return _of_status(error.response, host, has_key, try_v1)
    if isinstance(error, httpx.TimeoutException | TimeoutError):
        return Problem(
            gettext_noop("does not answer in time"),
            _("%(host)s did not answer in time. Check the address, and that this machine may connect to the server.")
            % {"host": host},
        )
    if isinstance(error, httpx.HTTPError | httpx.InvalidURL):
        return _of_connection(error, host)
    return Problem(
        gettext_noop("does not answer in JSON"),
        _(
            "%(host)s answers with something other than JSON, such as a web page. Check the address: a path may be "
            "missing.%(try_v1)s"
        )
        % {"host": host, "try_v1": try_v1},
    )


def _of_status(response: httpx.Response, host: str, has_key: bool, try_v1: str) -> Problem:
    status = response.status_code
    code = _code(response)
    if status in REFUSED or code == "unauthorized":
        if has_key:
            words = _("%(host)s refuses the key (%(status)s). Type the key again, and check that it may list models.")
        else:
            words = _("%(host)s refuses the key (%(status)s). Give the connection a key.")
        short = gettext_noop("refuses the key") if has_key else gettext_noop("asks for a key")
        return Problem(short, words % {"host": host, "status": status})
    if response.is_redirect:
        place = response.headers.get("location", "")[:200]
        words = _("%(host)s redirects LangAI to %(place)s. Use that address instead.")
        words %= {"host": host, "place": place or _("another address")}
        return Problem(gettext_noop("redirects elsewhere"), words)
    if status in MISSING:
        words = _(
            "%(host)s has no list of models at this address (%(status)s). Check the kind and the address.%(try_v1)s"
        ) % {"host": host, "status": status, "try_v1": try_v1}
        return Problem(gettext_noop("no list of models at this address"), words)
    if status == httpx.codes.BAD_REQUEST and response.headers.get("content-type", "").startswith("text/html"):
        words = _("%(host)s answers with status 400 and a web page. It may speak https: check the address.") % {
            "host": host
        }
        return Problem(gettext_noop("does not answer in JSON"), words)
    if code == "rate_limited":
        words = _("%(host)s does not accept more requests right now (%(status)s). Try again in a minute.")
        return Problem(
            gettext_noop("does not accept more requests right now"), words % {"host": host, "status": status}
        )
    if code == "quota":
        words = _("%(host)s says that the quota of the key is used up (%(status)s). Check the account there.")
        return Problem(gettext_noop("the quota of its key is used up"), words % {"host": host, "status": status})
    if response.is_success:
        words = _(
            "%(host)s answers with an error instead of a list of models. Check the address and the key.%(try_v1)s"
        )
        return Problem(gettext_noop("answers with an error"), words % {"host": host, "try_v1": try_v1})
    return Problem(
        f"answers with status {status}",
        _("%(host)s answers with status %(status)s. Its log may say more.") % {"host": host, "status": status},
    )


def _code(response: httpx.Response) -> str:
    """Return the kind of the failure that the server names: some refuse a key with another status, such as 400."""
    try:
        body = response.content
    except httpx.ResponseNotRead:
        body = b""
    return classify(read_error(response.status_code, response.headers, body))


def _of_connection(error: BaseException, host: str) -> Problem:
    chain = _chain(error)
    if any(isinstance(link, ssl.SSLError) for link in chain):
        return _of_tls(" ".join(map(str, chain)), host)
    text = " ".join(map(str, chain)).casefold()
    if "name or service" in text or "getaddrinfo" in text or "name resolution" in text or "nodename" in text:
        return Problem(
            gettext_noop("its host name is unknown"),
            _("No server has the name %(host)s. Check the spelling of the address.") % {"host": host},
        )
    if isinstance(error, httpx.ConnectError):
        words = _("Nothing answers at %(host)s. Check the address and the port, and that the server runs.") % {
            "host": host
        }
        return Problem(gettext_noop("cannot be reached"), words)
    return Problem(
        gettext_noop("closes the connection"),
        _("%(host)s closed the connection. Check the address and the port.") % {"host": host},
    )


def _of_tls(text: str, host: str) -> Problem:
    if "WRONG_VERSION_NUMBER" in text or "RECORD_LAYER" in text:
        return Problem(
            gettext_noop("does not speak https"),
            _("%(host)s does not speak https. Write http:// if that is intended.") % {"host": host},
        )
    words = _("The certificate of %(host)s is not trusted. Make this machine trust its issuer, or correct the address.")
    if "self-signed" in text or "self signed" in text:
        words = _(
            "The certificate of %(host)s is self-signed. Make this machine trust its issuer, or correct the address."
        )
    elif "expired" in text:
        words = _(
            "The certificate of %(host)s has expired. Make this machine trust its issuer, or correct the address."
        )
    elif "mismatch" in text:
        words = _(
            "The certificate of %(host)s is for another name. Make this machine trust its issuer, or correct the "
            "address."
        )
    return Problem(gettext_noop("its certificate is refused"), words % {"host": host})


def _chain(error: BaseException) -> list[BaseException]:
    links: list[BaseException] = []
    at: BaseException | None = error
    while at is not None and at not in links:
        links.append(at)
        at = at.__cause__ or at.__context__
    return links
