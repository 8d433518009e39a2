"""What an assistant does in a turn: its instructions, model, options and collections, its label, and who loses it."""

import pytest

from chat.assistants import access, editing, using
from chat.assistants.editing import AssistantForm
from chat.conversations.drafts import Options, Pick
from chat.llm.built_in import QUOTES
from chat.models import AssistantUse, Conversation, Message
from chat.pages import receipt_text
from chat.turns import previews, storage
from chat.turns.receipt import Receipt
from chat.values import ASSISTANT_HEADING
from langai_site.accounts.models import Team, User
from langai_site.accounts.sharing import Audience
from langai_site.database.writer import in_database_thread
from langai_site.errors import NotFoundError
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.leaks import markers_of
from tests.chat.test_changes_during_a_turn import (  # noqa: F401 - a fixture
    FAILING,
    HOSTED,
    INSIDE,
    QUESTION,
    answered,
    ended,
    house,
)
from tests.chat.test_labels import CARD

pytestmark = pytest.mark.django_db(transaction=True)

WISH = "Answer like a harbour master."
EVERYONE = Audience(everyone=True)


def made(maker, **values):
    return editing.create(maker, AssistantForm(**{"name": "Harbour", "instructions": WISH, **values}), EVERYONE)


async def by_bob(**values):
    """Return an assistant that somebody else shares with everyone."""
    maker = await in_database_thread(User.objects.create_user, "bob")
    return await in_database_thread(lambda: made(maker, **values))


async def test_it_answers_by_its_instructions_model_and_options_and_the_receipt_names_its_version(house):  # noqa: F811
    assistant = await by_bob(emoji="⚓", model=INSIDE, options=Options(temperature=0.25, max_tokens=77))
    reply = await answered(house, assistant=assistant.pk)
    model, body = house.calls[-1]
    assert model == INSIDE
    assert ASSISTANT_HEADING in body
    assert WISH in body
    assert '"temperature": 0.25' in body or '"temperature":0.25' in body
    lines = dict(receipt_text.receipt_lines(Receipt.from_json(reply.receipt)))
    assert lines["Assistant"] == "⚓ Harbour, version 1, about 31 tokens"
    used = await in_database_thread(lambda: access.figures(assistant))
    assert (used.answers, used.people) == (1, 1)
    # Its next version answers the next question of the same conversation.
    await in_database_thread(lambda: editing.change(assistant.owner, assistant.pk, AssistantForm("Harbour")))
    started = await in_database_thread(storage.post, house.person, reply.conversation_id, QUESTION)
    assert (started.request.assistant.version, started.request.assistant.prompt) == (2, "")
    assert started.request.pick.model == "auto"


async def test_what_its_person_chooses_comes_first(house):  # noqa: F811
    assistant = await by_bob(model=INSIDE, options=Options(temperature=0.25), collections=[])
    ids = await in_database_thread(lambda: [str(pk) for pk in Collection.objects.values_list("pk", flat=True)])
    own = Options(temperature=1.5)
    started = await in_database_thread(
        lambda: storage.post(house.person, None, QUESTION, HOSTED, ["some", *ids], options=own, assistant=assistant.pk)
    )
    assert started.request.pick.model == HOSTED
    assert started.request.options.temperature == 1.5
    assert set(started.request.reader.collections) == {row.pk for row in house.library.collections[:2]}
    await ended(started)
    without = await in_database_thread(storage.post, house.person, started.conversation, QUESTION, assistant="")
    assert without.request.assistant is None


async def test_a_model_that_is_gone_falls_to_auto_with_a_notice(house):  # noqa: F811
    assistant = await by_bob(model="hosted_vllm/gone")
    reply = await answered(house, assistant=assistant.pk)
    assert reply.status == "complete"
    assert reply.receipt["notice"].startswith("The model of this assistant, hosted_vllm/gone, is not available to you.")
    draft = previews.DraftMessage(QUESTION, Pick("auto"), assistant=assistant.pk)
    basis = await in_database_thread(previews.before, house.person, None, draft)
    expected = await previews.preview(basis, draft)
    assert "Auto chose another" in expected.notice


@pytest.mark.parametrize("values", [{"instructions": f"The card is {CARD}."}, {"label": Sensitivity.CONFIDENTIAL}])
async def test_its_label_keeps_the_turn_from_hosted_models_and_stays_with_the_conversation(house, values):  # noqa: F811
    assistant = await by_bob(**values)
    reply = await answered(house, model=HOSTED, assistant=assistant.pk)
    assert (reply.error_code, house.calls) == ("above_ceiling", [])
    reply = await answered(house, model=INSIDE, assistant=assistant.pk)
    assert reply.conversation.label == Sensitivity.CONFIDENTIAL
    assert "assistant" in reply.conversation.label_cause
    assert CARD not in reply.conversation.label_cause


def withdraw(assistant):
    type(assistant).objects.filter(pk=assistant.pk).update(everyone=False)


def relabel(assistant):
    type(assistant).objects.filter(pk=assistant.pk).update(label=Sensitivity.CONFIDENTIAL)


@pytest.mark.parametrize("change", [withdraw, relabel])
async def test_what_changes_before_the_next_model_is_asked_counts_for_it(house, change):  # noqa: F811
    assistant = await by_bob()
    house.change = lambda _house: change(assistant)
    reply = await answered(house, assistant=assistant.pk)
    assert house.asked[0] == FAILING
    assert WISH in house.calls[0][1]
    if change is relabel:
        assert house.asked == [FAILING, INSIDE]
        assert reply.label == Sensitivity.CONFIDENTIAL
    else:
        assert all(WISH not in body for _model, body in house.calls[1:])
        assert reply.receipt["notice"].startswith(using.LOST)
        assert "assistant" not in reply.receipt


async def test_leaving_a_team_ends_access_at_the_next_question(house):  # noqa: F811
    def shared_with_team():
        team = Team.objects.create(name="Harbour")
        maker = User.objects.create_user("bob")
        for member in (maker, house.person):
            member.teams.add(team)
        return editing.create(maker, AssistantForm("Harbour", instructions=WISH), Audience(teams=(team.pk,)))

    assistant = await in_database_thread(shared_with_team)
    reply = await answered(house, model=INSIDE, assistant=assistant.pk)
    await in_database_thread(house.person.teams.clear)
    with pytest.raises(NotFoundError):
        await in_database_thread(storage.post, house.person, None, QUESTION, assistant=assistant.pk)
    started = await in_database_thread(storage.post, house.person, reply.conversation_id, QUESTION)
    reply = await ended(started)
    assert WISH not in house.calls[-1][1]
    assert reply.receipt["notice"].startswith(using.LOST)
    assert await in_database_thread(AssistantUse.objects.count) == 1


async def test_no_document_reaches_a_person_without_their_own_right_through_any_assistant(house):  # noqa: F811
    """Every way to name collections, through assistants of somebody who may read them all."""

    def prepare():
        maker = User.objects.create_user("bob")
        everything = list(Collection.objects.order_by("pk"))
        for row in everything:
            row.owners.add(maker)
        for row in everything[1:]:
            row.users.remove(house.person)
        ids = [row.pk for row in everything]
        choices = [None, ids, ids[1:], ids[:1], [ids[-1]], [], [10**6]]
        assistants = [made(maker, name=f"A{at}", collections=chosen) for at, chosen in enumerate(choices)]
        # Also a row that no form could have made.
        type(assistants[0]).objects.filter(pk=assistants[-1].pk).update(collections=[*ids, 10**6])
        return assistants

    assistants = await in_database_thread(prepare)
    first = await in_database_thread(lambda: Collection.objects.order_by("pk").first().pk)
    allowed = {document.marker for document in house.library.documents if document.collection == first}
    found = set()
    for assistant in assistants:
        for chosen in ((), ("all",), ("some", *map(str, range(1, 50)))):
            reply = await answered(house, model=INSIDE, assistant=assistant.pk, collections=chosen)
            assert reply.status == "complete"
            seen = markers_of(house.calls[-1][1])
            assert seen <= allowed, (assistant.name, chosen)
            found |= seen
    # Otherwise nothing would have been tried.
    assert found


async def test_the_built_in_quotes_follow_its_collections_too(house):  # noqa: F811
    assistant = await by_bob(model=QUOTES.name, collections=[])
    started = await in_database_thread(storage.post, house.person, None, QUESTION, assistant=assistant.pk)
    assert started.request.pick.model == QUOTES.name
    assert not started.request.documents
    await ended(started)


async def test_a_deleted_assistant_leaves_its_conversations(house):  # noqa: F811
    assistant = await by_bob()
    reply = await answered(house, model=INSIDE, assistant=assistant.pk)
    await in_database_thread(editing.delete, assistant.owner_id, assistant.pk)
    row = await in_database_thread(Conversation.objects.get, pk=reply.conversation_id)
    assert row.assistant_id is None
    kept = await in_database_thread(Message.objects.get, pk=reply.pk)
    assert kept.receipt["assistant"] == "Harbour"
