"""A folder's instructions: in each prompt and receipt, labelled like any text, and read when it is sent."""

import pytest

from chat.conversations import folders, ordering
from chat.conversations.drafts import Pick
from chat.conversations.folders import FolderForm
from chat.conversations.ordering import Action
from chat.models import Conversation, Message
from chat.pages import receipt_text
from chat.turns import previews, storage
from chat.turns.receipt import Receipt
from chat.values import FOLDER_HEADING
from langai_site.accounts.models import User
from langai_site.database.writer import in_database_thread
from langai_site.sensitivity import Sensitivity
from tests.chat.test_changes_during_a_turn import (  # noqa: F401 - a fixture
    FAILING,
    HOSTED,
    INSIDE,
    QUESTION,
    answered,
    ended,
    house,
    offer,
)
from tests.chat.test_labels import CARD

pytestmark = pytest.mark.django_db(transaction=True)

WISH = "Answer in rhymes, and name the paragraph."


def made(person, text=WISH, **more):
    return folders.create(person.id, FolderForm("Contracts", instructions=text, **more))


def rewrite(folder, text):
    folders.change(folder.owner_id, folder.id, FolderForm(folder.name, instructions=text))


async def in_folder(house, text=WISH, **more):  # noqa: F811 - the fixture
    return await in_database_thread(lambda: made(house.person, text, **more))


async def test_they_are_in_the_prompt_and_named_in_the_receipt(house):  # noqa: F811
    folder = await in_folder(house)
    reply = await answered(house, model=INSIDE, folder=folder.id)
    model, body = house.calls[-1]
    assert model == INSIDE
    assert FOLDER_HEADING in body
    assert WISH in body
    lines = dict(receipt_text.receipt_lines(Receipt.from_json(reply.receipt)))
    assert lines["Instructions"] == "of the folder “Contracts”, about 35 tokens"


async def test_without_a_folder_or_a_text_nothing_is_added(house):  # noqa: F811
    folder = await in_folder(house, "")
    for home in (folder.id, None):
        reply = await answered(house, model=INSIDE, folder=home)
        assert FOLDER_HEADING not in house.calls[-1][1]
        assert "folder" not in reply.receipt


async def test_an_inner_folder_without_its_own_uses_those_around_it_and_never_both(house):  # noqa: F811
    outer = await in_folder(house)
    inner = await in_folder(house, "", parent=outer.id)
    reply = await answered(house, model=INSIDE, folder=inner.id)
    assert WISH in house.calls[-1][1]
    assert reply.receipt["folder"] == "Contracts"
    await in_database_thread(folders.change, house.person.id, inner.id, FolderForm("2026", 7, outer.id, "Be brief."))
    reply = await answered(house, model=INSIDE, folder=inner.id)
    assert "Be brief." in house.calls[-1][1]
    assert WISH not in house.calls[-1][1]
    assert reply.receipt["folder"] == "2026"


async def test_a_card_number_in_them_never_leaves_and_labels_the_turn_and_the_conversation(house):  # noqa: F811
    folder = await in_folder(house, f"The card of the house is {CARD}.")
    reply = await answered(house, model=HOSTED, folder=folder.id)
    assert (reply.status, reply.error_code) == ("failed", "above_ceiling")
    assert HOSTED not in house.asked
    reply = await answered(house, model=INSIDE, folder=folder.id)
    assert reply.label == reply.conversation.label == Sensitivity.CONFIDENTIAL
    assert "in the folder's instructions" in reply.conversation.label_cause
    assert CARD not in reply.conversation.label_cause
    # The answer was made from them, so the label stays when the conversation is moved out.
    await in_database_thread(ordering.order, house.person.id, [reply.conversation_id], Action.MOVE)
    conversation = await in_database_thread(Conversation.objects.get, pk=reply.conversation_id)
    assert conversation.label == Sensitivity.CONFIDENTIAL


@pytest.mark.parametrize("text", ["Be brief.", ""])
async def test_what_was_changed_before_the_next_model_is_asked_is_not_sent(house, text):  # noqa: F811
    """The first model fails; before the second is asked, the person rewrites or removes their instructions."""
    folder = await in_folder(house)
    house.change = lambda _house: rewrite(folder, text)
    reply = await answered(house, folder=folder.id)
    assert house.asked[0] == FAILING
    assert WISH in house.calls[0][1]
    assert len(house.calls) > 1
    assert all(WISH not in body for _model, body in house.calls[1:])
    assert text in house.calls[-1][1]
    assert (FOLDER_HEADING in house.calls[-1][1]) == bool(text)
    assert reply.receipt.get("folder", "") == ("Contracts" if text else "")


async def test_a_folder_that_is_deleted_meanwhile_gives_no_instructions(house):  # noqa: F811
    folder = await in_folder(house)
    house.change = lambda _house: ordering.delete_folder(folder.owner_id, folder.id)
    reply = await answered(house, folder=folder.id)
    assert reply.status == "complete"
    assert all(WISH not in body for _model, body in house.calls[1:])


async def test_a_card_number_that_comes_meanwhile_keeps_the_turn_from_the_hosted_model(house):  # noqa: F811
    folder = await in_folder(house)
    house.change = lambda _house: rewrite(folder, f"The card is {CARD}.")
    reply = await answered(house, folder=folder.id)
    assert house.asked == [FAILING, INSIDE]
    assert reply.label == Sensitivity.CONFIDENTIAL


async def test_they_apply_to_what_is_moved_in_and_to_nobody_else(house):  # noqa: F811
    folder = await in_folder(house)
    reply = await answered(house, model=INSIDE)
    await in_database_thread(ordering.order, house.person.id, [reply.conversation_id], Action.MOVE, folder.id)
    started = await in_database_thread(storage.retry, house.person, reply.id)
    await ended(started)
    assert WISH in house.calls[-1][1]
    # Also if a row were to point at somebody else's folder.
    bob = await in_database_thread(User.objects.create_user, "bob")
    other = await in_database_thread(storage.post, bob, None, QUESTION)
    await in_database_thread(lambda: Conversation.objects.filter(owner=bob).update(folder=folder))
    await in_database_thread(lambda: Message.objects.filter(id=other.reply).update(status="stopped"))
    started = await in_database_thread(storage.retry, bob, other.reply)
    assert started.request.folder is None


async def test_the_preview_counts_them_and_their_label(house):  # noqa: F811
    folder = await in_folder(house, f"The card is {CARD}.")
    plain, inside = [
        await previews.preview(await in_database_thread(previews.before, house.person, None, draft), draft)
        for home in (None, folder.id)
        for draft in [previews.DraftMessage("How long?", Pick(INSIDE), folder=home)]
    ]
    assert (plain.label, inside.label) == (Sensitivity.PUBLIC, Sensitivity.CONFIDENTIAL)
    assert any("in the folder's instructions" in cause.words for cause in inside.causes)
