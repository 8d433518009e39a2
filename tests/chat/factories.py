"""Values for the chat's tests."""

import uuid
from datetime import timedelta
from importlib import import_module

from django.apps import apps
from django.utils import timezone

from chat.llm.types import Numbered
from chat.models import Conversation, Message, RoutingPolicy
from chat.routing.route import AUTO, RouteRequest
from chat.values import Level
from langai_site.outbound.types import Present
from langai_site.sensitivity import Sensitivity
from search.types import Hit


def hit(text, *, score=0.6, title="Refund policy", page=3, label=Sensitivity.PUBLIC, source=None, start=0):
    return Hit(
        passage_id=1,
        source_id=source or uuid.uuid4(),
        version=1,
        title=title,
        file_name="refunds.pdf",
        collection="Finance",
        page=page,
        pages=11,
        start=start,
        end=start + len(text),
        heading="",
        location=f"page {page}",
        text=text,
        label=label,
        score=score,
    )


def numbered(*texts, **options):
    return tuple(Numbered(number, hit(text, **options)) for number, text in enumerate(texts, 1))


def said(role, text):
    """Return a message's fields for `text`."""
    return {"role": role, "parts": [{"type": "text", "text": text}]}


def long_conversation(owner, count, text="Message {}", title="Long"):
    """Make a conversation of `count` messages, questions and answers in turn; return it and its messages."""
    conversation = Conversation.objects.create(owner=owner, title=title)
    began = timezone.now() - timedelta(days=1)
    messages = []
    for number in range(count):
        values = said("assistant" if number % 2 else "user", text.format(number))
        parent = messages[-1] if messages else None
        at = began + timedelta(seconds=number)
        messages.append(Message(conversation=conversation, parent=parent, created_at=at, **values))
    Message.objects.bulk_create(messages)
    conversation.current_leaf = messages[-1]
    conversation.save()
    return conversation, messages


def version_of(message, text="Another version"):
    """Make another, newer version of a message."""
    return Message.objects.create(conversation=message.conversation, parent=message.parent, **said(message.role, text))


def first_policy():
    """Return the policy that the database comes with, even after a test that emptied it."""
    if not RoutingPolicy.objects.filter(version=1).exists():
        import_module("chat.migrations.0004_routing_policies").first_policy(apps, None)
    return RoutingPolicy.objects.get(version=1)


async def affordable(_most):
    """Allow any cost, as without budgets."""


class FixedState:
    """A TurnState in which nothing changes while the turn runs; `hold` says what it can afford."""

    documents = (uuid.UUID(int=7),)

    def __init__(self, hold=affordable):
        self.hold = hold

    def read_present(self, request, prepared):
        return Present(prepared.label, prepared.model, self.documents)

    def read_question(self, request):
        return Present(request.label)

    async def refreshed(self, request):
        raise AssertionError("nothing changes here")


def routed(requested=AUTO, **options):
    """Return a request to routing for a short public question of moderate complexity, unless told otherwise."""
    usual = {"label": Sensitivity.PUBLIC, "complexity": Level.MODERATE, "prompt_tokens": 500, "max_tokens": 1000}
    return RouteRequest(requested, **(usual | options))
