"""Starts the replies of a comparison together: all of them, or none."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from chat.comparisons.opening import Opened
from chat.live import runner
from chat.live.reply import ReplyOpening
from chat.turns.closing import TurnOutcome


@dataclass(frozen=True)
class RunningComparison:
    """A comparison whose replies run. Shield the `endings` if you await them, as that of a single reply."""

    opened: Opened
    endings: tuple[asyncio.Task[TurnOutcome], ...]


async def begin(open_all: Callable[[], Awaitable[Opened]]) -> RunningComparison:
    """Write the rows of all replies and start them, even if the request is cancelled."""

    async def all_of_them() -> RunningComparison:
        opened = await open_all()
        first, *others = opened.started
        endings = [runner.start(first, ReplyOpening(text=first.request.question))]
        # Pages that show the conversation show one of its answers: the last.
        endings += [runner.start(started, ReplyOpening(replaces=str(first.reply))) for started in others]
        return RunningComparison(opened, tuple(endings))

    return await asyncio.shield(asyncio.create_task(all_of_them()))
