"""What pages rely on: posts that are checked, frames that tell the whole answer, and no door into others' chats."""

import uuid

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.live import rows
from tests.live.person import HOSTED, text_of
from tests.live.test_canaries import saved
from tests.upstream.plans import SECRETIVE

FULL_SPEED = f"{HOSTED}t500-r0-d0"
SLOW = f"{HOSTED}t3000-r30"
WORDS = [f"word{number}" for number in range(1, 500)]


@pytest.fixture
def conversation(alice, upstream) -> str:
    """A conversation of Alice's with one complete answer."""
    upstream.script("A first answer.")
    conversation = alice.ask("A first question", f"{HOSTED}echo")
    alice.until_ended(conversation)
    return conversation


@pytest.fixture
def live(alice):
    """A conversation of Alice's in which an answer is being written."""
    conversation = alice.ask("Tell me a long story", SLOW)
    yield conversation
    alice.post(f"/replies/{alice.reply(conversation)}/stop/")
    alice.until_ended(conversation)


def test_a_question_and_its_answer_come_over_the_socket_as_the_page_shows_them_later(alice, conversation):
    with alice.following(conversation) as viewer:
        alice.ask("A second question", FULL_SPEED, conversation)
        viewer.until_ended()
    assert 'class="turn mine"' in viewer.frames[0]
    assert "A second question" in viewer.frames[0]
    assert 'class="turn reply live"' in viewer.frames[0]
    assert len(alice.turns(conversation)) == 4
    shown = alice.last(conversation)
    assert [word.strip(".") for word in text_of(shown).split()] == [*WORDS, "end"]
    assert (
        shown.css_first(".answer").html.split() == LexborHTMLParser(viewer.frames[-1]).css_first(".answer").html.split()
    )


def test_an_answer_at_full_speed_takes_few_frames_and_bytes(alice, conversation):
    with alice.following(conversation) as viewer:
        alice.ask("Quickly, please", FULL_SPEED, conversation)
        viewer.until_ended()
    assert len(viewer.frames) <= 40
    assert viewer.wire.received <= 15_000


def test_every_word_is_sent_once_while_an_answer_grows(alice, conversation):
    with alice.following(conversation) as viewer:
        alice.ask("Word by word", f"{HOSTED}t60-r30", conversation)
        viewer.until_ended()
    growth = "".join(viewer.frames[1:-1])
    assert len(viewer.frames) > 20
    for word in WORDS[:39]:
        assert growth.count(f"{word} ") + growth.count(f"{word}<") + growth.count(f"{word}.") <= 2, word


def test_who_opens_the_page_in_mid_answer_is_shown_what_there_is_and_what_follows(alice, live):
    with alice.watching(live, f"?leaf={alice.reply(live)}&live=1") as first:
        first.until("word5")
        with alice.watching(live) as second:
            caught_up = second.until("word1")
            assert "Tell me a long story" in caught_up
            assert "word5" in caught_up
            second.until("word20")
        first.until("word20")


def test_a_page_that_is_up_to_date_is_sent_nothing(alice, conversation):
    with (
        alice.watching(conversation, f"?leaf={alice.reply(conversation)}") as viewer,
        pytest.raises(TimeoutError),
    ):
        viewer.until("anything", seconds=0.5)


def test_stop_ends_the_call_at_once_and_is_entered_in_the_ledger(alice, live, upstream):
    before = upstream.stats()["disconnects"]
    reply = alice.reply(live)
    with alice.watching(live, f"?leaf={reply}&live=1") as viewer:
        viewer.until("word3")
        assert alice.post(f"/replies/{reply}/stop/").status_code == 302
        ended = viewer.until_ended()
    assert "You stopped this answer." in ended
    assert "word3" in ended
    alice.server.until(lambda: upstream.stats()["disconnects"] == before + 1, "gone from the upstream", 10)
    assert rows.status_of(alice.server, reply) == "stopped"
    assert rows.entries_of(alice.server, reply) == ["stopped"]
    assert rows.reservation_of(alice.server, reply) == "settled"


def test_a_second_question_waits_for_the_first_answer(alice, live):
    refused = alice.post(f"/conversations/{live}/messages/", text="And this?", model=SLOW)
    assert refused.status_code == 409
    assert "still being written" in refused.text
    assert "And this?" in refused.text
    assert len(alice.turns(live)) == 2


# What an upstream can do, and what the person is told of it.
@pytest.mark.parametrize(
    ("failure", "told"),
    [
        ("unauthorized", "key"),
        ("busy", "busy|many|limit"),
        ("broken", "error|failed|problem"),
        ("cut", "broke|cut|ended|lost|interrupted"),
        ("malformed", "understood|malformed|broke|unreadable|understand"),
        ("hang", "answer"),
    ],
)
def test_a_failing_model_leaves_a_clear_message_and_a_retry(alice, upstream, failure, told):
    # What other tests put into collections of hers is not asked.
    conversation = alice.ask(
        "One two three four five six seven eight", f"{HOSTED}fail-{failure}-echo", collections="none"
    )
    shown = alice.until_ended(conversation)
    problem = shown.css_first(".problem")
    assert any(word in problem.text().lower() for word in told.split("|")), problem.text()
    assert SECRETIVE not in (shown.html or "")
    assert [form.attributes["action"] for form in problem.css("form")][-1].endswith("/retry/")
    if failure in ("cut", "malformed"):
        assert text_of(shown).startswith("One two three")
    reply = alice.reply(conversation)
    assert rows.reservation_of(alice.server, reply) == "settled"
    assert len(rows.entries_of(alice.server, reply)) == 1


# Each as (method, path, fields) for a conversation and a reply in it.
OTHERS_DOORS = {
    "page": ("GET", "/conversations/{conversation}/", {}),
    "another version": ("GET", "/conversations/{conversation}/?reply={reply}", {}),
    "message": ("POST", "/conversations/{conversation}/messages/", {"text": "Let me in", "model": "quotes"}),
    "rename": ("POST", "/conversations/{conversation}/rename/", {"title": "Mine"}),
    "delete": ("POST", "/conversations/{conversation}/delete/", {}),
    "restore": ("POST", "/conversations/{conversation}/restore/", {}),
    "reply": ("GET", "/replies/{reply}/", {}),
    "stop": ("POST", "/replies/{reply}/stop/", {}),
    "retry": ("POST", "/replies/{reply}/retry/", {}),
    "continue": ("POST", "/replies/{reply}/continue/", {}),
    "citation": ("GET", "/replies/{reply}/citations/1/", {}),
}


def knock(person, door, conversation: str, reply: str) -> httpx.Response:
    method, path, fields = door
    path = path.format(conversation=conversation, reply=reply)
    return person.get(path) if method == "GET" else person.post(path, **fields)


@pytest.mark.parametrize("door", OTHERS_DOORS.values(), ids=OTHERS_DOORS)
@pytest.mark.parametrize("stranger", ["bob", "admin"])
def test_another_persons_conversation_is_not_there_for_anyone_else(request, alice, shared_live, stranger, door):
    conversation, reply = shared_live
    stranger = request.getfixturevalue(stranger)
    answer = knock(stranger, door, conversation, reply)
    assert answer.status_code == 404
    assert "Tell me" not in answer.text
    missing = knock(stranger, door, str(uuid.uuid4()), str(uuid.uuid4()))
    assert missing.status_code == 404
    assert rows.status_of(alice.server, reply) == "streaming"


@pytest.fixture(scope="module")
def shared_live(alice):
    """An answer of Alice's that goes on for as long as strangers knock."""
    conversation = alice.ask("Tell me a long story", SLOW)
    reply = alice.reply(conversation)
    yield conversation, reply
    alice.post(f"/replies/{reply}/stop/")


def closed_with(viewer) -> int:
    with pytest.raises(ConnectionClosed) as closed:
        viewer.until("anything at all")
    assert not viewer.frames
    return closed.value.rcvd.code


def test_a_socket_on_another_persons_conversation_is_closed_before_a_frame(bob, admin, conversation):
    for stranger in (bob, admin):
        with stranger.watching(conversation) as viewer:
            assert closed_with(viewer) == 4404
        with stranger.watching(str(uuid.uuid4())) as viewer:
            assert closed_with(viewer) == 4404


def test_a_socket_without_a_sign_in_is_closed_before_a_frame(alice, conversation):
    with alice.watching(conversation, cookies="") as viewer:
        assert closed_with(viewer) == 4401
    with alice.watching(conversation, cookies="sessionid=forged") as viewer:
        assert closed_with(viewer) == 4401


@pytest.mark.parametrize("origin", ["https://elsewhere.example", "null", "http://127.0.0.1:1", None])
def test_a_page_elsewhere_cannot_open_a_socket(alice, conversation, origin):
    with pytest.raises(InvalidStatus) as refused, alice.watching(conversation, origin=origin):
        pass
    # Autobahn itself answers 400 to what is no origin.
    assert refused.value.response.status_code in (400, 403)


@pytest.mark.parametrize("query", ["?leaf=%ff%fe&live", "?leaf=<script>&leaf=2", "?&&==&live=%00", "?" + "x" * 4000])
def test_a_socket_takes_any_query(alice, conversation, query):
    with alice.watching(conversation, query) as viewer:
        assert "A first answer." in viewer.until("A first question")


def test_a_socket_ignores_what_it_is_sent(alice, conversation):
    with alice.following(conversation) as viewer:
        for sent in ("", "{", '{"type": "reply.done"}', b"\x00\xff", "x" * 1_000):
            viewer.socket.send(sent)
        alice.ask("Are you still there?", FULL_SPEED, conversation)
        viewer.until_ended()


def test_a_post_without_the_pages_token_is_refused(alice, conversation):
    for path in ("/conversations/", f"/conversations/{conversation}/messages/"):
        assert alice.client.post(path, data={"text": "Forged"}).status_code == 403
    headers = {"X-CSRFToken": alice.client.cookies["csrftoken"], "Origin": "https://elsewhere.example"}
    assert alice.client.post("/conversations/", data={"text": "Forged"}, headers=headers).status_code == 403
    assert len(alice.turns(conversation)) == 2


def test_who_is_not_signed_in_is_asked_to_sign_in(langai, conversation):
    with httpx.Client(base_url=langai.url, trust_env=False, follow_redirects=True) as stranger:
        for path in ("/", f"/conversations/{conversation}/", "/search/?q=anything", "/admin/"):
            assert stranger.get(path).url.path == "/accounts/login/"


def test_an_open_page_is_told_when_a_document_that_it_quotes_is_relabelled(admin, alice, langai):
    saved(admin, "/admin/search/collection/add/", name="Okapis", sensitivity="0", everyone="on")
    collection = rows.one(langai, "SELECT id FROM search_collection WHERE name = 'Okapis'")
    text = b"The okapi of the zoo is fed with four kilos of fresh leaves each morning."
    answer = admin.client.post(
        "/admin/documents/document/add/",
        data={"collection": collection, "sensitivity": "0"},
        files={"uploads": ("okapi.txt", text)},
        headers=admin.token,
    )
    assert answer.status_code == 302
    document = "SELECT {} FROM documents_document WHERE file_name = 'okapi.txt'"
    langai.until(lambda: rows.one(langai, document.format("status")) == "ready", "done with the document")
    conversation = alice.ask("How much is the okapi fed each morning?")
    assert "four kilos" in text_of(alice.until_ended(conversation))
    with alice.following(conversation) as viewer:
        path = f"/admin/documents/document/{uuid.UUID(rows.one(langai, document.format('id')))}/change/"
        saved(admin, path, title="okapi", sensitivity="20", raise_quoting="on")
        assert "Confidential" in viewer.until('id="label"')


def test_what_is_thought_does_not_come_over_the_socket(alice, conversation):
    with alice.following(conversation) as viewer:
        alice.ask("A second question", f"{HOSTED}t5-h40-r20", conversation)
        began = viewer.until("Thinking…")
        assert 'class="thinking"' in began
        over = viewer.until("Thought for ")
        viewer.until_ended()
    frames = [frame for frame in viewer.frames if "hink" in frame or "hought" in frame]
    assert [frame for frame in frames if 'class="turn reply' not in frame] == [began, over]
    assert not [frame for frame in viewer.frames if "hm2" in frame]
