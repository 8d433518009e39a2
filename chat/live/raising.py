"""Continues to raise the labels of conversations that quote a document, and tells the open pages."""

import asyncio
import logging

from chat.conversations import label_rises
from chat.live import publishing
from langai_site.database.writer import apart, in_database_thread

logger = logging.getLogger(__name__)

EVERY = 1.0


async def keep_raising() -> None:
    """Do the steps of all label rises, one per second, in the web process, because it can reach the pages."""
    while True:
        try:
            # There is nearly always nothing to do, and the writer's connection is open already.
            for conversation in (
                await apart(label_rises.step) if await in_database_thread(label_rises.is_undone) else ()
            ):
                await publishing.publish(conversation, {"type": "label.rose"})
        except Exception:
            logger.exception("the labels of conversations could not be raised")
        await asyncio.sleep(EVERY)
