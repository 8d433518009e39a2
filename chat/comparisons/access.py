"""The only access to comparisons: that of their conversation's owner. Synchronous."""

from collections.abc import Sequence
from uuid import UUID

from django.utils.translation import gettext as _

from chat.conversations import branches
from chat.models import ComparedReply, Message, ModelComparison
from langai_site.errors import NotFoundError

# In the options of a reply that is compared, until one of the answers is chosen.
MARK = "comparison"


def access_comparison(user_id: int, comparison_id: UUID, *, lock: bool = False) -> ModelComparison:
    """Return a comparison with its question and conversation. Raises NotFoundError."""
    mine = ModelComparison.objects.of(user_id).select_related("question__conversation")
    mine = mine.select_for_update(of=("self",)) if lock else mine
    found = mine.filter(id=comparison_id).first()
    if found is None:
        raise NotFoundError(_("This comparison does not exist, or it is not yours."))
    return found


def answers_of(comparison: ModelComparison) -> Sequence[ComparedReply]:
    """Return the compared answers in their order, each with its reply as it is drawn; those deleted are left out."""
    rows = list(comparison.answers.filter(reply__deleted_at=None))
    replies = {reply.id: reply for reply in branches.read_drawable([row.reply_id for row in rows])}
    for row in rows:
        row.reply = replies[row.reply_id]
        row.reply.conversation = comparison.question.conversation
    return rows


def open_comparison_of(reply: Message) -> UUID | None:
    """Return the comparison that a reply belongs to while no answer is chosen. Reads nothing."""
    named = reply.options.get(MARK)
    return UUID(named) if named else None
