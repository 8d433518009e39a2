"""What is copied of an answer is the markdown that the model wrote, and what a person sends keeps its indentation."""

import pytest
from django.test import AsyncClient
from django.urls import reverse

from chat.conversations import drafts
from chat.models import Conversation, Message
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.errors import InvalidError
from tests.chat.factories import said

CODE = "```python\n    def area(self):\n\treturn self[1]   \n```"
WRITTEN = f"1. First\n   - **nested** $x^2$ [1]\n\n{CODE}\n\n| A | B |\n|---|---|\n"
COPIED = WRITTEN.replace(" [1]", "")


@pytest.fixture
async def reply(db):
    alice = await User.objects.acreate_user("alice")

    def made():
        conversation = Conversation.objects.create(owner=alice, title="t")
        return Message.objects.create(conversation=conversation, status="complete", **said("assistant", WRITTEN))

    return await in_database_thread(made)


@pytest.mark.django_db(transaction=True)
async def test_the_source_of_an_answer_is_its_markdown_without_citations(reply):
    client = AsyncClient()
    await client.aforce_login(await User.objects.aget(username="alice"))
    response = await client.get(reverse("chat:source", args=[reply.id]))
    assert response.content.decode() == COPIED
    assert response["Content-Type"] == "text/markdown; charset=utf-8"
    assert response["Cache-Control"] == "private, no-store"


@pytest.mark.django_db(transaction=True)
async def test_nobody_else_gets_the_source(reply):
    client = AsyncClient()
    address = reverse("chat:source", args=[reply.id])
    assert (await client.get(address)).status_code == 302
    await client.aforce_login(await User.objects.acreate_user("bob"))
    assert (await client.get(address)).status_code == 404


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("    def area(self):\r\n        return 1\r\n", "    def area(self):\n        return 1"),
        ("\n  \n\tindented\n\tmore\n\n", "\tindented\n\tmore"),
        ("  a question?  ", "a question?"),
        ("\n\n  a question?", "a question?"),
    ],
)
def test_the_first_indentation_of_several_lines_is_kept(written, sent, settings):
    assert drafts.text(written) == sent


@pytest.mark.parametrize("blank", ["", " \n\t\n", "\x00"])
def test_blank_lines_alone_are_no_message(blank, settings):
    with pytest.raises(InvalidError):
        drafts.text(blank)
