"""Fills the database of the product under measurement, in a process of its own. Prints JSON.

python -m tests.bench.seed people 200      that many people, signed in, each with one conversation
python -m tests.bench.seed documents off   nobody may read the handbook, so that nothing is searched
"""

import argparse
import json
import os
import time
from typing import Any

import django

QUESTION = "What is a streaming server?"
ANSWER = "A server that sends an answer while it is still being made."
READY_SECONDS = 90


def session_of(user: Any) -> str:
    """The key of a new session in which `user` is signed in."""
    from django.conf import settings
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
    from django.contrib.sessions.backends.db import SessionStore

    store = SessionStore()
    store[SESSION_KEY] = str(user.pk)
    store[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    store[HASH_SESSION_KEY] = user.get_session_auth_hash()
    store.save()
    return str(store.session_key)


def conversation_of(user: Any) -> dict[str, str]:
    """A conversation with one question and its answer; the ids that a page knows."""
    from chat.models import Conversation, Message

    conversation = Conversation.objects.create(owner=user, title=QUESTION)
    parts = [[{"type": "text", "text": text}] for text in (QUESTION, ANSWER)]
    question = Message.objects.create(conversation=conversation, role="user", parts=parts[0])
    answer = Message.objects.create(conversation=conversation, parent=question, role="assistant", parts=parts[1])
    conversation.current_leaf = answer
    conversation.save()
    return {"conversation": str(conversation.id), "leaf": str(answer.id)}


def people(count: int) -> list[dict[str, str]]:
    """Make people, each signed in and with a conversation."""
    from django.db import transaction

    from langai_site.accounts.models import User

    with transaction.atomic():
        users = [User.objects.create(username=f"bench-{number}", password="!") for number in range(count)]
        return [{"session": session_of(user), **conversation_of(user)} for user in users]


def documents(readable: bool) -> int:
    """Let everyone read the handbook, or nobody; the number of its passages, once it has been read in."""
    from search.models import Collection, Passage

    deadline = time.monotonic() + READY_SECONDS
    while not Passage.objects.filter(source__live=True).exists() and time.monotonic() < deadline:
        time.sleep(0.2)
    Collection.objects.update(everyone=readable)
    return Passage.objects.count()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.seed")
    parser.add_argument("what", choices=["people", "documents"])
    parser.add_argument("value")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    django.setup()
    print(json.dumps(people(int(options.value)) if options.what == "people" else documents(options.value == "on")))


if __name__ == "__main__":
    main()
