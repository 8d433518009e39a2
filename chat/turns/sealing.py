"""Keeps the names of models out of the rows of a blind comparison until its person has chosen. Synchronous.

Every page, API, export and link reads these rows, so none of them can tell a name too early.
"""

from dataclasses import replace
from typing import TYPE_CHECKING
from uuid import UUID

from chat.models import ComparedReply
from chat.turns.receipt import Receipt
from langai_site.sentences import of_row, row_of, sentence

if TYPE_CHECKING:
    from chat.turns.closing import TurnOutcome

HIDDEN = "hidden"
FAILED = sentence(
    "compared.failed", "This model gave no complete answer. The reason is shown once the names of the models are."
)()


def sealed(reply: UUID, outcome: "TurnOutcome") -> "TurnOutcome":
    """Return the outcome without anything that names its model or says what it cost; the rest is stored apart.

    If the names are shown already, return it as it is.
    """
    row = {"model": outcome.model, "receipt": outcome.receipt.to_json(), "error_code": outcome.error_code}
    row |= row_of("error", outcome.error)
    if not ComparedReply.objects.filter(reply=reply, comparison__is_blind=True).update(sealed=row):
        return outcome
    is_failed = bool(outcome.error)
    return replace(
        outcome,
        model="",
        error=FAILED if is_failed else "",
        error_code=HIDDEN if is_failed else "",
        receipt=_without_model(outcome.receipt),
    )


def _without_model(receipt: Receipt) -> Receipt:
    """Return what the receipts of all compared answers have in common, and what was found in this one."""
    return Receipt(
        label=receipt.label,
        label_causes=receipt.label_causes,
        complexity=receipt.complexity,
        complexity_causes=receipt.complexity_causes,
        passages=receipt.passages,
        folder=receipt.folder,
        folder_tokens=receipt.folder_tokens,
        assistant=receipt.assistant,
        assistant_version=receipt.assistant_version,
        assistant_tokens=receipt.assistant_tokens,
        unverified=receipt.unverified,
        asked=receipt.asked,
        checks=receipt.checks,
        instructions_tokens=receipt.instructions_tokens,
    )


def unseal(comparison: UUID) -> None:
    """Write into the answers' rows what was kept apart. Call it in the transaction that ends the blindness."""
    for answer in ComparedReply.objects.filter(comparison=comparison).select_related("reply"):
        reply, row = answer.reply, answer.sealed
        reply.model = row.get("model") or answer.model
        if row:
            # Its label may have risen meanwhile.
            now, whole = Receipt.from_json(reply.receipt), Receipt.from_json(row["receipt"])
            reply.receipt = replace(whole, label=now.label, label_causes=now.label_causes).to_json()
            reply.error, reply.error_code = of_row("error", row), row["error_code"]
        reply.save(update_fields=["model", "receipt", "error", "error_code"])
    ComparedReply.objects.filter(comparison=comparison).update(sealed={})
