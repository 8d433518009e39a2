"""Calls every model behind an address, local or hosted, through the one door in outbound."""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from decimal import Decimal

from chat.llm.types import ModelQuestion
from langai_site.outbound import door
from langai_site.outbound.types import ChatCall, Ledger, ModelOutput
from langai_site.telemetry import tracing


class Hosted:
    async def stream(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
        with tracing.span("provider", {"langai.model": ask.model.name}):
            async with aclosing(door.stream_chat(_call(ask), ledger)) as outputs:
                async for output in outputs:
                    yield output

    def max_cost(self, ask: ModelQuestion) -> Decimal | None:
        return door.max_cost(ask.model, ask.messages, ask.max_tokens, ask.requirements)


def _call(ask: ModelQuestion) -> ChatCall:
    return ChatCall(
        ask.model,
        ask.messages,
        ask.label,
        ask.max_tokens,
        ask.temperature,
        caller=ask.caller,
        route=ask.route,
        local_only=ask.local_only,
        requirements=ask.requirements,
        files=ask.files,
        read_present=ask.read_present,
    )
