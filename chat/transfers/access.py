"""The only access to exports and imports, and how their owner starts and removes them. Synchronous."""

from collections.abc import Collection, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

from django.conf import settings
from django.contrib.humanize.templatetags.humanize import intcomma
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, gettext_noop
from django.utils.translation import gettext as _

from chat.conversations import ordering
from chat.models import Transfer
from langai_site.accounts import holds
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from langai_site.stored_data import Counts

if TYPE_CHECKING:
    from django.core.files import File

# How long an export can be downloaded, and how long reports stay.
KEEP_FOR = timedelta(days=7)
# Of one person, at the same time: imports that wait, and exports that can be downloaded. Both take disk space.
MOST_WAITING, MOST_EXPORTS = 20, 5
MB = 1024 * 1024
LISTED = 50
NAME_MAX = 200
# Seconds that a stored file may exist without its row: an upload that is about to write it takes less.
FILE_WITHOUT_ROW = 3600
GONE = gettext_noop("This export or import does not exist any more, or it is not yours.")
ENDINGS = (".zip", ".json")


class TransferGoneError(NotFoundError):
    link = ("chat:transfers", gettext_lazy("Show your exports and imports"))


def access_transfer(user_id: int, transfer: UUID) -> Transfer:
    """Return an export or import to its owner. Raises NotFoundError."""
    found = Transfer.objects.of(user_id).filter(pk=transfer).first()
    if found is None:
        raise TransferGoneError(_(GONE))
    return found


def listed(user_id: int) -> list[Transfer]:
    """Return a person's exports and imports, newest first."""
    return list(Transfer.objects.of(user_id)[:LISTED])


@transaction.atomic
def start_export(
    user_id: int, ids: Collection[UUID] | None, *, thoughts: bool = False, everything: bool = False
) -> Transfer:
    """Queue an export of these conversations, or of all; `everything` adds all else that is stored about the person.

    Raises ConflictError, InvalidError and NotFoundError.
    """
    chosen = None if ids is None else [str(row.id) for row in ordering.chosen(user_id, ids)]
    if Transfer.objects.of(user_id).filter(kind=Transfer.Kind.EXPORT, status__in=_UNDONE).exists():
        raise ConflictError(_("Another export of yours is still running. Wait until it is done, or remove it."))
    made = Transfer.objects.of(user_id).filter(kind=Transfer.Kind.EXPORT, status=Transfer.Status.DONE)
    if made.count() >= MOST_EXPORTS:
        words = _("You have %(most)s exports, which is the most. Remove one that you do not need.")
        raise ConflictError(words % {"most": MOST_EXPORTS})
    name = f"langai-{timezone.localdate():%Y-%m-%d}.zip"
    row = Transfer.objects.create(
        owner_id=user_id,
        kind=Transfer.Kind.EXPORT,
        chosen=chosen,
        options={"thoughts": thoughts, "everything": everything, "language": get_language()},
        file_name=name,
        total=len(chosen or ()),
    )
    record("conversation.export_many", "transfer", row.pk)
    return row


_UNDONE = (Transfer.Status.QUEUED, Transfer.Status.WORKING)


def start_import(user: User, file: "File[bytes]", floor: Sensitivity | None = None) -> Transfer:
    """Store an uploaded file and queue its import; `floor` is the lowest label of what is imported.

    Raises InvalidError and ConflictError.
    """
    name = Path(file.name or "").name[-NAME_MAX:]
    if not name.lower().endswith(ENDINGS):
        words = _("“%(name)s” cannot be imported. Choose a .zip or .json file of an export.")
        raise InvalidError(words % {"name": name}, status=415)
    if not file.size:
        raise InvalidError(_("“%(name)s” is empty. Download the export again.") % {"name": name})
    _refuse_too_many(user, file.size)
    row = Transfer(owner=user, kind=Transfer.Kind.IMPORT, file_name=name, size=file.size)
    row.options = {"language": get_language(), **({"floor": floor.value} if floor else {})}
    # Stored before the row is written, so that copying it does not hold up other writers.
    row.file.save(name, file, save=False)
    with transaction.atomic():
        row.save(force_insert=True)
        record("conversation.import", "transfer", row.pk)
    return row


def _refuse_too_many(user: User, size: int) -> None:
    """Raise ConflictError if the files of the person's imports that wait would be too many, or too large together."""
    waiting = list(Transfer.objects.of(user.pk).filter(status__in=_UNDONE).values_list("size", flat=True))
    if len(waiting) >= MOST_WAITING:
        raise ConflictError(_("You have %(most)s imports waiting. Wait until some are done.") % {"most": MOST_WAITING})
    if waiting and sum(waiting) + size > settings.IMPORT_MAX_MB * MB:
        words = _(
            "Your waiting imports have %(waiting)s MB; together with this one, %(most)s MB are allowed. Wait until "
            "some are done."
        )
        figures = {"waiting": intcomma(sum(waiting) // MB), "most": intcomma(settings.IMPORT_MAX_MB)}
        raise ConflictError(words % figures)


def stored_path(transfer: Transfer) -> Path:
    return Path(default_storage.path(str(transfer.file.name)))


def download(user_id: int, transfer: UUID) -> tuple[Path, Transfer]:
    """Return the file of an export to its owner. Raises NotFoundError if it is not made yet, or not there any more."""
    row = access_transfer(user_id, transfer)
    if row.kind != Transfer.Kind.EXPORT or row.status != Transfer.Status.DONE or not row.file:
        raise TransferGoneError(_(GONE))
    path = stored_path(row)
    if not path.is_file():
        raise TransferGoneError(_(GONE))
    return path, row


def remove(user_id: int, transfer: UUID) -> None:
    """Remove an export or import with its file; one that runs stops. What was imported stays. Raises NotFoundError."""
    _delete([access_transfer(user_id, transfer)])


def remove_all(user_id: int, _pseudonym: str) -> Counts:
    """Remove the exports and imports of a person whose account is deleted, also what a running one has written."""
    rows = list(Transfer.objects.of(user_id))
    _delete(rows)
    for row in rows:
        for path in Path(default_storage.path("transfers")).glob(f"{row.pk}.*"):
            path.unlink(missing_ok=True)
    return {"exports and imports": len(rows)}


def _delete(rows: Sequence[Transfer]) -> None:
    for row in rows:
        row.delete()
        if row.file:
            default_storage.delete(str(row.file.name))


def sweep() -> None:
    """Remove what is older than KEEP_FOR, and files without a row: of people who were deleted, or a killed process."""
    old = Transfer.objects.filter(ended_at__lt=timezone.now() - KEEP_FOR).exclude(owner__in=holds.people())
    _delete(list(old[:200]))
    folder = Path(default_storage.path("transfers"))
    before = timezone.now().timestamp() - FILE_WITHOUT_ROW
    found = [path for path in folder.iterdir() if path.stat().st_mtime < before] if folder.is_dir() else []
    ids = {str(pk) for pk in Transfer.objects.values_list("pk", flat=True)} if found else set()
    for path in found:
        if path.name.partition(".")[0] not in ids:
            path.unlink(missing_ok=True)
