"""Who is signed out, switched off or deleted, or has another password, sees nothing more and causes nothing more."""

import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import expect
from selectolax.lexbor import LexborHTMLParser
from websockets.exceptions import ConnectionClosed

from tests.live import rows
from tests.live.browser import visiting
from tests.live.person import HOSTED, PASSWORD, Person, Viewer, invited, signed_in

SLOW = f"{HOSTED}t3000-r30"
COME_AGAIN, SIGNED_OUT, NOT_YOURS = 4000, 4401, 4404
NEW_PASSWORD = "another-quiet-morning"
_numbers = itertools.count(1)


@pytest.fixture
def carol(admin) -> Iterator[Person]:
    """Somebody whose account this test may end."""
    name = f"carol{next(_numbers)}"
    with invited(admin, name) as person:
        person.name = name
        person.id = rows.one(admin.server, "SELECT id FROM accounts_user WHERE username = ?", name)
        yield person


@pytest.fixture
def conversation(carol) -> str:
    conversation = carol.ask("A first question")
    carol.until_ended(conversation)
    return conversation


@pytest.fixture
def elsewhere(carol) -> Iterator[Person]:
    """Carol on another device."""
    with signed_in(carol.server, carol.name, PASSWORD) as person:
        yield person


def closed_with(viewer: Viewer, seconds: float = 15) -> int:
    """The code that the socket is closed with; no frame comes before."""
    with pytest.raises(ConnectionClosed) as closed:
        viewer.until("never", seconds)
    assert viewer.frames == []
    return closed.value.rcvd.code


def fields_of(page: str) -> dict[str, str]:
    """What the form of an admin page would send, as it stands."""
    form = LexborHTMLParser(page).css_first("#content-main form")
    inputs = {field.attributes["name"]: field for field in form.css("input[name]")}
    return {
        name: field.attributes.get("value") or ""
        for name, field in inputs.items()
        if field.attributes.get("type") not in ("submit", "checkbox") or "checked" in field.attributes
    } | {field.attributes["name"]: "" for field in form.css("select[name=billing_team]")}


def switched_off(admin: Person, carol: Person) -> None:
    path = f"/admin/accounts/user/{carol.id}/change/"
    form = fields_of(admin.get(path).text)
    del form["is_active"]
    assert admin.post(path, **form).status_code == 302


def given_a_password(admin: Person, carol: Person) -> None:
    form = {"usable_password": "true", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    assert admin.post(f"/admin/accounts/user/{carol.id}/password/", **form).status_code == 302


def deleted(admin: Person, carol: Person) -> None:
    assert admin.post(f"/admin/accounts/user/{carol.id}/delete/", post="yes").status_code == 302


def signed_out(_admin: Person, carol: Person) -> None:
    assert carol.post("/accounts/logout/").status_code == 302


def changed_by_another_process(_admin: Person, carol: Person) -> None:
    """No signal is sent for this, and no message reaches the web process."""
    with closing(sqlite3.connect(carol.server.data / "langai.sqlite3", timeout=30)) as database, database:
        database.execute("UPDATE accounts_user SET is_active = 0 WHERE id = ?", [carol.id])


WAYS = [switched_off, given_a_password, deleted, signed_out, changed_by_another_process]
Way = Callable[[Person, Person], None]


@pytest.mark.parametrize("end", WAYS)
def test_an_open_socket_is_closed_and_another_cannot_be_opened(admin, carol, conversation, end: Way):
    with carol.following(conversation) as viewer:
        cookies = carol.cookies
        end(admin, carol)
        assert closed_with(viewer) == SIGNED_OUT
    with carol.watching(conversation, cookies=cookies) as again:
        assert closed_with(again) == SIGNED_OUT


def test_signing_out_ends_the_sockets_of_one_session_alone(carol, elsewhere, conversation):
    with carol.following(conversation) as here, elsewhere.following(conversation) as there:
        carol.post("/accounts/logout/")
        assert closed_with(here) == SIGNED_OUT
        elsewhere.ask("A second question", conversation=conversation)
        there.until_ended()


def test_a_change_of_ones_own_password_keeps_this_browser_and_ends_the_others(carol, elsewhere, conversation):
    with carol.following(conversation) as here, elsewhere.following(conversation) as there:
        passwords = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
        assert carol.post("/accounts/password/change/", **passwords).status_code == 302
        assert closed_with(here) == COME_AGAIN
        # Which of the two is heard first, the new password or the end of the session, decides.
        assert closed_with(there) in (COME_AGAIN, SIGNED_OUT)
    with elsewhere.watching(conversation) as again:
        assert closed_with(again) == SIGNED_OUT
    with carol.following(conversation) as here:
        carol.ask("A second question", conversation=conversation)
        here.until_ended()
    with elsewhere.watching(conversation) as there:
        assert closed_with(there) == SIGNED_OUT


def test_a_new_answer_is_not_shown_to_a_session_that_ended_without_a_word(carol, elsewhere, conversation):
    """The look at every reply's start, before the one that comes every few seconds."""
    with carol.following(conversation) as viewer:
        with closing(sqlite3.connect(carol.server.data / "langai.sqlite3", timeout=30)) as database, database:
            database.execute("DELETE FROM django_session WHERE session_key = ?", [carol.client.cookies["sessionid"]])
        elsewhere.ask("A secret question", conversation=conversation)
        elsewhere.until_ended(conversation)
        assert closed_with(viewer) == COME_AGAIN
    with carol.watching(conversation) as again:
        assert closed_with(again) == SIGNED_OUT


def test_who_watches_a_deleted_conversation_is_sent_away(carol, conversation):
    with carol.following(conversation) as viewer:
        carol.post(f"/conversations/{conversation}/delete/")
        assert closed_with(viewer) == NOT_YOURS


def test_who_does_not_own_a_conversation_any_more_is_sent_away(carol, admin, conversation):
    with carol.following(conversation) as viewer:
        with closing(sqlite3.connect(carol.server.data / "langai.sqlite3", timeout=30)) as database, database:
            database.execute("UPDATE chat_conversation SET owner_id = 1 WHERE owner_id = ?", [carol.id])
        assert closed_with(viewer) == NOT_YOURS


@pytest.mark.parametrize("end", [switched_off, changed_by_another_process])
def test_the_answer_of_an_account_that_is_switched_off_stops_and_keeps_its_text(admin, carol, upstream, end: Way):
    gone = upstream.stats()["disconnects"]
    conversation = carol.ask("Tell me a long story", SLOW)
    reply = carol.reply(conversation)
    with carol.watching(conversation) as viewer:
        viewer.until("word9")
        end(admin, carol)
    server = carol.server
    server.until(lambda: rows.status_of(server, reply) == "interrupted", "stopping the answer", 15)
    assert "word9" in rows.text_of(server, reply)
    assert rows.entries_of(server, reply) == ["interrupted"]
    assert rows.reservation_of(server, reply) == "settled"
    assert upstream.stats()["disconnects"] == gone + 1


def test_the_answer_of_a_deleted_account_stops_and_is_in_the_ledger(admin, carol, upstream):
    gone = upstream.stats()["disconnects"]
    conversation = carol.ask("Tell me a long story", SLOW)
    reply = carol.reply(conversation)
    with carol.watching(conversation) as viewer:
        viewer.until("word9")
        deleted(admin, carol)
    server = carol.server
    server.until(lambda: rows.reservation_of(server, reply) == "settled", "stopping the answer", 15)
    assert rows.entries_of(server, reply) == ["interrupted"]
    assert upstream.stats()["disconnects"] == gone + 1


@pytest.fixture
def program(carol) -> Iterator[httpx.Client]:
    """A program with a key of Carol's."""
    page = carol.post("/accounts/keys/", name="test", scopes="chat", days="0").text
    key = next(value for value in _values(page) if value.startswith("langai_"))
    with httpx.Client(
        base_url=carol.server.url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
    ) as client:
        yield client


def _values(page: str) -> list[str]:
    return [field.attributes.get("value") or "" for field in LexborHTMLParser(page).css("input")]


STREAMS = {
    "/chat/stream": {"message": "Tell me a long story", "model": SLOW},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Tell"}], "model": SLOW, "stream": True},
}


@pytest.mark.parametrize(("path", "body"), STREAMS.items(), ids=STREAMS)
@pytest.mark.parametrize("end", [switched_off, deleted])
def test_a_stream_ends_with_an_error_and_the_key_opens_nothing(admin, carol, program, upstream, path, body, end: Way):
    gone = upstream.stats()["disconnects"]
    with program.stream("POST", path, json=body) as stream:
        assert stream.status_code == 200, stream.read()
        lines = stream.iter_lines()
        next(line for line in lines if "word9" in line)
        end(admin, carol)
        rest = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert rest[-1] == "[DONE]"
    assert json.loads(rest[-2])["error"]["code"] == "account_closed"
    assert program.post(path, json=body).status_code == 401
    # The answer in a conversation has a look of its own, which may come after that of the stream.
    _settled(carol, "interrupted" if path == "/chat/stream" else "stopped")
    assert upstream.stats()["disconnects"] == gone + 1


def _settled(carol: Person, status: str) -> None:
    """The one call that this person made is in the ledger, and nothing is held for it any more."""
    entered = "SELECT reply FROM usage_usageentry WHERE user_id = ? AND status = ?"
    carol.server.until(lambda: rows.one(carol.server, entered, carol.id, status), "in the ledger", 10)
    reply = rows.one(carol.server, entered, carol.id, status)
    assert rows.reservation_of(carol.server, reply) == "settled"


def _asked(upstream) -> int:
    return upstream.stats()["paths"].get("/v1/chat/completions", 0)


WHOLE = {
    "/chat": {"message": "Tell me a long story", "model": SLOW},
    "/v1/chat/completions": {"messages": [{"role": "user", "content": "Tell"}], "model": SLOW},
}


@pytest.mark.parametrize(("path", "body"), WHOLE.items(), ids=WHOLE)
def test_who_waits_for_a_whole_answer_is_told_that_the_account_is_closed(admin, carol, program, upstream, path, body):
    # Not those that are active: the call of an earlier test may just be ending.
    before, answers = _asked(upstream), []
    waiting = threading.Thread(target=lambda: answers.append(program.post(path, json=body)))
    waiting.start()
    carol.server.until(lambda: _asked(upstream) > before, "asking the model")
    switched_off(admin, carol)
    waiting.join(20)
    assert answers, "no answer came"
    assert (answers[0].status_code, answers[0].json()["error"]["code"]) == (403, "account_closed")


def test_the_page_says_once_that_it_is_signed_out_and_keeps_the_draft(browser, admin, carol, conversation, langai):
    with visiting(browser, carol, langai) as visit:
        visit.open(f"/conversations/{conversation}/")
        visit.page.fill("#text", "half a thought")
        visit.page.wait_for_timeout(500)
        carol.post("/accounts/logout/")
        notice = visit.page.locator("#notices .toast")
        expect(notice).to_contain_text("You are signed out here")
        expect(visit.page.locator("#text")).to_have_value("half a thought")
        sockets = []
        visit.page.on("websocket", lambda socket: sockets.append(socket.url))
        visit.page.wait_for_timeout(5000)
        assert sockets == []
        expect(notice).to_have_count(1)
        notice.get_by_role("link", name="Sign in again").click()
        visit.page.wait_for_url("**/accounts/login/?next=*")
        visit.sign_in(carol.name, PASSWORD)
        visit.page.wait_for_url(f"**/conversations/{conversation}/")


def test_a_tab_goes_on_after_a_change_of_ones_password_in_another(browser, carol, conversation, langai):
    with visiting(browser, carol, langai) as visit:
        visit.open(f"/conversations/{conversation}/")
        other = visit.another_tab()
        other.open("/accounts/password/change/")
        for name, value in {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}.items():
            other.page.fill(f"[name={name}]", value)
        with visit.page.expect_event("websocket"):
            other.page.keyboard.press("Enter")
        visit.page.wait_for_timeout(1000)
        visit.ask("A second question")
        visit.until_ended()
        expect(visit.page.locator("#notices .toast")).to_have_count(0)
