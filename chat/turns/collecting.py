"""Collects the answer of a turn that nobody watches, such as a cell of a review table."""

from contextlib import aclosing
from dataclasses import dataclass, field

from chat.turns import turn
from chat.turns.values import RoutedTurn, TurnRequest, TurnState
from langai_site.outbound.types import Delta
from langai_site.usage.types import Entry


@dataclass(kw_only=True)
class CollectedTurn:
    """What came of a turn so far: the route of the model that answers, its text, and the calls for the ledger."""

    text: str = ""
    prepared: RoutedTurn | None = None
    entries: list[Entry] = field(default_factory=list)


async def collect(into: CollectedTurn, request: TurnRequest, state: TurnState) -> None:
    """Run a turn to its end. What was collected stays if it fails. Raises as `turn.run` does."""
    async with aclosing(turn.run(request, into.entries.append, state)) as events:
        async for event in events:
            if isinstance(event, RoutedTurn):
                into.prepared, into.text = event, ""
            elif isinstance(event, Delta):
                into.text = event.text if event.restart else into.text + event.text
