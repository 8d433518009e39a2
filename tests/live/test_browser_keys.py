"""The list of places and actions, and the other keys, in a browser."""

import re

from playwright.sync_api import expect

from tests.live.browser import visiting
from tests.live.test_browser_edits import started


def test_the_list_is_used_by_keyboard_alone(visit):
    started(visit, "Where is the observatory?")
    press, address = visit.page.keyboard.press, visit.page.url
    visit.open()
    visit.page.locator("#text").focus()
    press("Control+k")
    field = visit.page.locator("#go")
    expect(field).to_be_focused()
    field.press_sequentially("observatory")
    option = visit.page.locator("[role=option][aria-selected=true]")
    expect(option).to_contain_text("Where is the observatory?")
    expect(field).to_have_attribute("aria-activedescendant", "go-1")
    press("Escape")
    expect(visit.page.locator("#palette")).to_be_hidden()
    expect(visit.page.locator("#text")).to_be_focused()
    press("Control+k")
    field.fill("theme")
    expect(option).to_contain_text("Theme: same as the system")
    expect(visit.page.locator("[role=option][data-theme]")).to_have_count(4)
    press("ArrowDown")
    press("ArrowDown")
    expect(visit.page.locator("#go-count")).to_have_text(re.compile(r"^3 of \d+$"))
    press("Enter")
    expect(visit.page.locator("html")).to_have_attribute("data-theme", "dark")
    press("Control+k")
    field.fill("theme")
    expect(option).to_contain_text("Theme: same as the system")
    press("Enter")
    expect(visit.page.locator("html[data-theme]")).to_have_count(0)
    press("Control+k")
    field.press_sequentially("observatory")
    expect(option).to_contain_text("Where is the observatory?")
    press("Enter")
    expect(visit.page).to_have_url(re.compile(re.escape(address)))


def fire(visit, selector: str, **event) -> bool:
    """Press a key as a layout of its own would; return whether the page took it."""
    return visit.page.evaluate(
        """([selector, { altGraph, ...event }]) => {
            const fired = new KeyboardEvent("keydown", { bubbles: true, cancelable: true, ...event });
            if (altGraph) Object.defineProperty(fired, "getModifierState", { value: (name) => name === "AltGraph" });
            return !document.querySelector(selector).dispatchEvent(fired);
        }""",
        [selector, event],
    )


def let_through(visit, waiting):
    while not waiting:
        visit.page.wait_for_timeout(10)
    waiting.pop().continue_()


def test_what_is_typed_before_the_lists_are_there_is_meant_for_them(visit):
    """Where the network is slow, it would otherwise stand in the message, and Enter would send that."""
    started(visit, "First")
    press, text = visit.page.keyboard.press, visit.page.locator("#text")
    waiting = []
    for list_of in ("**/go/", "**/prompts/offered/"):
        visit.page.route(list_of, lambda route: waiting.append(route))
    text.fill("A draft")
    press("Control+k")
    visit.page.keyboard.type("obx")
    press("Backspace")
    press("Enter")
    let_through(visit, waiting)
    expect(visit.page.locator("#go")).to_have_value("ob")
    expect(text).to_have_value("A draft")
    press("Escape")
    text.fill("")
    text.press_sequentially("/")
    press("Enter")
    let_through(visit, waiting)
    expect(visit.page.locator("#offers")).to_be_visible()
    expect(text).to_have_value("/")


def test_other_layouts_and_those_who_write_lose_no_key(visit):
    started(visit, "First", "Second")
    press, text = visit.page.keyboard.press, visit.page.locator("#text")
    # AltGr, a character that is being composed, and what is typed in a field.
    assert not fire(visit, "body", key="@", code="KeyQ", ctrlKey=True, altKey=True)
    assert not fire(visit, "body", key="k", code="KeyK", ctrlKey=True, altGraph=True)
    assert not fire(visit, "#text", key="k", code="KeyK", ctrlKey=True, isComposing=True)
    assert not fire(visit, "#find", key="?", code="Minus", shiftKey=True)
    assert not fire(visit, "#text", key="/", code="Digit7", shiftKey=True)
    assert not fire(visit, "#model", key="ArrowUp", altKey=True)
    text.fill("A draft")
    assert not fire(visit, "#text", key="ArrowUp", altKey=True)
    text.fill("")
    # German and French keyboards have the slash elsewhere, Russian ones have no K.
    visit.page.locator("#scroller").focus()
    assert fire(visit, "#scroller", key="/", code="Digit7", shiftKey=True)
    expect(text).to_be_focused()
    assert fire(visit, "#text", key="л", code="KeyK", ctrlKey=True)
    expect(visit.page.locator("#go")).to_be_focused()
    press("Escape")
    text.focus()
    press("Alt+ArrowUp")
    expect(visit.replies.last).to_be_focused()
    press("Alt+ArrowUp")
    expect(visit.questions.last).to_be_focused()
    press("Alt+ArrowDown")
    expect(visit.replies.last).to_be_focused()
    press("?")
    expect(visit.page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    press("Escape")
    press("Control+Shift+O")
    expect(visit.page).to_have_url(visit.server.url + "/")


def test_all_keys_are_switched_off_by_one_switch(browser, bob, langai):
    with visiting(browser, bob, langai) as visit:
        visit.open("/accounts/")
        visit.page.get_by_label("Switch keyboard shortcuts off").check()
        visit.page.get_by_role("button", name="Save", exact=True).click()
        visit.open()
        for key in ("Control+k", "Control+Shift+O"):
            visit.page.keyboard.press(key)
        assert not fire(visit, "body", key="?")
        expect(visit.page.locator("dialog[open]")).to_have_count(0)
        visit.page.locator("[data-go]").click()
        expect(visit.page.locator("#go")).to_be_focused()
        visit.page.keyboard.press("Escape")
        visit.open("/accounts/")
        visit.page.get_by_label("Switch keyboard shortcuts off").uncheck()
        visit.page.get_by_role("button", name="Save", exact=True).click()
