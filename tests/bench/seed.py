"""Fills the database of the product under measurement, in a process of its own. Prints JSON.

python -m tests.bench.seed people 200      that many people, signed in, each with one conversation
python -m tests.bench.seed long 4x1000     that many people, each with a conversation of 1,000 messages
python -m tests.bench.seed tree 1000x40    one person with a conversation of 1,000 messages in 40 branches
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


def answer_text(number: int) -> str:
    """An ordinary answer of about 2.6 kB, none twice the same: prose, a list, a table, code and a formula."""
    link = f"[the guide](https://example.com/{number})"
    prose = f"Servers that **stream** send what they have, *at once*: see `chunk_{number}` and {link}. "
    points = [
        f"{point}. **Point {point}.** What `part_{point}` of answer {number} does, in short." for point in range(1, 9)
    ]
    rows = [f"| `part_{part}` | {part * number} ms | {part} |" for part in range(1, 7)]
    code = [f"    total_{line} = sum(chunk.size for chunk in stream({number}))  # part {line}" for line in range(1, 7)]
    return "\n\n".join(
        [
            f"## Streaming, part {number}",
            prose * 6,
            "\n".join(points),
            prose * 6,
            "\n".join(["| Part | Takes | Times |", "|---|---:|---:|", *rows]),
            "\n".join(["```python", "def measure():", *code, "```"]),
            f"It takes $t_{{{number}}} = \\frac{{n}}{{{number}}}$ seconds. " + prose,
        ]
    )


def long_conversation(user: Any, count: int) -> dict[str, str]:
    """A conversation of `count` messages, questions and ordinary answers in turn."""
    from chat.models import Conversation, Message

    conversation = Conversation.objects.create(owner=user, title=f"{count} messages")
    made: list[Message] = []
    for number in range(count):
        text = answer_text(number) if number % 2 else f"Question {number}: {QUESTION}"
        parent, role = made[-1] if made else None, "assistant" if number % 2 else "user"
        parts = [{"type": "text", "text": text}]
        made.append(Message(conversation=conversation, parent=parent, role=role, parts=parts))
    Message.objects.bulk_create(made, batch_size=500)
    conversation.current_leaf = made[-1]
    conversation.save()
    return {"conversation": str(conversation.id), "leaf": str(made[-1].id)}


def long_conversations(count: int, messages: int) -> list[dict[str, str]]:
    """Make people, each signed in and with a long conversation."""
    from django.db import transaction

    from langai_site.accounts.models import User

    with transaction.atomic():
        users = [User.objects.create(username=f"long-{number}", password="!") for number in range(count)]
        return [{"session": session_of(user), **long_conversation(user, messages)} for user in users]


def tree(messages: int, branches: int) -> list[dict[str, str]]:
    """Make a person with a conversation of so many branches; each leaves the first somewhere, or asks again there."""
    from chat.models import Conversation, Message
    from langai_site.accounts.models import User

    user = User.objects.create(username="tree", password="!")
    ids = long_conversation(user, messages // 2)
    talk = Conversation.objects.get(pk=ids["conversation"])
    trunk = list(Message.objects.filter(conversation=talk).order_by("created_at"))
    each, made = messages // 2 // (branches - 1), []
    for branch in range(branches - 1):
        # Half of them are near the end, on the part of the thread that the page shows.
        place = -2 * (branch % 14) - 2 if branch % 2 else 2 * branch
        parent = trunk[place].parent
        for number in range(each):
            text = answer_text(number) if number % 2 else f"Question {branch}.{number}: {QUESTION}"
            parts, role = [{"type": "text", "text": text}], "assistant" if number % 2 else "user"
            parent = Message(conversation=talk, parent=parent, role=role, parts=parts)
            made.append(parent)
    Message.objects.bulk_create(made, batch_size=500)
    return [{"session": session_of(user), **ids}]


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
    parser.add_argument("what", choices=["people", "long", "tree", "documents"])
    parser.add_argument("value")
    options = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "langai_site.settings")
    django.setup()
    print(json.dumps(_done(options.what, options.value)))


def _done(what: str, value: str) -> Any:
    if what == "people":
        return people(int(value))
    if what == "tree":
        return tree(*map(int, value.split("x")))
    if what == "long":
        return long_conversations(*map(int, value.split("x")))
    return documents(value == "on")


if __name__ == "__main__":
    main()
