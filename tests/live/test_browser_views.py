"""What a person sees of a conversation: in low windows, on a phone, while they scroll, and where the focus goes."""

import pytest
from playwright.sync_api import expect

from tests.live.browser import visiting

INSTANT, LONG, BRISK = "t500-r0-d0", "t3000-r30", "t3000-r250"
THREAD = "#scroller"
FOCUS = "document.activeElement"


@pytest.fixture(scope="module")
def cited(browser, alice, langai):
    """The address of a conversation whose first answer cites the handbook, with a long answer after it."""
    with visiting(browser, alice, langai) as visit:
        visit.open()
        visit.ask("Who can read my conversations?", "quotes")
        visit.until_ended()
        visit.ask("At length", INSTANT)
        visit.until_ended()
        yield visit.page.url.removeprefix(langai.url)


def height(visit, selector: str) -> float:
    return visit.page.locator(selector).evaluate("element => element.getBoundingClientRect().height")


# A window of 1440 by 900 at 400 % zoom, the smallest that must reflow, and a phone on its side.
@pytest.mark.parametrize(("width", "tall", "least"), [(360, 225, 110), (320, 256, 140), (844, 390, 250)])
def test_a_low_window_belongs_to_what_is_read(browser, alice, langai, cited, width, tall, least):
    with visiting(browser, alice, langai, viewport={"width": width, "height": tall}) as visit:
        visit.open(cited)
        assert height(visit, THREAD) >= least
        fold = visit.page.get_by_role("button", name="Model, documents and more")
        expect(visit.page.locator("#asked-words")).to_be_hidden()
        fold.click()
        expect(visit.page.locator("#asked-words")).to_be_visible()
        expect(fold).to_have_attribute("aria-expanded", "true")
        fold.click()
        visit.page.fill("#text", "One line\n" * 30)
        assert height(visit, THREAD) >= 0.2 * tall
        send = visit.page.get_by_role("button", name="Send", exact=True)
        expect(send).to_be_in_viewport(ratio=1)
        assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.fixture(params=[(390, 844), (320, 256), (1000, 700)], ids=["phone", "small", "narrow"])
def overlaid(request, browser, alice, langai, cited):
    """A passage that is open over its conversation."""
    width, tall = request.param
    with visiting(browser, alice, langai, viewport={"width": width, "height": tall}, has_touch=True) as visit:
        visit.open(cited)
        visit.page.locator("a.cite").first.click()
        expect(visit.page.locator("#source mark").first).to_be_in_viewport()
        yield visit


def until_closed(visit, cited) -> None:
    expect(visit.page.locator("#source > *")).to_have_count(0)
    expect(visit.page).to_have_url(visit.server.url + cited)
    assert visit.page.evaluate(f"{FOCUS}.matches('a.cite')")


def test_the_head_of_a_passage_stays_in_view_with_its_button(overlaid, cited):
    overlaid.page.locator("#source").evaluate("panel => panel.scrollTop = panel.scrollHeight")
    expect(overlaid.page.locator("#source .passage h2")).to_be_in_viewport(ratio=1)
    expect(overlaid.page.locator("#source .number")).to_have_text("1")
    overlaid.page.get_by_role("button", name="Close the passage").click()
    until_closed(overlaid, cited)


def test_back_closes_a_passage_and_stays_in_the_conversation(overlaid, cited):
    overlaid.page.go_back()
    until_closed(overlaid, cited)


def test_a_tap_beside_a_passage_closes_it_and_presses_nothing(overlaid, cited):
    overlaid.page.locator("#head h1").click(force=True, position={"x": 2, "y": 2})
    until_closed(overlaid, cited)


def test_another_number_shows_its_passage_in_the_same_panel(overlaid, cited):
    overlaid.page.locator("a.cite").last.dispatch_event("click")
    expect(overlaid.page.locator("a.cite[aria-current]")).to_have_count(1)
    expect(overlaid.page.locator("a.cite").last).to_have_attribute("aria-current", "true")
    overlaid.page.go_back()
    until_closed(overlaid, cited)


def until_at_end(visit):
    """Wait until the end of the thread is in view. A line that has just come in may still be below it."""
    visit.page.wait_for_function(
        """selector => {
            const { scrollHeight, scrollTop, clientHeight } = document.querySelector(selector);
            return scrollHeight - scrollTop - clientHeight < 2;
        }""",
        arg=THREAD,
    )


@pytest.mark.parametrize("model", [LONG, BRISK])
def test_the_thread_stays_at_its_end_whatever_the_browser_does_to_it(visit, model):
    visit.ask("At length", INSTANT)
    visit.until_ended()
    visit.ask("And on", model)
    visit.until_written("word3")
    thread = visit.page.locator(THREAD)
    for word in ("word20", "word40", "word60"):
        # As browsers do when what is shown gets shorter, or its height is guessed anew.
        thread.evaluate("it => it.scrollTop -= 300")
        visit.until_written(word)
    visit.until_written("word120")
    until_at_end(visit)
    visit.stop()
    expect(visit.page.locator("#jump")).to_be_hidden()


HANDS = {
    "wheel": lambda visit: visit.page.mouse.wheel(0, -40),
    "key": lambda visit: visit.page.keyboard.press("PageUp"),
    "touch": lambda visit: visit.page.locator(THREAD).evaluate(
        """it => {
            const finger = (y) => new Touch({identifier: 1, target: it, clientX: 50, clientY: y});
            for (const [kind, y] of [["touchstart", 200], ["touchmove", 260]]) {
                it.dispatchEvent(new TouchEvent(kind, {touches: [finger(y)], bubbles: true}));
            }
            it.scrollTop -= 60;
        }"""
    ),
}


@pytest.mark.parametrize("hand", HANDS)
def test_a_persons_hand_takes_the_thread_from_its_end_and_back(visit, hand):
    visit.ask("At length", INSTANT)
    visit.until_ended()
    visit.ask("And on", LONG)
    visit.until_written("word3")
    visit.page.locator(THREAD).focus()
    visit.page.mouse.move(600, 300)
    HANDS[hand](visit)
    jump = visit.page.locator("#jump")
    expect(jump).to_be_visible()
    there = visit.page.locator(THREAD).evaluate("it => it.scrollTop")
    visit.until_written("word40")
    assert visit.page.locator(THREAD).evaluate("it => it.scrollTop") <= there
    jump.click()
    expect(jump).to_be_hidden()
    visit.until_written("word80")
    until_at_end(visit)
    visit.stop()


def focused(visit) -> str:
    return visit.page.evaluate(f"{FOCUS}.ariaLabel ?? {FOCUS}.textContent.trim()")


def test_the_focus_goes_on_from_what_was_replaced(visit):
    press = visit.page.keyboard.press
    visit.ask("Where is the focus?", INSTANT)
    visit.until_ended()
    visit.page.get_by_role("button", name="Answer again").focus()
    press("Enter")
    expect(visit.reply).to_contain_text("2 of 2")
    expect(visit.page.locator("#text")).to_be_focused()
    visit.page.get_by_role("button", name="Options for Where is the focus?").click()
    visit.page.locator(".options:popover-open").get_by_label("Title").fill("It is here")
    press("Enter")
    expect(visit.page.locator("#head h1")).to_have_text("It is here")
    visit.server.until(lambda: "It is here" in focused(visit), "showing the focus")


def test_after_a_deletion_the_next_tab_is_undo(visit):
    visit.ask("Delete it", INSTANT)
    visit.until_ended()
    visit.open()
    visit.page.get_by_role("button", name="Options for Delete it").focus()
    visit.page.keyboard.press("Enter")
    visit.page.get_by_role("button", name="Delete conversation").focus()
    # Until the menu has settled, its form is sent as without a script.
    expect(visit.page.locator(".htmx-added")).to_have_count(0)
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#notices .toast")).to_be_focused()
    visit.page.keyboard.press("Tab")
    expect(visit.page.get_by_role("button", name="Undo")).to_be_focused()


def test_a_notice_covers_no_message(visit):
    visit.ask("A long one", LONG)
    visit.until_written("word3")
    visit.page.fill("#text", "Too early")
    visit.page.keyboard.press("Enter")
    notice = visit.page.locator("#notices .toast")
    expect(notice).to_be_visible()
    thread, box = visit.page.locator(THREAD).bounding_box(), notice.bounding_box()
    # Browsers round each of them to its own part of a pixel.
    assert box["y"] >= thread["y"] + thread["height"] - 1
    visit.stop()
