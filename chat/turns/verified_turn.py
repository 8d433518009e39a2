"""Shows a verified answer in place of a model's: nothing is sent, and nothing is charged."""

from dataclasses import dataclass, replace

from chat.conversations import labels
from chat.turns.values import RoutingInput, TurnRequest, TurnState
from chat.verified.match import found_answers


@dataclass(frozen=True)
class VerifiedTurn:
    """The text of a verified answer, and what the turn's receipt says of it."""

    text: str
    weighed: RoutingInput


async def answer(request: TurnRequest, weighed: RoutingInput, state: TurnState) -> VerifiedTurn | None:
    """Return the verified answer to the turn's question; None if a model is to answer.

    Raises NotAdmittedError.
    """
    found = found_answers(passage.hit for passage in weighed.passages) if may_be_shown(request) else ()
    shown = await state.verified(request, found) if found else None
    if shown is None:
        return None
    own = (*request.causes, labels.passage(shown.question, shown.label))
    return VerifiedTurn(
        shown.text,
        replace(weighed, passages=shown.passages, causes=own, instructions_tokens=None, folder=None, verified=shown.by),
    )


def may_be_shown(request: TurnRequest) -> bool:
    """Return whether a verified answer may be shown without asking a model.

    Not if the question is asked again, because that is how people ask a model instead; not for the rest of an answer,
    nor if files belong to the question; and not at `/v1`, where programs expect the model that they named.
    """
    is_asked_again = request.pick.fresh or bool(request.written)
    has_files = bool(request.attached or request.pictures)
    return bool(request.caller.conversation and request.caller.reply) and not is_asked_again and not has_files
