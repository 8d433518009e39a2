"""A handbook of one document, questions about it, and answers that its owner verifies."""

import asyncio
from datetime import timedelta

from django.core.files.base import ContentFile
from django.utils import timezone

from chat.conversations.access import reply_as_shown
from chat.conversations.drafts import AS_BEFORE
from chat.live import runner
from chat.turns import comparing_versions, storage
from chat.verified import indexing, making
from chat.verified.making import VerifiedText
from documents import services, tasks
from langai_site.database.writer import in_database_thread

LEAVE = "Everyone has 25 days of holiday a year. Days that are left expire on 31 March of the following year."
QUESTION = "How many days of holiday do I get a year?"
ANSWER = "You get 25 days a year [1]. What is left expires on 31 March."
LATER = timedelta(days=100)


def read_all():
    while tasks.work_once("test"):
        pass


def replaced(document, text):
    document.refresh_from_db()
    services.replace(document, file=ContentFile(text.encode(), "leave.txt"), user=None)
    read_all()
    comparing_versions.compare()


async def ended(begun):
    runner.start(begun, runner.ReplyOpening(begun.request.question))
    while runner._tasks:
        await asyncio.wait(set(runner._tasks), timeout=30)


def asked(user, question=QUESTION, **options):
    """Ask as the page does, with the built-in model, and return the reply as its page shows it."""

    async def ask():
        begun = await in_database_thread(lambda: storage.post(user, None, question, "quotes", ("all",), **options))
        await ended(begun)
        return begun.reply

    return reply_as_shown(user.pk, asyncio.run(ask()))


def asked_again(user, reply):
    async def ask():
        begun = await in_database_thread(storage.retry, user, reply.pk, AS_BEFORE)
        await ended(begun)
        return begun.reply

    return reply_as_shown(user.pk, asyncio.run(ask()))


def text(question=QUESTION, variants=(), answer=ANSWER, review_by=None):
    return VerifiedText(question, variants, answer, review_by or timezone.localdate() + LATER)


def verified(owner, **words):
    made = making.create(owner, asked(owner).pk, text(**words))
    indexing.run()
    made.refresh_from_db()
    return made
