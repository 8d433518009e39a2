"""Who does too much at once is told so, and loses nothing by it."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed

from tests.live import rows
from tests.live.browser import visiting
from tests.live.person import HOSTED, Person, signed_in
from tests.live.server import LangAI

SLOW, QUICK = f"{HOSTED}t3000-r30", f"{HOSTED}t60-r30"


@pytest.fixture(scope="module")
def narrow(start_langai, upstream) -> LangAI:
    """A server that allows one of each."""
    server = start_langai(
        has_handbook=False, OPENAI_BASE_URL=upstream.openai_url, REPLIES_IN_FLIGHT="1", SOCKETS_PER_USER="1"
    )
    rows.until_connected(server)
    return server


@pytest.fixture(scope="module")
def person(narrow) -> Iterator[Person]:
    with signed_in(narrow) as person:
        yield person


@pytest.fixture(scope="module")
def conversation(person) -> str:
    conversation = person.ask("A first question", QUICK)
    person.until_ended(conversation)
    return conversation


def test_a_socket_too_many_is_closed_for_good_and_one_that_closes_makes_room(person, conversation):
    with person.following(conversation):
        with person.watching(conversation) as second, pytest.raises(ConnectionClosed) as closed:
            second.until("anything at all")
        assert closed.value.rcvd.code == 4429
    person.server.until(lambda: gets_in(person, conversation), "letting another socket in", 10)


def gets_in(person: Person, conversation: str) -> bool:
    with person.watching(conversation) as viewer:
        try:
            return bool(viewer.until('id="thread"'))
        except ConnectionClosed:
            return False


def test_a_tab_too_many_shows_the_answer_as_well(browser, person, conversation, narrow):
    with person.following(conversation), visiting(browser, person, narrow) as visit:
        visit.open(f"/conversations/{conversation}/")
        visit.ask("What do you say without a socket?", "t60-r30")
        visit.until_ended()
        assert "word59" in visit.text


def test_a_message_too_many_stays_in_the_composer_with_the_reason_above(browser, person, narrow):
    busy = person.ask("Tell me a long story", SLOW)
    with visiting(browser, person, narrow) as visit:
        visit.open()
        visit.page.fill("#text", "And another one")
        visit.page.keyboard.press("Enter")
        expect(visit.page.locator("#notices .toast")).to_contain_text("You can have 1 answer running at once.")
        expect(visit.page.locator("#notices .toast")).to_have_count(1)
        expect(visit.page.locator("#text")).to_have_value("And another one")
        assert ["429" in told for told in visit.complaints] == [True]
        visit.complaints.clear()
    person.post(f"/replies/{person.reply(busy)}/stop/")
    person.until_ended(busy)
