"""The next version of an assistant: its editor tries and tests it, and nobody else gets it before it is saved."""

from datetime import date
from decimal import Decimal

import pytest
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.assistants import access, drafting, editing
from chat.assistants.editing import AssistantForm
from chat.conversations import keeping
from chat.evaluation import cases, drafts
from chat.models import Assistant, AssistantUse, Conversation, Message
from chat.models.assistants import AssistantDraft
from chat.models.keeping import Keeping
from chat.routing.route import RouteRequest
from chat.turns import storage
from chat.values import Level
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, NotFoundError
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage import prices
from search.models import Collection
from tests.chat.factories import first_policy
from tests.chat.handbook import asked

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]
OLD, NEW = "Answer like a harbour master.", "Answer like a lighthouse keeper."


def made(person, *, editors=(), **values):
    form = AssistantForm("Harbour", **({"instructions": OLD, "model": "quotes"} | values))
    return editing.create(person, form, Audience(everyone=True, editors=editors))


def kept(person, assistant, **values):
    form = {"instructions": NEW, "model": "quotes", "version": assistant.version} | values
    return drafting.keep(person, assistant.pk, AssistantForm("Harbour", **form))


def test_an_editor_tries_what_the_form_says_and_saves_it_then(client, alice, bob):
    assistant = made(alice)
    page = reverse("chat:assistant-draft", args=[assistant.pk])
    client.force_login(alice)
    form = {"name": "Harbour", "instructions": NEW, "model": "quotes", "version": "1", "label": "public"}
    assert client.post(page, form | {"name": ""}).status_code == 400
    assert client.post(page, form).url == page
    trial = AssistantDraft.objects.get().trial
    shown = client.get(page).text
    assert all(text in shown for text in (OLD, NEW, str(trial.pk)))
    field = LexborHTMLParser(shown).css_first("[name=keep]").attributes["value"]
    assert keeping.chosen(alice.pk, field) == Keeping.HOUR
    assert "your draft of its next version" in client.get(reverse("chat:new"), {"assistant": trial.pk}).text
    assert client.get(reverse("chat:assistant", args=[trial.pk])).url == page
    assert NEW in client.get(f"{reverse('chat:assistant-change', args=[assistant.pk])}?draft=1").text
    tried = storage.post(alice, None, "When?", assistant=trial.pk)
    assert tried.request.assistant.instructions == NEW
    assert storage.post(bob, None, "When?", assistant=assistant.pk).request.assistant.instructions == OLD
    assert [card.assistant.pk for card in access.gallery(alice.pk)] == [assistant.pk]
    client.post(reverse("chat:assistant-publish", args=[assistant.pk]))
    assistant.refresh_from_db()
    assert (assistant.version, assistant.instructions) == (2, NEW)
    assert Conversation.objects.get(pk=tried.conversation).assistant_id == assistant.pk
    assert list(Assistant.objects.all()) == [assistant]


def test_nobody_else_sees_a_draft(client, alice, bob):
    assistant = made(alice, editors=("bob",))
    trial = kept(alice, assistant).trial
    with pytest.raises(NotFoundError):
        storage.post(bob, None, "When?", assistant=trial.pk)
    client.force_login(bob)
    for name in ("draft", "test", "publish", "discard"):
        path = reverse(f"chat:assistant-{name}", args=[assistant.pk])
        assert (client.get(path) if name == "draft" else client.post(path)).status_code == 404
    editing.change(alice, assistant.pk, AssistantForm("Harbour"), Audience(everyone=True))
    with pytest.raises(ForbiddenError):
        kept(bob, assistant)


def test_a_draft_that_another_version_overtook_is_not_saved(alice, bob):
    assistant = made(alice, editors=("bob",))
    kept(alice, assistant)
    editing.change(bob, assistant.pk, AssistantForm("Harbour", instructions="Mine."))
    with pytest.raises(ConflictError):
        drafting.publish(alice, assistant.pk)
    drafting.discard(alice.pk, assistant.pk)
    kept(alice, Assistant.objects.get())
    editing.delete(alice.pk, assistant.pk)
    assert not Assistant.objects.exists()


def test_test_cases_say_whether_search_gets_worse(client, alice, bob, document, shared):
    cases.keep(alice, asked(alice).pk)
    empty = Collection.objects.create(name="Empty", everyone=True)
    assistant = made(alice, collections=[shared.pk], editors=("bob",))
    client.force_login(alice)
    page = reverse("chat:assistant-draft", args=[assistant.pk])
    for collections, worse in (([empty.pk], 1), ([shared.pk, empty.pk], 0)):
        kept(alice, assistant, collections=collections)
        client.post(reverse("chat:assistant-test", args=[assistant.pk]))
        assert "1 case is still to be run" in client.get(page).text
        while drafts.run():
            pass
        assert f"{worse} of 1 case gets worse." in client.get(page).text
    # Questions of test cases are for those who own the collection.
    kept(bob, assistant, collections=[empty.pk])
    client.force_login(bob)
    assert "There are no test cases" in client.get(page).text


def test_recent_answers_are_routed_again(client, alice, bob, settings):
    settings.ANTHROPIC_API_KEY = "sk-test-1234567890"
    first_policy()
    for name, price in (("anthropic/a", 1), ("anthropic/b", 10)):
        Model.objects.create(name=name, display_name=name, provider="anthropic", available=True)
        rates = {"input": Decimal(price), "output": Decimal(price), "cached": Decimal(price)}
        prices.set_by_admin(name, valid_from=date(2026, 1, 1), **rates)
    assistant = made(alice, model="anthropic/a")
    # The second question was put to another model by its person, which the draft does not change.
    for requested in ("anthropic/a", "anthropic/b"):
        request = RouteRequest(requested, Sensitivity.PUBLIC, Level.SIMPLE, 100, 500)
        receipt = {"request": request.written(), "name": requested, "hosted": True}
        receipt |= {"input_tokens": 1_000_000, "output_tokens": 0}
        reply = Message.objects.create(
            conversation=Conversation.objects.create(owner=bob), role="assistant", receipt=receipt
        )
        AssistantUse.objects.create(assistant=assistant, version=1, reply=reply.pk, user_id=bob.pk)
    kept(alice, assistant, model="anthropic/b")
    client.force_login(alice)
    page = " ".join(client.get(reverse("chat:assistant-draft", args=[assistant.pk])).text.split())
    assert "Of 2 answers of the last 30 days, 1 would come from another model." in page
    assert "about $11.00 with the current version and $20.00 with this draft" in page
    assert "bob" not in page
