"""Limits the size of a body by sender and address, using only the headers of its request."""

import re
from dataclasses import dataclass, field
from functools import partial

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy

from langai_site import registry
from langai_site.errors import LangAIError, TooManyError
from langai_site.web.api_errors import NOBODY
from langai_site.web.refusals import TooLargeError
from langai_site.web.seats import Seat, Seats

MEGABYTE = 1024 * 1024
# The limit for anybody. It is enough to sign in.
STRANGERS_MAX = 64 * 1024
# The maximum bytes of a character: four, each as %F0 in a form; twice \ud83d in JSON.
CHARACTER_BYTES = 12
RETRY_AFTER = 10
TOO_LARGE = TooLargeError(gettext_lazy("What was sent is too large."))
SIGNED_OUT = gettext_lazy("You are signed out. Sign in, then send it again.")
BYTES_FULL = gettext_lazy(
    "You are uploading as much as one person may at once. Wait until an upload has finished, then try again."
)
PERSON_FULL = gettext_lazy("You have {} uploads running already. Wait until one has finished, then try again.")
ADDRESS_FULL = gettext_lazy(
    "There are {} uploads from your network already. Wait until one has finished, then try again."
)

uploads_by_person, uploads_by_address, bytes_by_person = Seats(), Seats(), Seats()


class UnknownSenderError(LangAIError):
    code, status = "unauthorized", 401
    headers = {"WWW-Authenticate": "Bearer"}


@dataclass(frozen=True)
class Admission:
    """How many bytes are accepted, and the error for more. `sender` is "" for a stranger."""

    limit: int = STRANGERS_MAX
    reason: LangAIError = field(default=TOO_LARGE)
    sender: str = ""
    is_upload: bool = False


def place_of(method: str | None, path: str) -> tuple[registry.UploadPlace, dict[str, str]] | None:
    """Return the place for uploads at `path` and what its address names; None if it takes none."""
    for place in registry.upload_places:
        if method in place.methods and (found := place.path.fullmatch(path)):
            return place, found.groupdict()
    return None


def upload_max(place: registry.UploadPlace) -> int:
    """Return the most bytes that a known sender's upload may have there."""
    if place.megabytes:
        return (place.megabytes + 1) * MEGABYTE
    # Room for the other fields beside a single file.
    return (place.files * settings.UPLOAD_MAX_MB + (place.files == 1)) * MEGABYTE


def text_max(path: str) -> int:
    """Return the most bytes that a known sender's request without a file may have: one text and its other fields."""
    if path in registry.long_texts:
        return registry.long_texts[path]
    one = max(settings.MESSAGE_MAX_CHARS, settings.SAMPLE_MAX_CHARS) * CHARACTER_BYTES
    return min(STRANGERS_MAX + one, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)


async def admit(request: HttpRequest, length: int | None) -> Admission:
    """Decide about a body of `length` bytes; None: not known, so a stranger may send up to STRANGERS_MAX.

    `request` has headers only. Raises a LangAIError if the body is not wanted, and whatever the database raises.
    """
    place, names = place_of(request.method, request.path) or (None, {})
    most = upload_max(place) if place else text_max(request.path)
    if length is not None and length > most:
        raise TOO_LARGE
    try:
        sender = await registry.sender_checks["accounts"](request, partial(place.check, **names) if place else _anybody)
        if sender is None:
            raise _unknown(request, place)
    except LangAIError as error:
        if place or length is not None or error.status not in (401, 413):
            raise
        return Admission(reason=error)
    return Admission(most, TOO_LARGE, sender, place is not None)


def _anybody(credential: object) -> None:
    """Check nothing more about the sender: the view refuses what is not an upload."""


def _unknown(request: HttpRequest, place: registry.UploadPlace | None) -> LangAIError:
    """Return the error for a sender without a credential."""
    if re.match(settings.API_PATHS, request.path):
        return UnknownSenderError(NOBODY)
    return UnknownSenderError(SIGNED_OUT) if place else TOO_LARGE


def reserve(admission: Admission, length: int | None, address: str) -> list[Seat]:
    """Count a body that is being received, by person and by address. Raises TooManyError."""
    if not admission.sender:
        return []
    amount = admission.limit if length is None else length
    most = max(map(upload_max, registry.upload_places), default=settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
    wanted = [(bytes_by_person, admission.sender, most, amount, str(BYTES_FULL))]
    if admission.is_upload:
        person, network = settings.UPLOADS_IN_FLIGHT, settings.UPLOADS_PER_ADDRESS
        wanted += [
            (uploads_by_person, admission.sender, person, 1, PERSON_FULL.format(person)),
            (uploads_by_address, address, network, 1, ADDRESS_FULL.format(network)),
        ]
    taken: list[Seat] = []
    for seats, counted_name, limit, number, words in wanted:
        seat = seats.take(counted_name, limit, number)
        if seat is None:
            for one in taken:
                one.leave()
            raise TooManyError(words, retry_after=RETRY_AFTER)
        taken.append(seat)
    return taken
