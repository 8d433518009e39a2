"""The worker's job that carries out exports and imports."""

import errno
import logging

from django.db import InterfaceError, OperationalError
from django.utils import translation
from django.utils.translation import gettext_noop

from chat.models import Transfer
from chat.transfers import access, archive, importing
from chat.transfers.claims import TransferClaim, TransferLostError, TransferStoppingError, claim
from langai_site.errors import LangAIError
from langai_site.processes import worker
from langai_site.web.languages import language_of

logger = logging.getLogger(__name__)

WENT_WRONG = gettext_noop("Something went wrong inside LangAI; the log has the details.")
DISK_FULL = gettext_noop("The server's disk is full. Tell an admin, then try again.")


def run() -> bool:
    """Carry out one export or import; return True if there may be more to do."""
    held = claim(worker.NAME)
    if held is None:
        return False
    try:
        # Markdown and what could not be imported are for the person whose export or import it is.
        with translation.override(_language_of(held.transfer)):
            _carry_out(held)
        _drop_upload(held.transfer)
    except TransferLostError:
        logger.info("Transfer %s: removed, or taken over by another worker", held.transfer.pk)
    except TransferStoppingError:
        held.give_back()
        return False
    return True


def _language_of(transfer: Transfer) -> str:
    """Return the language in which its person started it. Older rows do not say so."""
    language: str = transfer.options.get("language") or language_of(transfer.owner)
    return language


def _drop_upload(transfer: Transfer) -> None:
    """Delete what was uploaded: it is imported now, or cannot be."""
    if transfer.kind == Transfer.Kind.IMPORT:
        access.stored_path(transfer).unlink(missing_ok=True)


def _carry_out(held: TransferClaim) -> None:
    try:
        if held.transfer.kind == Transfer.Kind.IMPORT:
            importing.run(held)
        else:
            archive.write(held)
    except (TransferLostError, TransferStoppingError, OperationalError, InterfaceError):
        # If the database is unavailable, the error cannot be recorded: the lease expires and another attempt follows.
        raise
    except LangAIError as error:
        held.finish(Transfer.Status.FAILED, error=error.message)
    except OSError as error:
        logger.exception("Transfer %s failed", held.transfer.pk)
        held.finish(Transfer.Status.FAILED, error=DISK_FULL if error.errno == errno.ENOSPC else WENT_WRONG)
    except Exception:
        logger.exception("Transfer %s failed", held.transfer.pk)
        held.finish(Transfer.Status.FAILED, error=WENT_WRONG)
