"""A message on its way: shown at once, never lost, and never sent by mistake."""

import re

import pytest
from playwright.sync_api import expect

from tests.live.browser import CONVERSATION

CONVERSATION_POST = re.compile(r"/conversations/[0-9a-f-]{36}/messages/$")
SLOW, INSTANT = "t3000-r30", "t500-r0-d0"
# As Safari ends a composition: the key that ended it comes afterwards, and looks like any other but for its number.
SAFARI = """field => {
    field.focus();
    field.value = "日本語";
    field.dispatchEvent(new CompositionEvent("compositionstart", {bubbles: true}));
    field.dispatchEvent(new CompositionEvent("compositionend", {bubbles: true, data: "日本語"}));
    const key = {key: "Enter", code: "Enter", keyCode: 229, which: 229, bubbles: true, cancelable: true};
    return field.dispatchEvent(new KeyboardEvent("keydown", key));
}"""


@pytest.fixture
def opened(visit):
    visit.ask("First", INSTANT)
    visit.until_ended()
    expect(visit.page.locator("#reconnecting")).to_be_hidden()
    return visit


def typed(visit, text):
    visit.page.fill("#text", text)
    visit.page.keyboard.press("Enter")


def pending(visit):
    return visit.page.locator(".turn.pending")


def field(visit):
    return visit.page.locator("#text")


def test_a_message_is_shown_before_the_server_answers(opened):
    held = []
    opened.page.route(CONVERSATION_POST, lambda route: held.append(route))
    typed(opened, "Second")
    expect(pending(opened)).to_contain_text("Second")
    expect(pending(opened)).to_contain_text("Sending…")
    expect(field(opened)).to_have_value("")
    opened.page.keyboard.type("And a third")
    opened.page.keyboard.press("Enter")
    expect(opened.page.locator("#notices")).to_contain_text("Your last message is still being sent.")
    expect(field(opened)).to_have_value("And a third")
    held[0].continue_()
    opened.until_ended()
    expect(pending(opened)).to_have_count(0)
    expect(opened.questions).to_have_text([re.compile("First"), re.compile("Second")])
    opened.page.reload()
    expect(field(opened)).to_have_value("And a third")


def test_a_message_that_does_not_get_through_is_in_the_composer_again(opened):
    held = []
    opened.page.route(CONVERSATION_POST, lambda route: held.append(route))
    typed(opened, "Second")
    expect(pending(opened)).to_have_count(1)
    opened.page.keyboard.type("typed meanwhile")
    held[0].abort()
    expect(field(opened)).to_have_value("Second\n\ntyped meanwhile")
    expect(pending(opened)).to_have_count(0)
    expect(opened.page.locator("#notices")).to_contain_text("The server cannot be reached. Your text is kept")
    assert all("sendError" in each or "ERR_FAILED" in each for each in opened.complaints)
    opened.complaints.clear()
    opened.page.reload()
    expect(field(opened)).to_have_value("Second\n\ntyped meanwhile")


def test_the_first_message_is_shown_at_once_too(visit):
    held = []
    visit.page.route("**/conversations/", lambda route: held.append(route))
    visit.choose(INSTANT)
    typed(visit, "The very first")
    expect(pending(visit)).to_contain_text("The very first")
    expect(visit.page.locator(".welcome")).to_be_hidden()
    held[0].continue_()
    expect(visit.page).to_have_url(CONVERSATION)


def test_send_becomes_stop_while_an_answer_is_written(opened):
    send = opened.page.get_by_role("button", name="Send", exact=True)
    halt = opened.page.locator("#halt")
    expect(halt).to_be_hidden()
    opened.ask("Slowly", SLOW)
    opened.until_written("word3")
    expect(send).to_be_hidden()
    field(opened).type("Next")
    expect(send).to_be_visible()
    expect(halt).to_be_hidden()
    field(opened).fill("")
    halt.click()
    opened.until_ended()
    expect(opened.reply.locator(".problem")).to_contain_text("You stopped this answer.")
    expect(halt).to_be_hidden()
    expect(field(opened)).to_be_focused()


def test_the_key_that_ends_a_composition_sends_nothing(opened):
    assert field(opened).evaluate(SAFARI)
    expect(field(opened)).to_have_value("日本語")
    expect(pending(opened)).to_have_count(0)
    opened.page.keyboard.press("Enter")
    expect(opened.questions).to_have_count(2)


def test_an_emoji_counts_once(opened):
    most = int(field(opened).get_attribute("data-max"))
    field(opened).fill("🙂" * most)
    expect(opened.page.locator("#count")).to_have_text(f"{most} of {most}")
    assert field(opened).evaluate("field => field.validity.valid")
    field(opened).fill("🙂" * (most + 1))
    assert field(opened).evaluate("field => field.validationMessage") == "Shorten the message by 1 character."


def test_a_socket_that_died_silently_is_replaced_and_nothing_is_missed(visit):
    visit.page.clock.install()
    servers = []

    def between(page_side):
        server_side = page_side.connect_to_server()
        servers.append(server_side)
        if len(servers) == 1:
            # From now on nothing comes through, and nobody says so.
            page_side.on_message(lambda message: None)
            server_side.on_message(lambda message: None)

    visit.ask("First", INSTANT)
    visit.until_ended()
    visit.page.route_web_socket("**/ws/conversations/**", between)
    visit.page.reload()
    expect(visit.page.locator("#reconnecting")).to_be_hidden()
    field(visit).fill("Second")
    visit.page.keyboard.press("Enter")
    expect(pending(visit)).to_have_count(1)
    visit.page.clock.fast_forward(5000)
    assert len(servers) == 1
    visit.page.clock.fast_forward(4000)
    visit.page.clock.run_for(3000)
    expect(visit.replies).to_have_count(2)
    assert len(servers) == 2
    expect(pending(visit)).to_have_count(0)
    visit.until_ended()


def test_a_message_whose_response_and_socket_are_lost_is_sent_once(visit):
    def lose(route):
        route.fetch()
        route.abort()

    visit.open()
    visit.choose("t500-r0-d0")
    visit.page.route("**/conversations/", lose)
    visit.page.fill("#text", "Only once, please")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#text")).to_have_value("Only once, please")
    visit.page.unroute("**/conversations/")
    # The draft comes back with its key, also after a reload.
    visit.page.reload()
    expect(visit.page.locator("#text")).to_have_value("Only once, please")
    rows = visit.page.locator("#conversations .row", has_text="Only once, please")
    expect(rows).to_have_count(1)
    visit.page.locator("#text").focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(CONVERSATION)
    visit.until_ended()
    expect(visit.questions).to_have_count(1)
    expect(rows).to_have_count(1)
    visit.complaints.clear()
