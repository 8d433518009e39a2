"""Small calls beside answers, such as a title: the cheapest model that may see the text, local ones first.

Such a call is paid like an answer: what it can cost is reserved before, and it has its own entry in the ledger.
"""

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from decimal import Decimal
from uuid import UUID, uuid4

from django.db import transaction

from chat.turns.control_tokens import neutralised
from langai_site.database.writer import in_database_thread, write_patiently
from langai_site.outbound import cooling, door
from langai_site.outbound.abilities import Ability
from langai_site.outbound.lane_requests import OPENAI_FORMATS
from langai_site.outbound.types import ChatCall, ChatMessage, Delta, ModelInfo, ModelRole, ProviderError, ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.spending import reservations as usage
from langai_site.usage.types import Caller, Entry

# Servers whose chat templates take this switch.
COMPATIBLE, NO_THINKING = "hosted_vllm", {"chat_template_kwargs": {"enable_thinking": False}}
# The room that such a call takes of a window, in tokens, at most.
ROOM = 2_000


@dataclass(frozen=True)
class ExtraCall:
    """What is asked. `label` is the highest label of `messages`, and `kind` what the ledger calls the call.

    `local_only`: it is sent only if it stays in the building.
    """

    messages: Sequence[ChatMessage]
    max_tokens: int
    label: Sensitivity
    caller: Caller
    kind: str
    read_present: ReadPresent
    local_only: bool = False


def candidates(catalogue: Iterable[ModelInfo], label: Sensitivity, *, local_only: bool) -> list[ModelInfo]:
    """Return the models that may be asked, the cheapest first: local ones, then hosted ones with a price.

    Hosted models that would think before they answer are left out if nothing can stop them: they would spend all
    tokens on that. Pure.
    """
    may = [model for model in catalogue if model.may_see(label) and not 0 < model.context_window < ROOM]
    fit = [model for model in may if not model.hosted or (not local_only and model.price and not _must_think(model))]
    return sorted(fit, key=_expense)


def _must_think(model: ModelInfo) -> bool:
    return bool(model.abilities.get(Ability.THINKING)) and model.provider in OPENAI_FORMATS


def _expense(model: ModelInfo) -> tuple[bool, bool, Decimal, bool, int, str]:
    """Return the sort key: local models first, small before large; hosted ones by their price."""
    price = model.price.input + model.price.output if model.hosted and model.price else Decimal(0)
    thinks, is_large = bool(model.abilities.get(Ability.THINKING)), ModelRole.SIMPLE not in model.roles
    return model.hosted, thinks and not model.hosted, price, is_large, model.rank, model.name


def without_thinking(model: ModelInfo) -> ModelInfo:
    """Return the model as it is asked not to think, if it is known to think."""
    if not model.abilities.get(Ability.THINKING):
        return model
    if model.provider == COMPATIBLE:
        return replace(model, extra_body={**model.extra_body, **NO_THINKING})
    if model.provider in OPENAI_FORMATS:
        return model
    return replace(model, parameters={**model.parameters, "reasoning_effort": "none"})


async def awake(models: Sequence[ModelInfo]) -> ModelInfo | None:
    """Return the first model that has not failed lately; None if all have."""
    resting = await cooling.resting([model.name for model in models])
    return next((model for model in models if model.name not in resting), None)


async def answer(call: ExtraCall, model: ModelInfo) -> str:
    """Ask the model and return what it says. Raises LangAIError, above all OverBudgetError before anything is sent."""
    paid, entries = uuid4(), list[Entry]()
    messages = tuple(ChatMessage.of(message.role, neutralised(message.text)) for message in call.messages)
    await in_database_thread(_reserve, paid, call, door.max_cost(model, messages, call.max_tokens))
    try:
        asked = _chat_call(call, without_thinking(model), messages)
        return await _said(asked, entries)
    except ProviderError as error:
        await cooling.rest(model.name, error)
        raise
    finally:
        await write_patiently(f"what a {call.kind} used", usage.close, paid, entries)


async def _said(asked: ChatCall, entries: list[Entry]) -> str:
    text = ""
    async with aclosing(door.stream_chat(asked, entries.append)) as outputs:
        async for output in outputs:
            if isinstance(output, Delta):
                # What came before a restart was thinking.
                text = output.text if output.restart else text + output.text
    return text


@transaction.atomic
def _reserve(paid: UUID, call: ExtraCall, most: Decimal | None) -> None:
    assert call.caller.user_id
    usage.reserve(reply=paid, user_id=call.caller.user_id, team=call.caller.team, amount=most)


def _chat_call(call: ExtraCall, model: ModelInfo, messages: tuple[ChatMessage, ...]) -> ChatCall:
    return ChatCall(
        model,
        messages,
        call.label,
        call.max_tokens,
        caller=call.caller,
        route=f"{call.kind}: the cheapest model that may see it",
        kind=call.kind,
        read_present=call.read_present,
        local_only=call.local_only,
    )
