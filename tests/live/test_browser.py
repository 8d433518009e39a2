"""What a person relies on who asks in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.live.browser import CONVERSATION, visiting
from tests.live.server import ADMIN_PASSWORD

SLOW, BRIEF = "t3000-r30", "t90-r30"
BRIEF_WORDS = " ".join(f"word{number}" + "." * (not number % 40) for number in range(1, 90)) + " end."
ANSWER = "# Plan\n\nFirst **this**, then `that`.\n\n- one\n- two\n\n```python\nprint(1)\n```\n\nIn the end, *done*."
PLAIN = "Plan First this, then that. one two print(1) In the end, done."


def test_after_the_sign_in_comes_a_new_chat(browser, langai):
    with visiting(browser, None, langai) as visit:
        visit.open()
        expect(visit.page).to_have_url(re.compile("/accounts/login/"))
        visit.sign_in("admin", ADMIN_PASSWORD)
        expect(visit.page).to_have_url(f"{langai.url}/")
        expect(visit.page.locator("#text")).to_be_focused()


def test_a_question_opens_a_conversation_in_which_the_answer_grows(visit):
    visit.ask("How does it grow?", BRIEF)
    expect(visit.page).to_have_url(CONVERSATION)
    expect(visit.questions).to_have_text([re.compile("How does it grow?")])
    visit.until_written("word3")
    early = visit.text
    assert "word60" not in early
    visit.until_written("word60")
    assert visit.text.startswith(early)
    visit.until_ended()
    assert visit.text == BRIEF_WORDS
    expect(visit.page.locator("#conversations [aria-current=page]")).to_have_text(re.compile("How does it grow?"))


def test_each_message_and_each_answer_is_shown_once(visit):
    for number in (1, 2, 3):
        visit.ask(f"Question {number}", "t500-r0-d0")
        visit.until_ended()
        expect(visit.questions).to_have_count(number)
        expect(visit.replies).to_have_count(number)
    visit.page.reload()
    expect(visit.questions).to_have_count(3)
    expect(visit.replies).to_have_count(3)


def test_an_answer_is_formatted_the_same_while_it_comes_and_afterwards(visit, upstream):
    upstream.script(ANSWER)
    visit.ask("Show me a plan", "echo-r20")
    expect(visit.answer.locator("h1")).to_have_text("Plan")
    visit.until_ended()
    assert visit.text == PLAIN
    kept = visit.answer.inner_html()
    visit.page.reload()
    assert visit.text == PLAIN
    expect(visit.answer.locator("pre")).to_have_text("print(1)\n")
    assert without_buttons(visit.answer.inner_html()) == without_buttons(kept)


def without_buttons(html: str) -> str:
    return " ".join(re.sub(r"<button.*?</button>", "", html, flags=re.DOTALL).split())


def test_the_receipt_tells_model_tokens_cost_and_time(visit):
    visit.ask("What did this take?", "t500-r0-d0")
    visit.until_ended()
    summary = visit.reply.locator(".receipt summary")
    expect(summary).to_have_text(re.compile(r"t500-r0-d0 · [\d,]+ tokens · free · \d+\.\d s"))
    summary.click()
    for term in ("Model", "Tokens", "Cost", "First word"):
        expect(visit.reply.locator("dt", has_text=re.compile(f"^{term}$"))).to_be_visible()


def test_the_built_in_model_is_free(visit):
    visit.ask("Who can read my conversations?", "quotes")
    visit.until_ended()
    expect(visit.reply.locator(".receipt summary")).to_have_text(re.compile(r"quotes · [\d,]+ tokens · free"))


def test_stop_keeps_what_was_written_and_ends_the_call(visit, upstream):
    before = upstream.stats()["disconnects"]
    visit.ask("Go on until I stop you", SLOW)
    visit.until_written("word9")
    # It moves with each new line, and is perhaps not under the pointer any more when that is released.
    visit.live.locator(".stop").hover()
    visit.page.mouse.down()
    visit.until_ended()
    visit.page.mouse.up()
    assert visit.text.startswith("word1 word2 word3")
    expect(visit.reply.locator(".problem")).to_contain_text("You stopped this answer.")
    visit.server.until(lambda: upstream.stats()["disconnects"] == before + 1, "gone from the upstream", 10)
    kept = visit.text
    visit.page.reload()
    assert visit.text == kept


def test_a_stopped_answer_can_be_continued(visit):
    visit.ask("Go on until I stop you", BRIEF)
    visit.until_written("word9")
    visit.live.locator(".stop").click()
    visit.until_ended()
    kept = visit.text
    visit.reply.get_by_role("button", name="Continue").click()
    visit.until_written("end.")
    visit.until_ended()
    assert visit.text.startswith(kept)
    expect(visit.replies).to_have_count(1)
    expect(visit.reply.locator(".problem")).to_have_count(0)


def test_escape_stops_an_answer(visit):
    visit.ask("Go on until I stop you", SLOW)
    visit.until_written("word3")
    visit.page.keyboard.press("Escape")
    visit.until_ended()
    expect(visit.reply.locator(".problem")).to_contain_text("You stopped this answer.")


def test_a_reload_in_mid_answer_loses_nothing(visit):
    visit.ask("Do not mind the reload", BRIEF)
    visit.until_written("word9")
    before = visit.text
    visit.page.reload()
    assert visit.text.startswith(before)
    expect(visit.live).to_have_count(1)
    visit.until_ended()
    assert visit.text == BRIEF_WORDS
    expect(visit.replies).to_have_count(1)


def test_a_closed_tab_can_be_come_back_to(visit):
    visit.ask("I am leaving now", BRIEF)
    visit.until_written("word3")
    address = visit.page.url.removeprefix(visit.server.url)
    visit.page.close()
    later = visit.another_tab()
    later.open(address)
    later.until_ended()
    assert later.text == BRIEF_WORDS


def test_a_second_tab_shows_the_same_conversation_as_it_goes_on(visit):
    visit.ask("Shown twice", BRIEF)
    other = visit.another_tab()
    other.open(visit.page.url.removeprefix(visit.server.url))
    other.until_ended()
    visit.until_ended()
    assert other.text == visit.text == BRIEF_WORDS
    visit.ask("And again", "t500-r0-d0")
    expect(other.questions).to_have_count(2)
    other.until_ended()
    expect(other.replies).to_have_count(2)
    expect(visit.replies).to_have_count(2)


def test_another_answer_stands_beside_the_first(visit, upstream):
    upstream.script("The first answer.", "The second answer.")
    visit.ask("Say something", "echo")
    visit.until_ended()
    visit.reply.get_by_role("button", name="Answer again").click()
    expect(visit.reply).to_contain_text("2 of 2")
    expect(visit.answer).to_have_text("The second answer.")
    visit.reply.get_by_role("link", name="Earlier version").click()
    expect(visit.reply).to_contain_text("1 of 2")
    expect(visit.answer).to_have_text("The first answer.")
    expect(visit.replies).to_have_count(1)


def test_a_broken_off_answer_says_so_and_goes_on(visit, upstream):
    upstream.script("One two three four five six seven eight.", " nine ten eleven twelve.")
    visit.ask("Count", "fail-cut-echo-r50")
    visit.until_ended()
    expect(visit.answer).to_contain_text("One two three four")
    expect(visit.reply.locator(".problem")).to_be_visible()
    expect(visit.reply.get_by_role("button", name="Retry")).to_be_visible()
    visit.reply.get_by_role("button", name="Continue").click()
    expect(visit.answer).to_contain_text("nine ten")
    expect(visit.answer).to_contain_text("One two three four")
    visit.until_ended()


def test_what_was_written_is_not_lost_when_it_cannot_be_sent(visit):
    visit.ask("A long one", SLOW)
    visit.until_written("word3")
    visit.page.fill("#text", "Too early")
    visit.page.keyboard.press("Enter")
    expect(visit.page.locator("#notices")).to_contain_text("still being written")
    expect(visit.page.locator("#text")).to_have_value("Too early")
    expect(visit.questions).to_have_count(1)
    visit.stop()


def test_without_javascript_the_page_refreshes_until_the_answer_is_complete(browser, alice, langai):
    with visiting(browser, alice, langai, java_script_enabled=False) as visit:
        visit.open()
        visit.choose(BRIEF)
        visit.page.fill("#text", "Without any script")
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(visit.page).to_have_url(CONVERSATION)
        expect(visit.live).to_have_count(1)
        visit.until_ended()
        assert visit.text == BRIEF_WORDS
        visit.choose(SLOW)
        visit.page.fill("#text", "And once more")
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(visit.questions).to_have_count(2)
        visit.live.locator(".stop").click()
        expect(visit.reply.locator(".problem")).to_contain_text("You stopped this answer.")


def options(visit, title: str):
    visit.page.get_by_role("button", name=f"Options for {title}").click()
    return visit.page.locator(".options:popover-open")


def test_a_conversation_can_be_renamed(visit):
    visit.ask("An old name", "t500-r0-d0")
    visit.until_ended()
    menu = options(visit, "An old name")
    menu.get_by_label("Title").fill("A better <name>")
    menu.get_by_role("button", name="Rename").click()
    expect(visit.page.locator("#head h1")).to_have_text("A better <name>")
    expect(visit.page.locator("#conversations [aria-current=page]")).to_have_text("A better <name>")
    visit.page.reload()
    expect(visit.page).to_have_title("A better <name> · LangAI")


def test_a_deleted_conversation_can_be_brought_back(visit):
    visit.ask("Delete me", "t500-r0-d0")
    visit.until_ended()
    address = visit.page.url
    options(visit, "Delete me").get_by_role("button", name="Delete conversation").click()
    expect(visit.page.locator("#notices")).to_contain_text("Deleted “Delete me”.")
    expect(visit.page.locator("#conversations")).not_to_contain_text("Delete me")
    assert visit.page.request.get(address).status == 404
    visit.page.get_by_role("button", name="Undo").click()
    expect(visit.page).to_have_url(address)
    expect(visit.replies).to_have_count(1)


def test_on_a_phone_the_conversations_are_behind_a_button(browser, alice, langai):
    with visiting(browser, alice, langai, viewport={"width": 390, "height": 800}, has_touch=True) as visit:
        visit.open()
        sidebar = visit.page.locator("#sidebar")
        expect(sidebar).not_to_be_visible()
        visit.page.get_by_role("button", name="Conversations", exact=True).click()
        expect(sidebar).to_be_visible()
        visit.page.keyboard.press("Escape")
        expect(sidebar).not_to_be_visible()
        visit.choose("t500-r0-d0")
        send = visit.page.get_by_role("button", name="Send", exact=True)
        visit.page.fill("#text", "From my phone")
        place = send.bounding_box() or {}
        # It must not move away from the finger that presses it.
        expect(visit.page.locator("#preview summary")).to_be_visible()
        assert send.bounding_box() == pytest.approx(place, abs=1)
        send.click()
        visit.until_written("end.")
        width = visit.page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert width[0] <= width[1]


def test_all_can_be_done_with_the_keyboard(visit):
    press = visit.page.keyboard.press
    visit.ask("By keyboard alone", "t500-r0-d0")
    visit.until_ended()
    reach(visit, "Answer again")
    press("Enter")
    expect(visit.reply).to_contain_text("2 of 2")
    press("Control+Shift+O")
    expect(visit.page).to_have_url(f"{visit.server.url}/")
    expect(visit.page.locator("#text")).to_be_focused()
    visit.page.keyboard.type("One line")
    press("Shift+Enter")
    visit.page.keyboard.type("and another")
    expect(visit.page.locator("#text")).to_have_value("One line\nand another")


def reach(visit, name: str) -> None:
    """Tab, from the top of the page, until the control of that name has the focus, which must be seen."""
    visit.page.locator(".skip").focus()
    for _ in range(400):
        visit.page.keyboard.press("Tab")
        focused = visit.page.locator(":focus")
        if focused.get_attribute("aria-label") == name:
            assert focused.evaluate("element => getComputedStyle(element).outlineStyle") != "none"
            return
    pytest.fail(f"{name} cannot be reached")
