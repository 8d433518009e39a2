"""What pages show of the check of an answer's sentences, and to whom."""

import pytest
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from search.models import Collection
from tests.chat.test_checks import checked_reply
from tests.chat.test_views import client_of

pytestmark = pytest.mark.django_db(transaction=True)


async def person(name):
    return await User.objects.acreate_user(name, password="a long enough one")


async def test_the_panel_says_what_differs_and_only_to_people_who_may_read_the_passage():
    alice, bob = await person("alice"), await person("bob")
    reply = await in_database_thread(checked_reply, alice)
    url, client = reverse("chat:citation", args=[reply.id, 1]), await client_of(alice)
    shown = (await client.get(url, headers={"HX-Request": "true"})).content.decode()
    assert "The passage says “25 days”, the answer “30 days”." in shown
    assert "Left over leave" not in shown
    assert (await (await client_of(bob)).get(url)).status_code == 404
    await Collection.objects.filter(name="Shared 1").aupdate(everyone=False)
    assert (await client.get(url)).status_code == 404


async def test_an_admin_may_have_contradicted_sentences_struck(settings):
    alice = await person("alice")
    reply = await in_database_thread(checked_reply, alice)
    address, client = reverse("chat:conversation", args=[reply.conversation_id]), await client_of(alice)
    for strikes in (True, False):
        settings.STRIKE_CONTRADICTED = strikes
        page = (await client.get(address)).content.decode()
        assert ('class="column strikes" id="thread"' in page) is strikes
        assert '<span class="otherwise">30 days</span>' in page
