"""Who may watch a conversation: its owner, while the account is active and the conversation is not deleted."""

import uuid

import pytest
from django.db import transaction
from django.utils import timezone

from chat.conversations import access
from chat.models import Conversation
from langai_site.accounts.models import User
from langai_site.errors import NotFoundError


@pytest.fixture
def conversation(alice):
    return Conversation.objects.create(owner=alice, title="A talk")


def may(user, conversation_id):
    """Return whether each of the three gates lets the person in; they must agree."""
    try:
        access.access_conversation(user.pk, conversation_id)
        full = True
    except NotFoundError:
        full = False
    try:
        access.require_theirs(user.pk, conversation_id)
        short = True
    except NotFoundError:
        short = False
    many = (user.pk, conversation_id) in access.still_theirs({(user.pk, conversation_id)})
    assert full == short == many
    return full


def test_the_owner_alone_may_watch(alice, bob, admin, conversation):
    assert [may(user, conversation.id) for user in (alice, bob, admin)] == [True, False, False]
    assert not may(alice, uuid.uuid4())


@pytest.mark.parametrize("change", ["deleted", "closed", "given away", "owner deleted"])
def test_it_ends_with_what_it_follows_from(alice, bob, conversation, change):
    assert may(alice, conversation.id)
    with transaction.atomic():
        if change == "deleted":
            Conversation.objects.update(deleted_at=timezone.now())
        elif change == "closed":
            User.objects.filter(pk=alice.pk).update(is_active=False)
        elif change == "given away":
            Conversation.objects.update(owner=bob)
        else:
            User.objects.filter(pk=alice.pk).delete()
    assert not may(alice, conversation.id)


def test_many_are_asked_about_in_few_queries(alice, bob, django_assert_num_queries):
    made = Conversation.objects.bulk_create(Conversation(owner=alice, title=str(n)) for n in range(600))
    with django_assert_num_queries(2):
        theirs = access.still_theirs({(user.pk, one.id) for user in (alice, bob) for one in made})
    assert theirs == {(alice.pk, one.id) for one in made}
