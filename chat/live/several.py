"""Starts the replies of a comparison together: all of them, or none."""

import asyncio
from collections.abc import Awaitable, Callable

from chat.comparisons.opening import Opened
from chat.live import runner
from chat.live.reply import ReplyOpening


async def begin(open_all: Callable[[], Awaitable[Opened]]) -> Opened:
    """Write the rows of all replies and start them, even if the request is cancelled."""

    async def all_of_them() -> Opened:
        opened = await open_all()
        first = opened.started[0]
        runner.start(first, ReplyOpening(text=first.request.question))
        for started in opened.started[1:]:
            # Pages that show the conversation show one of its answers: the last.
            runner.start(started, ReplyOpening(replaces=str(first.reply)))
        return opened

    return await asyncio.shield(asyncio.create_task(all_of_them()))
