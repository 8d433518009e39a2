"""Stores a message once, although it may be sent again: because its response was lost, or by a second click.

The sender gives each message a key. For a day, a message with the same key leads to the reply that is there already.
Synchronous.
"""

import hashlib
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.models import SentMessage
from chat.turns.storage import Started
from langai_site.accounts.models import User
from langai_site.errors import ConflictError, InvalidError, LangAIError

KEPT_FOR = timedelta(days=1)
KEY_MAX_CHARS = 200


class AlreadySentError(LangAIError):
    """Not a failure for people: doors answer with the reply that the message got when it came first."""

    code, status = "already_sent", 409

    def __init__(self, conversation: UUID, reply: UUID) -> None:
        super().__init__("This message was sent before.")
        self.conversation, self.reply = conversation, reply


def page_key(key: str, *sent: str) -> str:
    """Return the key of a page's message. With other words or files it is another one, though the form is the same."""
    return f"page {digest_of(key[:KEY_MAX_CHARS], *sent)}" if key else ""


def program_key(key: str) -> str:
    """Return the key of a program's message. Raises InvalidError if it cannot be one."""
    if len(key) > KEY_MAX_CHARS or not key.isprintable():
        raise InvalidError(f"An Idempotency-Key has at most {KEY_MAX_CHARS} characters, all of them visible.")
    return f"program {key}" if key else ""


def digest_of(*sent: str) -> str:
    """Return a hash of what is sent, each part with its length, so that no two ways to divide it are the same."""
    return hashlib.sha256("".join(f"{len(part)}:{part}" for part in sent).encode()).hexdigest()


@transaction.atomic
def once(user: User, key: str, digest: str, open_turn: Callable[[], Started]) -> Started:
    """Open a turn, unless its message was sent before with this key; without a key, always.

    Raises AlreadySentError, or InvalidError if another message was sent with the key. If the turn cannot be opened,
    the key is free again.
    """
    if not key:
        return open_turn()
    row = _claimed(user, hashlib.sha256(key.encode()).hexdigest(), digest)
    started = open_turn()
    row.conversation, row.reply = started.conversation, started.reply
    row.save(update_fields=["conversation", "reply"])
    return started


def _claimed(user: User, key: str, digest: str) -> SentMessage:
    """Return a new row for the key. If two claim it at once, the second waits for the first."""
    theirs = SentMessage.objects.filter(owner=user, key=key)
    theirs.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    if known := theirs.first():
        raise _refusal(known, digest)
    try:
        with transaction.atomic():
            return SentMessage.objects.create(owner=user, key=key, digest=digest)
    except IntegrityError:
        raise _refusal(theirs.get(), digest) from None


def _refusal(known: SentMessage, digest: str) -> LangAIError:
    if known.digest != digest:
        text = "Another message was sent with this Idempotency-Key. Give each message a key of its own."
        return InvalidError(text, code="idempotency_key_reused", status=422)
    if known.conversation is None or known.reply is None:
        return ConflictError(_("This message is being stored right now. Try again in a moment."))
    return AlreadySentError(known.conversation, known.reply)


def forget_old() -> None:
    """Forget the keys of messages that were sent more than KEPT_FOR ago."""
    SentMessage.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
