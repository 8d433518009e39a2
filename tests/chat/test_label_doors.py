"""Labels on pages: chosen in the composer, shown and lowered over the thread, and alternatives after a refusal."""

import pytest
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.models import Conversation, Message
from chat.pages import fragments
from langai_site.database.writer import in_database_thread
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.test_labels import CARD
from tests.chat.test_views import alice, ask, bob, client_of, ended  # noqa: F401 - fixtures
from tests.outbound.conftest import connections, upstream  # noqa: F401 - fixtures
from tests.search.conftest import add, embedder, store  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db(transaction=True)

HOSTED = "anthropic/t5"
HEDGEHOG = "The hedgehog project pays twelve euros an hour to everybody who counts hedgehogs at night."


@pytest.fixture
async def client(alice):  # noqa: F811 - the fixture
    return await client_of(alice)


@pytest.fixture
def models(upstream, settings):  # noqa: F811 - the fixture
    """Offer one model that counts as local, and one on the same server that does not."""
    settings.LOCAL_HOSTS = ["127.0.0.1"]
    settings.ANTHROPIC_BASE_URL = f"http://localhost:{upstream.port}"
    for name in ("hosted_vllm/t5", HOSTED):
        Model.objects.create(name=name, display_name=name, provider=name.partition("/")[0], available=True)
    return upstream


@pytest.fixture
def secret(embedder, store, add):  # noqa: F811 - the fixtures
    collection = Collection.objects.create(name="Projects", everyone=True, sensitivity=Sensitivity.CONFIDENTIAL)
    add(collection, [HEDGEHOG], title="Hedgehogs")


async def shown(client):
    """Return the page of the only conversation."""
    conversation = await in_database_thread(Conversation.objects.get)
    page = await client.get(reverse("chat:conversation", args=[conversation.id]))
    return LexborHTMLParser(page.content.decode())


async def offers(client):
    forms = (await shown(client)).css(".problem form")
    return {form.text(strip=True): form for form in forms}


async def press(client, form):
    """Send a form as a browser without JavaScript does."""
    fields = {field.attributes["name"]: field.attributes.get("value") or "" for field in form.css("input[name]")}
    answer = await client.post(form.attributes["action"], fields)
    await ended()
    return answer


def sent_to(server, path):
    return [request["raw"] for request in server.requests(path)]


async def test_a_label_is_chosen_with_the_message_and_shown_with_its_reason(client):
    await ask(client, label="internal")
    page = await shown(client)
    assert page.css_first("#label button").text(strip=True) == "Internal"
    assert "chosen by you" in page.css_first("#label-why").text()
    mark = page.css_first(".row .dot")
    assert (mark.attributes["title"], mark.attributes["aria-label"]) == ("Internal", "Internal")
    # Lower labels are no longer offered.
    assert [option.attributes["value"] for option in page.css("#label-choice option")] == ["internal", "confidential"]


async def test_what_is_public_has_no_mark_in_lists_until_its_label_rises(client):
    await ask(client)
    mark = (await shown(client)).css_first(".row .dot")
    assert "hidden" in mark.attributes
    assert "title" not in mark.attributes
    conversation = await Conversation.objects.aget()
    conversation.label = Sensitivity.CONFIDENTIAL
    frame = LexborHTMLParser(fragments.label_frame(conversation)).css_first(f"#d-{conversation.id}")
    assert frame.attributes["hx-swap-oob"] == "true"
    assert (frame.attributes["class"], frame.attributes["title"]) == ("dot confidential", "Confidential")


async def test_a_label_that_there_is_not_is_told(client):
    answer = await ask(client, label="secret")
    assert answer.status_code == 400
    assert "Choose public, internal or confidential" in answer.content.decode()


async def test_the_owner_lowers_it_on_the_page(client):
    await ask(client, f"Why was {CARD} declined?")
    form = (await shown(client)).css_first("#label-why form")
    refused = await client.post(form.attributes["action"], {"label": "public", "reason": " "})
    assert (refused.status_code, "Say why" in refused.content.decode()) == (400, True)
    unnamed = await client.post(form.attributes["action"], {"reason": "a card for tests"})
    assert (unnamed.status_code, "Choose a label" in unnamed.content.decode()) == (400, True)
    await client.post(form.attributes["action"], {"label": "public", "reason": "a card for tests"})
    page = await shown(client)
    assert page.css_first("#label button").text(strip=True) == "Public"
    assert "lowered by you: a card for tests" in page.css_first("#label-why").text()
    assert page.css_first("#label-why form") is None


async def test_nobody_else_can_lower_it(client, bob):  # noqa: F811 - the fixture
    await ask(client, label="confidential")
    conversation = await in_database_thread(Conversation.objects.get)
    other = await client_of(bob)
    answer = await other.post(reverse("chat:lower-label", args=[conversation.id]), {"label": "public", "reason": "x"})
    assert answer.status_code == 404


async def test_what_a_hosted_model_may_not_see_is_not_sent_and_a_local_one_is_offered(client, models):
    await ask(client, f"Why was {CARD} declined?", model=HOSTED)
    assert sent_to(models, "/v1/messages") == []
    found = await offers(client)
    assert set(found) == {"Retry", "Ask a local model", "Ask quotes, which stays here"}
    await press(client, found["Ask a local model"])
    assert sent_to(models, "/v1/messages") == []
    (sent,) = sent_to(models, "/v1/chat")
    assert CARD in sent


async def test_without_the_passages_that_it_may_not_see_the_chosen_model_answers(client, models, secret):
    await ask(client, "What does the hedgehog project pay an hour?", model=HOSTED)
    assert sent_to(models, "/v1/messages") == []
    # Nothing was sent, so nothing was raised either.
    assert (await in_database_thread(Conversation.objects.get)).label == Sensitivity.PUBLIC
    found = await offers(client)
    await press(client, found["Answer without those passages"])
    (sent,) = sent_to(models, "/v1/messages")
    assert "twelve euros" not in sent
    last = await in_database_thread(lambda: Message.objects.filter(role="assistant").latest("created_at"))
    assert (last.status, last.label) == ("complete", Sensitivity.PUBLIC)


async def test_auto_takes_a_local_model_for_what_was_found_and_the_label_rises(client, models, secret):
    await ask(client, "What does the hedgehog project pay an hour?")
    assert sent_to(models, "/v1/messages") == []
    (sent,) = sent_to(models, "/v1/chat")
    assert "twelve euros" in sent
    conversation = await in_database_thread(Conversation.objects.get)
    assert (conversation.label, conversation.label_cause) == (
        Sensitivity.CONFIDENTIAL,
        "a passage from “Hedgehogs”",
    )
