"""Ends a comparison: one of its answers is chosen and goes on, or the names are shown before. Synchronous."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from chat.comparisons.access import access_comparison
from chat.conversations import access, branches
from chat.models import ComparedReply, Conversation, Message, ModelComparison
from chat.models.comparisons import ModelVerdict
from chat.turns import sealing
from chat.turns.receipt import Receipt
from langai_site.errors import ConflictError, InvalidError, NotFoundError

# The fewest answers between which a choice says something.
COUNTED = 2


@transaction.atomic
def choose(user_id: int, comparison_id: UUID, reply_id: UUID) -> Conversation:
    """Go on with one of the answers: it ends the branch that is shown, and its model answers from now on.

    The other answers stay, as its other versions. Raises NotFoundError, ConflictError and InvalidError.
    """
    comparison, rows = _ended(user_id, comparison_id)
    if comparison.decided_at:
        raise ConflictError(_("You have chosen one of these answers already. The others are its other versions."))
    chosen = next((row for row in rows if row.reply_id == reply_id), None)
    if chosen is None:
        raise NotFoundError(_("This answer does not belong to the comparison, or it was deleted."))
    if not chosen.reply.text:
        raise InvalidError(_("This model gave no answer. Go on with another one."))
    was_blind = comparison.is_blind
    _reveal(comparison)
    comparison.chosen_id, comparison.decided_at = reply_id, timezone.now()
    comparison.save(update_fields=["is_blind", "chosen", "decided_at"])
    Message.objects.filter(id__in=[row.reply_id for row in rows]).update(options={})
    conversation = access.access_conversation(user_id, comparison.question.conversation_id, lock=True)
    if not conversation.is_temporary:
        _count(comparison, conversation, rows, was_blind=was_blind)
    branches.leave(conversation)
    conversation.current_leaf_id, conversation.model = reply_id, chosen.model
    conversation.save(update_fields=["current_leaf", "model"])
    return conversation


@transaction.atomic
def reveal(user_id: int, comparison_id: UUID) -> ModelComparison:
    """Show the names before anything is chosen; a choice after that does not count as blind. Raises as `choose`."""
    comparison, _rows = _ended(user_id, comparison_id)
    _reveal(comparison)
    comparison.save(update_fields=["is_blind"])
    return comparison


def _ended(user_id: int, comparison_id: UUID) -> tuple[ModelComparison, Sequence[ComparedReply]]:
    """Return a comparison, locked, and its answers, none of which is being written."""
    comparison = access_comparison(user_id, comparison_id, lock=True)
    rows = list(comparison.answers.filter(reply__deleted_at=None).select_related("reply"))
    if any(row.reply.is_live for row in rows):
        raise ConflictError(_("Some answers are still being written. Wait until they are complete, or stop them."))
    return comparison, rows


def _reveal(comparison: ModelComparison) -> None:
    if comparison.is_blind:
        sealing.unseal(comparison.id)
        comparison.is_blind = False


def _count(
    comparison: ModelComparison, conversation: Conversation, rows: Sequence[ComparedReply], *, was_blind: bool
) -> None:
    """Count the choice between complete answers: one that failed or was stopped has not lost."""
    assert comparison.chosen_id
    chosen = Message.objects.get(id=comparison.chosen_id)
    counted = [row for row in rows if row.reply.status == Message.Status.COMPLETE or row.reply_id == chosen.id]
    if len(counted) < COUNTED:
        return
    kind, team = Receipt.from_json(chosen.receipt).complexity, access.caller_of(conversation, chosen.id).team
    ModelVerdict.objects.bulk_create(
        ModelVerdict(
            comparison=comparison.id,
            model=row.model,
            won=row.reply_id == chosen.id,
            kind=kind,
            team=team,
            is_blind=was_blind,
        )
        for row in counted
    )
