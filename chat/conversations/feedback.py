"""What people say about answers in their own conversations. Synchronous."""

from collections.abc import Collection
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.conversations import access
from chat.models import Message
from chat.models.feedback import Feedback, Reason
from langai_site.errors import ConflictError, InvalidError
from langai_site.numbers import grouped

COMMENT_MAX = 1_000


def of(user_id: int, reply_id: UUID) -> tuple[Message, Feedback | None]:
    """Return a reply of this person with what they said of it. Raises NotFoundError."""
    reply = access.access_reply(user_id, reply_id)
    return reply, Feedback.objects.filter(reply=reply_id).first()


@transaction.atomic
def rate(user_id: int, reply_id: UUID, *, good: bool) -> Feedback:
    """Say whether an answer is good. What was said before stays, unless it was the opposite.

    Raises NotFoundError, and ConflictError while the answer is being written.
    """
    reply, before = of(user_id, reply_id)
    if reply.status == Message.Status.STREAMING:
        raise ConflictError(_("This answer is still being written. Wait until it is complete."))
    if before and before.good == good:
        return before
    return Feedback.objects.update_or_create(reply=reply, defaults=_values(good))[0]


@transaction.atomic
def explain(
    user_id: int, reply_id: UUID, *, good: bool, reasons: Collection[str] = (), comment: str = "", shared: bool = False
) -> Feedback:
    """Say why an answer is good or bad, in place of what was said before.

    `shared`: the owners of the cited collections may read question, answer and comment. If the answer cites nothing,
    there is nobody to share it with. Raises what `rate` raises, and InvalidError.
    """
    rate(user_id, reply_id, good=good)
    comment = comment.replace("\0", "").replace("\r\n", "\n").strip()
    if len(comment) > COMMENT_MAX:
        raise InvalidError(
            _("The comment has %(count)s characters, and %(most)s are allowed. Shorten it.")
            % {"count": grouped(len(comment)), "most": grouped(COMMENT_MAX)}
        )
    if unknown := set(reasons) - set(Reason.values):
        raise InvalidError(
            _("“%(reason)s” is not a known reason. Use: %(known)s.")
            % {"reason": sorted(unknown)[0][:40], "known": ", ".join(Reason.values)}
        )
    feedback = Feedback.objects.select_related("reply").get(reply=reply_id)
    feedback.reasons = [] if good else [reason for reason in Reason.values if reason in reasons]
    feedback.comment, feedback.at = comment, timezone.now()
    feedback.shared = shared and feedback.reply.citations.exists()
    feedback.save()
    return feedback


def withdraw(user_id: int, reply_id: UUID) -> None:
    """Take back what was said of an answer, if anything was. Raises NotFoundError."""
    access.access_reply(user_id, reply_id)
    Feedback.objects.filter(reply=reply_id).delete()


def _values(good: bool) -> dict[str, object]:
    return {"good": good, "reasons": [], "comment": "", "shared": False, "at": timezone.now()}
