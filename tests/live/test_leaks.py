"""What is confidential stays in the building: through every door, and whatever fails.

Two model servers record every byte that reaches them; by LOCAL_HOSTS one is in the building, and the other one, which
embeds documents as well, is not. Each confidential text has a word that stands nowhere else.
"""

import json
from collections.abc import Iterator

import pytest

from tests.conftest import needs
from tests.live import rows
from tests.live.person import Person, signed_in
from tests.live.test_canaries import saved, told
from tests.live.witness import House, WatchedRedis, Witness
from tests.upstream import running_upstream

# As the house lists them, so that Auto tries them in this order: two that fail, then one that answers.
HOUSE = ("fail-busy-echo", "fail-hang", "echo", "echo-r20", "t3000-r30", "fail-cut-echo-r50")
ECHO, SLOW_ECHO, SLOW, CUT = (f"hosted_vllm/{name}" for name in HOUSE[2:])
ELSEWHERE = "anthropic/claude-haiku-5-5"
PUBLIC, INTERNAL, CONFIDENTIAL = "0", "10", "20"
CARD = " ".join(["4111", "1111", "1111", "1111"])
PATTERN = "project heron"
# Documents by what they are about: their label, their collection's, and the word that only they have.
DOCUMENTS = {
    "canteen": (PUBLIC, PUBLIC, "OKAPI-1201"),
    "parking": (PUBLIC, INTERNAL, "TAPIR-1302"),
    "vault": (PUBLIC, CONFIDENTIAL, "LYNX-7703"),
    "lighthouse": (CONFIDENTIAL, INTERNAL, "IBEX-7804"),
}
OPEN = {name: marker for name, (own, collection, marker) in DOCUMENTS.items() if CONFIDENTIAL not in (own, collection)}
SECRETS = [marker for name, (*_labels, marker) in DOCUMENTS.items() if name not in OPEN]


def secret(word: str) -> str:
    """A word that must be seen nowhere."""
    SECRETS.append(word)
    return word


CHOSEN, SEEN, MATCHED = secret("ORYX-7905"), secret("KUDU-8006"), secret("NYALA-8107")
# A message for each way in which it becomes confidential.
MESSAGES = {
    "chosen": (f"Why is {CHOSEN} so tired?", {"label": "confidential"}),
    "seen": (f"Why was {CARD} of {SEEN} declined?", {}),
    "matched": (f"When does {PATTERN} reach {MATCHED}?", {}),
}
ways = pytest.mark.parametrize("way", MESSAGES)


@pytest.fixture(scope="module")
def witness(start_langai) -> Iterator[Witness]:
    needs("redis")
    cache, house = WatchedRedis(), House(*HOUSE).start()
    with running_upstream() as elsewhere:
        server = start_langai(
            LOCAL_HOSTS="127.0.0.1",
            OPENAI_BASE_URL=house.upstream.openai_url,
            ANTHROPIC_BASE_URL=f"http://localhost:{elsewhere.port}",
            ANTHROPIC_API_KEY="sk-elsewhere",
            EMBEDDER="hosted_vllm/e64",
            EMBEDDER_BASE_URL=f"http://localhost:{elsewhere.port}/v1",
            REDIS_URL=cache.url,
            ANSWER_START_TIMEOUT="3",
            LOG_LEVEL="DEBUG",
        )
        rows.until_connected(server)
        yield Witness(server, house, elsewhere, cache)
        server.stop()
    house.stop()
    cache.stop()


@pytest.fixture(scope="module")
def person(witness) -> Iterator[Person]:
    with signed_in(witness.server) as person:
        saved(person, "/admin/langai_site/sensitivepattern/add/", **PATTERN_FORM)
        yield person


PATTERN_FORM = {"name": "Projects", "kind": "word", "pattern": PATTERN, "label": CONFIDENTIAL, "enabled": "on"}


@pytest.fixture(scope="module")
def collections(witness, person) -> dict[str, str]:
    """The collection of each document, by what it is about."""
    return {about: uploaded(witness, person, about) for about in DOCUMENTS}


def uploaded(witness: Witness, person: Person, about: str) -> str:
    own, label, marker = DOCUMENTS[about]
    saved(person, "/admin/search/collection/add/", name=f"About the {about}", sensitivity=label, everyone="on")
    collection = rows.one(witness.server, "SELECT id FROM search_collection WHERE name = ?", f"About the {about}")
    answer = person.client.post(
        "/admin/documents/document/add/",
        data={"collection": collection, "sensitivity": own},
        files={"uploads": (f"{about}.txt", f"The sign at the {about} says {marker} to everybody.".encode())},
        headers={"X-CSRFToken": person.client.cookies["csrftoken"]},
    )
    told(person, answer)
    status = "SELECT status FROM documents_document WHERE file_name = ?"
    witness.server.until(lambda: rows.one(witness.server, status, f"{about}.txt") == "ready", f"done with {about}")
    return str(collection)


@pytest.fixture(autouse=True)
def nothing_leaks(witness, collections) -> Iterator[None]:
    """What every test here is for."""
    yield
    assert witness.seen_of(SECRETS) == []


def asked(person: Person, text: str, conversation: str = "", **fields: object) -> str:
    """Ask as a page without JavaScript does; returns the conversation."""
    path = f"/conversations/{conversation}/messages/" if conversation else "/conversations/"
    answer = person.post(path, **{"text": text, "model": "auto", "collections": "none"} | fields)
    assert answer.status_code == 302, f"{answer.text[:2000]}\n{person.server.log}"
    return answer.headers["location"].split("/")[2]


def about(person: Person, document: str, collections: dict[str, str], conversation: str = "", **fields: object) -> str:
    fields = {"collections": ["some", collections[document]]} | fields
    return asked(person, f"What does the sign at the {document} say?", conversation, **fields)


def again(person: Person, conversation: str, what: str = "retry", **fields: str) -> str:
    """Press one of the buttons below the last answer; returns how it ends."""
    answer = person.post(f"/replies/{person.reply(conversation)}/{what}/", **fields)
    assert answer.status_code == 302, answer.text[:2000]
    return ended(person, conversation)


def ended(person: Person, conversation: str, seconds: float = 30) -> str:
    """The last answer with its receipt, as the page shows it."""
    return " ".join(person.until_ended(conversation, seconds).text(separator=" ").split())


def typed(person: Person, path: str, **fields: object) -> str:
    """Post as htmx does."""
    headers = {"X-CSRFToken": person.client.cookies["csrftoken"], "HX-Request": "true", "X-Socket": "open"}
    answer = person.client.post(path, data=fields, headers=headers)
    assert answer.status_code in (200, 204), answer.text[:2000]
    return answer.text


# That it would be seen


@pytest.mark.parametrize("document", OPEN)
def test_documents_that_may_leave_are_embedded_elsewhere_and_read_by_its_model(witness, person, collections, document):
    assert OPEN[document] in witness.sent("/v1/embeddings")
    conversation = about(person, document, collections, model=ELSEWHERE)
    assert "hosted" in ended(person, conversation)
    assert OPEN[document] in witness.sent("/v1/messages")


def test_messages_and_searches_that_may_leave_do(witness, person):
    ended(person, asked(person, "Hello to ZEBRA-1403"))
    assert "ZEBRA-1403" in witness.sent("/v1/messages")
    person.get("/search/?q=the canteen of GNU-1504")
    assert "GNU-1504" in witness.sent("/v1/embeddings")


def test_what_stays_is_seen_in_the_building(witness, person):
    ended(person, asked(person, MESSAGES["chosen"][0], model=ECHO, label="confidential"))
    assert CHOSEN in str(witness.house.upstream.requests("/v1/chat"))


# Doors


@ways
def test_a_form_without_javascript(person, way):
    text, fields = MESSAGES[way]
    answer = ended(person, asked(person, text, **fields))
    assert "Confidential" in answer
    assert f"{ELSEWHERE}, anthropic/claude-opus-5-5: may not see confidential text" in answer
    assert text in answer
    assert "may see internal text at most" in ended(person, asked(person, text, model=ELSEWHERE, **fields))


@ways
def test_a_page_with_its_socket_and_what_redis_holds_meanwhile(witness, person, way):
    conversation = asked(person, "Hello there", model=ECHO)
    ended(person, conversation)
    text, fields = MESSAGES[way]
    with person.following(conversation) as viewer:
        message = {"text": f"{text} {'and so on ' * 8}", "model": SLOW_ECHO, "collections": "none"} | fields
        assert typed(person, f"/conversations/{conversation}/messages/", **message) == ""
        viewer.until("and so")
        assert any(key.startswith("live:") for key in witness.redis.values())
        assert witness.seen_of(SECRETS) == []
        assert "Confidential" in viewer.until_ended()
    assert "PUBLISH" in witness.redis.commands
    assert "langai_" in witness.metrics()


@ways
def test_a_preview(witness, person, way):
    before = (witness.sent(), len(witness.house.upstream.requests("/v1/chat")))
    text, fields = MESSAGES[way]
    assert "Confidential" in typed(person, "/conversations/preview/", text=text, model="auto", **fields)
    conversation = asked(person, "Hello there", model=ECHO)
    ended(person, conversation)
    told = typed(person, f"/conversations/{conversation}/preview/", text=text, model=ELSEWHERE, **fields)
    assert "nothing would be sent" in told
    assert (witness.sent(), len(witness.house.upstream.requests("/v1/chat"))) == (before[0], before[1] + 1)


@pytest.mark.parametrize("query", [f"{CARD} {secret('SAIGA-8208')}", f"{PATTERN} {secret('BONGO-8309')}"])
def test_the_search_page(person, query):
    for headers in ({}, {"HX-Request": "true"}):
        page = person.client.get("/search/", params={"q": f"sign at the parking {query}"}, headers=headers)
        assert "may not see such sensitive text" in page.text


@pytest.mark.parametrize("document", ["vault", "lighthouse"])
def test_passages_and_the_buttons_that_are_offered_where_they_may_not_leave(witness, person, collections, document):
    marker = DOCUMENTS[document][2]
    conversation = about(person, document, collections, model=ELSEWHERE)
    assert "Nothing was sent" in ended(person, conversation)
    assert "hosted" in again(person, conversation, model=ELSEWHERE, passages="allowed")
    assert marker in again(person, conversation, model="auto", models="local")
    assert "Nothing was sent" in again(person, conversation, model=ELSEWHERE)
    assert "Nothing was sent" in again(person, conversation, model=ELSEWHERE, passages="allowed")
    assert marker in again(person, conversation, model="auto")
    assert marker in person.get(f"/search/?q=sign at the {document}").text


def test_going_on_with_an_answer_that_broke_off(person, collections):
    marker = DOCUMENTS["vault"][2]
    conversation = about(person, "vault", collections, model=CUT)
    assert "Confidential" in ended(person, conversation)
    assert "Nothing was sent" in again(person, conversation, "continue", model=ELSEWHERE)
    assert "Confidential" in again(person, conversation, "continue", model="auto")
    assert marker in person.get(f"/conversations/{conversation}/").text


# Failures


def test_models_in_the_building_that_are_busy_or_silent_are_followed_by_others_there(witness, person):
    for way, (text, fields) in MESSAGES.items():
        assert text in ended(person, asked(person, text, **fields)), way
    asked_there = {json.loads(request["body"])["model"] for request in witness.house.upstream.requests("/v1/chat")}
    assert set(HOUSE[:3]) <= asked_there


def test_no_model_in_the_building_answers(witness, person, collections):
    with witness.house.away():
        for text, fields in MESSAGES.values():
            conversation = asked(person, text, **fields)
            assert "could not be reached" in ended(person, conversation)
            assert "could not be reached" in again(person, conversation, model="auto")
        assert "could not be reached" in ended(person, about(person, "vault", collections))
    rows.until_connected(witness.server)


def test_a_killed_process_a_restart_and_the_next_day(witness, person, collections):
    server = witness.server
    earlier = {way: asked(person, text, model=ECHO, **fields) for way, (text, fields) in MESSAGES.items()}
    for conversation in earlier.values():
        ended(person, conversation)
    killed = about(person, "vault", collections, model=SLOW)
    with person.watching(killed) as viewer:
        viewer.until("word9")
    server.kill("web")
    server.until_logged("web ended .killed by SIGKILL")
    witness.restart()
    assert "interrupted" in ended(person, killed, 60)
    assert "Nothing was sent" in again(person, killed, "continue", model=ELSEWHERE)
    for conversation in (killed, *earlier.values()):
        asked(person, "And why is that?", conversation, model=ELSEWHERE)
        assert "Nothing was sent" in ended(person, conversation)
        assert "local: nothing left this network" in again(person, conversation, model="auto")
