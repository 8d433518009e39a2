"""A person writes with saved prompts and assistants, by keyboard alone."""

import pytest
from playwright.sync_api import expect

from tests.live.browser import CONVERSATION, visiting

MAIL = "Write a {{tone: formal | friendly}} mail to {{customer}}."
TINY = {"width": 320, "height": 256}


@pytest.fixture(scope="module", autouse=True)
def prompts(alice):
    for command, text in (("mail", MAIL), ("hello", "Good morning"), ("usage", "What is used?")):
        assert alice.post("/prompts/", command=command, title=f"A {command}", text=text).status_code == 302


@pytest.fixture(params=[None, TINY], ids=["desktop", "tiny"])
def visit(request, browser, alice, langai):
    with visiting(browser, alice, langai, viewport=request.param or {"width": 1280, "height": 800}) as visit:
        visit.open()
        yield visit


def message(visit):
    return visit.page.locator("#text")


def offers(visit):
    return visit.page.locator("#offers")


def until_active(visit, word):
    marked = offers(visit).locator("[aria-selected=true]")
    expect(marked).to_have_attribute("data-word", word)
    expect(message(visit)).to_have_attribute("aria-activedescendant", marked.get_attribute("id"))


def test_a_prompt_is_chosen_filled_in_and_put_into_the_message(visit):
    text, keys = message(visit), visit.page.keyboard
    text.press_sequentially("Please: /")
    until_active(visit, "hello")
    expect(offers(visit)).to_be_in_viewport(ratio=0.9)
    expect(visit.page.locator("#announcer")).to_contain_text("1 of 3")
    keys.press("ArrowDown")
    until_active(visit, "mail")
    keys.press("ArrowUp")
    keys.press("ArrowUp")
    until_active(visit, "usage")
    keys.type("ma")
    until_active(visit, "mail")
    keys.press("Enter")
    form = visit.page.locator("dialog.use[open]")
    expect(form.get_by_label("tone")).to_be_focused()
    keys.press("ArrowDown")
    expect(form.get_by_label("tone")).to_have_value("friendly")
    keys.press("Tab")
    expect(form.get_by_label("customer")).to_be_focused()
    keys.type("Ada")
    expect(form.get_by_label("customer")).to_have_value("Ada")
    # Escape forgets nothing.
    keys.press("Escape")
    expect(form).to_have_count(0)
    expect(text).to_be_focused()
    keys.press("End")
    keys.type("i")
    until_active(visit, "mail")
    keys.press("Enter")
    expect(form.get_by_label("customer")).to_have_value("Ada")
    form.get_by_label("customer").press("Enter")
    expect(text).to_have_value("Please: Write a friendly mail to Ada.")
    expect(text).to_be_focused()
    text.fill("")


def test_a_path_a_character_being_composed_and_escape_leave_the_message_alone(visit):
    text, keys = message(visit), visit.page.keyboard
    text.press_sequentially("/")
    until_active(visit, "hello")
    keys.press("Escape")
    expect(offers(visit)).to_be_hidden()
    keys.type("us")
    expect(offers(visit)).to_be_hidden()
    # It stands in the middle of a word, belongs to a path, or names no prompt.
    for typed in ("see a/", "ls /usr/", "ls /xyz"):
        text.fill("")
        text.press_sequentially(typed)
        expect(offers(visit)).to_be_hidden()
    text.fill("/")
    until_active(visit, "hello")
    # The key that ends a composition chooses nothing.
    text.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    expect(offers(visit)).to_be_visible()
    keys.press("Tab")
    expect(text).to_have_value("Good morning")
    text.fill("")


def test_an_assistant_is_chosen_answers_and_is_left_again(visit, alice):
    made = alice.post(
        "/assistants/new/", name="Harbour master", emoji="⚓", model="quotes", share="me", collections="none"
    )
    assert made.status_code == 302
    text, keys, chip = message(visit), visit.page.keyboard, visit.page.locator("#assistant")
    text.press_sequentially("Dear me@example.org @ha")
    until_active(visit, "Harbour master")
    keys.press("Enter")
    expect(chip).to_contain_text("⚓ Harbour master")
    expect(text).to_have_value("Dear me@example.org ")
    keys.type("when do ships come?")
    keys.press("Enter")
    visit.page.wait_for_url(CONVERSATION)
    visit.until_ended()
    visit.reply.locator(".receipt summary").click()
    expect(visit.reply.locator(".receipt")).to_contain_text("⚓ Harbour master, version 1")
    # The page of the conversation offers to go on without it.
    chip.get_by_role("button").click()
    expect(chip).to_be_hidden()
    expect(text).to_be_focused()
    visit.ask("And now?")
    visit.until_ended()
    visit.reply.locator(".receipt summary").click()
    expect(visit.reply.locator(".receipt")).not_to_contain_text("Harbour master")
    alice.post(f"{made.headers['location']}delete/")
