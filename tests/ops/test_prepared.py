from uuid import uuid4

import pytest
from django.db.models import Q

from chat.models import Conversation
from langai_site.accounts.models import Team, User
from langai_site.database.compiled_queries import CompiledQuery

BY_NAME = CompiledQuery(lambda name: Team.objects.filter(name=name).values_list("pk", "name"), name="\x01example")
OF_OWNER = CompiledQuery(
    lambda conversation, owner: (
        Conversation.objects.filter(Q(pk=conversation) | Q(title="both"), owner=owner, deleted_at=None)
        .order_by("title")
        .values_list("pk", "created_at", "collections")
    ),
    conversation=uuid4(),
    owner=-982451653,
)


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice")


def test_each_run_takes_its_own_parameters(db):
    reds, blues = Team.objects.create(name="Reds"), Team.objects.create(name="Blues")
    assert BY_NAME.rows(name="Reds") == [(reds.pk, "Reds")]
    assert BY_NAME.rows(name="Blues") == [(blues.pk, "Blues")]
    assert BY_NAME.rows(name="Greens") == []


def test_ids_times_and_json_come_as_django_gives_them_and_constants_stay(alice):
    mine = Conversation.objects.create(owner=alice, title="a", collections=[1, 2])
    both = Conversation.objects.create(owner=alice, title="both")
    Conversation.objects.create(owner=User.objects.create_user("bob"), title="both")
    found = OF_OWNER.rows(conversation=mine.pk, owner=alice.pk)
    assert found == [(mine.pk, mine.created_at, [1, 2]), (both.pk, both.created_at, None)]


def test_a_parameter_that_the_query_does_not_use_is_a_mistake_that_is_told(db):
    prepared = CompiledQuery(lambda name: Team.objects.values_list("pk"), name="\x01example")
    with pytest.raises(ValueError, match="no parameter name"):
        prepared.rows(name="Reds")
