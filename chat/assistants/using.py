"""What an assistant does in a turn, and the label that it gives it. Synchronous.

It decides only what its person leaves open: a model, options or collections that they choose themselves come first.
"""

from collections.abc import Collection
from dataclasses import dataclass, replace
from uuid import UUID

from chat.assistants import access
from chat.conversations import chosen_collections, drafts, labels
from chat.conversations.chosen_collections import Chosen
from chat.conversations.drafts import Options, Pick
from chat.conversations.labels import Cause
from chat.models import Assistant
from chat.values import AssistantInUse
from langai_site import detectors
from langai_site.sensitivity import Sensitivity
from langai_site.sentences import sentence

LOST = sentence(
    "assistant.lost",
    "The assistant of this chat was deleted, or is not shared with you any more. This answer was written without it.",
)()
GONE_MODEL = sentence(
    "assistant.gone_model", "The model of this assistant, %(model)s, is not available to you. Auto chose another."
)


@dataclass(frozen=True)
class AppliedAssistant:
    """A turn's choices with those of its assistant. `causes` label the turn; `notice` is told with the answer."""

    pick: Pick
    options: Options
    assistant: AssistantInUse | None = None
    causes: tuple[Cause, ...] = ()
    collections: Chosen = None
    notice: str = ""

    def searched(self, chosen: Chosen, documents: str = "") -> Chosen:
        """Return what a question searches whose person chose `chosen`; `documents` is as for an answer again."""
        again = chosen_collections.again(chosen, documents)
        return self.collections if again is None and documents != chosen_collections.ALL else again


def applied(
    user_id: int, assistant_id: UUID | None, pick: Pick, options: Options, models: Collection[str]
) -> AppliedAssistant:
    """Return the choices of a turn with this assistant; `models` are the names of those that the person may use."""
    assistant = access.usable(user_id, assistant_id)
    if assistant is None:
        return AppliedAssistant(pick, options, notice=LOST if assistant_id else "")
    own = Options.read(assistant.options)
    chosen, notice = _pick(assistant, pick, models)
    return AppliedAssistant(
        chosen,
        Options(
            options.complexity or own.complexity,
            own.temperature if options.temperature is None else options.temperature,
            options.max_tokens or own.max_tokens,
        ),
        in_use(assistant),
        causes(assistant),
        assistant.collections,
        notice,
    )


def _pick(assistant: Assistant, pick: Pick, models: Collection[str]) -> tuple[Pick, str]:
    """Return the assistant's model if the person chose none; Auto with a notice if they cannot have it."""
    if pick.model != drafts.AUTOMATIC or assistant.model == drafts.AUTOMATIC:
        return pick, ""
    if assistant.model in models:
        return replace(pick, model=assistant.model), ""
    return pick, gone_model(assistant)


def gone_model(assistant: Assistant) -> str:
    return GONE_MODEL(model=assistant.model)


def in_use(assistant: Assistant) -> AssistantInUse:
    shown = f"{assistant.emoji} {assistant.name}".strip()
    return AssistantInUse(assistant.pk, assistant.version, shown, assistant.instructions)


def causes(assistant: Assistant) -> tuple[Cause, ...]:
    """Return what labels a turn with this assistant: what the detectors find in it now, and its maker's choice."""
    found = [Cause(one.label, labels.IN_ASSISTANT(found=one.words)) for one in detectors.scan(assistant.instructions)]
    chosen = Sensitivity(assistant.label)
    is_higher = chosen > labels.label_of(found)
    return (*([Cause(chosen, labels.BY_ASSISTANT)] if is_higher else []), *found)


def label_now(user_id: int, sent: AssistantInUse | None) -> Sensitivity | None:
    """Return the present label of the assistant whose instructions are about to be sent; None if they may not be.

    That is so if it was changed, deleted or withdrawn meanwhile, or is not shared with the person any more.
    """
    if sent is None:
        return Sensitivity.PUBLIC
    now = access.usable(user_id, sent.id)
    if now is None or now.instructions != sent.instructions:
        return None
    return labels.label_of(causes(now))


def again(user_id: int, sent: AssistantInUse | None) -> tuple[AssistantInUse | None, tuple[Cause, ...]]:
    """Return the assistant of a turn as it is now, with its causes; none if the person may not use it any more."""
    now = access.usable(user_id, sent.id) if sent else None
    return (in_use(now), causes(now)) if now else (None, ())
