"""A long conversation in a browser: its earlier messages come as somebody scrolls up, who keeps their place."""

import json
import os
import re
import subprocess
import sys
from contextlib import closing

import httpx
import pytest
from playwright.sync_api import Page, expect

from tests.live.browser import Visit, visiting
from tests.live.person import Person
from tests.shared import OWN_SETTINGS, ROOT

COUNT, PART = 100, 30
DESKTOP, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 780}
# Rounding, and the line under a link that has the focus.
PIXELS = 3


@pytest.fixture(scope="module")
def readers(langai):
    """People who each have a conversation of a hundred messages."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(OWN_SETTINGS)}
    command = [sys.executable, "-m", "tests.bench.seed", "long", f"9x{COUNT}"]
    environment |= {"DATA_DIR": str(langai.data), **langai.settings}
    done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


@pytest.fixture
def person(langai, readers):
    """One of them, with the address of their conversation as `path`."""
    found = readers.pop()
    with closing(httpx.Client(base_url=langai.url, cookies={"sessionid": found["session"]}, trust_env=False)) as client:
        client.get("/accounts/")
        reading = Person(langai, client)
        reading.path = f"/conversations/{found['conversation']}/"
        yield reading


@pytest.fixture
def visit(browser, person, langai):
    with visiting(browser, person, langai) as visit:
        visit.open(person.path)
        yield visit


def numbers(page: Page) -> list[int]:
    texts = page.locator(".turn").evaluate_all("turns => turns.map(turn => turn.textContent.match(/\\d+/)[0])")
    return [int(text) for text in texts]


def top_of(page: Page, turn: str) -> float:
    return page.locator(turn).bounding_box()["y"]


def scroll_up(page: Page) -> None:
    page.locator("#scroller").hover()
    page.mouse.wheel(0, -100_000)


def load_all(visit: Visit) -> None:
    for count in (2 * PART, 3 * PART, COUNT):
        scroll_up(visit.page)
        expect(visit.page.locator(".turn")).to_have_count(count)


# Where the first message stood that was shown when earlier ones came in.
REMEMBER = """() => document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id !== "earlier") return;
  const turn = document.querySelector(".turn");
  window.before = { id: turn.id, top: turn.getBoundingClientRect().top };
})"""


@pytest.mark.parametrize("anchors", ["auto", "none"], ids=["anchoring", "not anchoring"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_who_scrolls_up_is_shown_what_came_before_and_keeps_their_place(browser, person, langai, size, anchors):
    """Also in browsers that do not keep the place by themselves, as Safari did not for long."""
    with visiting(browser, person, langai, viewport=size) as visit:
        page = visit.page
        visit.open(person.path)
        expect(page.locator(".turn")).to_have_count(PART)
        assert page.evaluate("scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight") < PIXELS
        page.evaluate("anchors => (scroller.style.overflowAnchor = anchors)", anchors)
        page.evaluate(REMEMBER)
        for count in (2 * PART, 3 * PART, COUNT):
            scroll_up(page)
            expect(page.locator(".turn")).to_have_count(count)
            before = page.evaluate("window.before")
            assert abs(top_of(page, f"#{before['id']}") - before["top"]) <= PIXELS
        assert numbers(page) == list(range(COUNT))
        expect(page.locator("#earlier")).to_have_text("The conversation begins here.")
        page.get_by_role("button", name="Latest").click()
        expect(page.locator(".turn").last).to_be_in_viewport()


def test_with_the_keyboard_earlier_messages_come_and_the_focus_stays_at_the_top(visit):
    page = visit.page
    page.locator("#earlier").focus()
    for count in (2 * PART, 3 * PART):
        expect(page.locator(".turn")).to_have_count(count)
        expect(page.locator("a#earlier")).to_be_focused()
        page.keyboard.press("Enter")
    expect(page.locator(".turn")).to_have_count(COUNT)
    expect(page.locator("p#earlier")).to_be_focused()
    expect(page.locator("#announcer")).to_have_text("Earlier messages were loaded above.")


def test_what_was_loaded_stays_while_the_conversation_goes_on(visit):
    page = visit.page
    load_all(visit)
    visit.ask("Question 100", "t90-r30")
    visit.until_ended()
    assert numbers(page)[: COUNT + 1] == list(range(COUNT + 1))
    assert page.locator(".turn").count() == COUNT + 2
    visit.reply.get_by_role("button", name="Answer again").click()
    expect(visit.live).to_have_count(1)
    visit.until_ended()
    assert page.locator(".turn").count() == COUNT + 2
    expect(visit.reply.locator(".siblings")).to_contain_text("2 of 2")
    # Another answer to a question in the middle: what followed the one before is on another branch.
    page.locator(".turn").nth(41).get_by_role("button", name="Answer again").click()
    expect(page.locator(".turn")).to_have_count(42)
    visit.until_ended()
    assert numbers(page)[:41] == list(range(41))
    visit.page.reload()
    expect(page.locator(".turn")).to_have_count(PART)


def test_a_socket_that_comes_back_says_what_is_shown_and_loses_nothing(visit):
    page, sockets = visit.page, []

    def through(route):
        sockets.append(route)
        route.connect_to_server()

    page.route_web_socket(re.compile("/ws/"), through)
    page.reload()
    load_all(visit)
    visit.ask("Question 100", "t90-r30")
    visit.until_ended()
    leaf = visit.reply.get_attribute("id").removeprefix("m-")
    sockets[-1].close(code=1012)
    visit.server.until(lambda: page.wait_for_timeout(50) or len(sockets) > 1, "connected to again")
    assert f"shown={leaf}." in sockets[-1].url
    visit.ask("Question 102", "t90-r30")
    visit.until_ended()
    assert page.locator(".turn").count() == COUNT + 4
    assert numbers(page)[:COUNT] == list(range(COUNT))


def test_a_page_whose_socket_is_blocked_keeps_what_it_loaded(visit):
    page = visit.page
    page.route_web_socket(re.compile("/ws/"), lambda route: route.close(code=1006))
    page.reload()
    load_all(visit)
    visit.ask("Question 100", "t90-r30")
    visit.until_ended()
    assert page.locator(".turn").count() == COUNT + 2
    assert numbers(page)[:COUNT] == list(range(COUNT))


def test_without_javascript_a_link_leads_to_each_part_and_another_back(browser, person, langai):
    with visiting(browser, person, langai, java_script_enabled=False) as visit:
        page = visit.page
        visit.open(person.path)
        expect(page.locator(".turn")).to_have_count(PART)
        for count in (PART, PART, COUNT - 3 * PART):
            page.get_by_role("link", name="Earlier messages").click()
            expect(page.locator(".turn")).to_have_count(count)
        expect(page.locator("#earlier")).to_have_text("The conversation begins here.")
        page.get_by_role("link", name="Go to the newest messages").click()
        expect(page.locator("#composer")).to_be_visible()
        expect(page.locator(".turn")).to_have_count(PART)
