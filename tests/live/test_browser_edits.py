"""Editing a question, and moving between the branches that come of it."""

import re

from playwright.sync_api import expect

from tests.live.browser import visiting

INSTANT, SLOW = "t500-r0-d0", "t3000-r30"


def versions(visit, number: int):
    return visit.page.locator("#thread .siblings span").nth(number)


def started(visit, *questions: str) -> None:
    for question in questions:
        visit.ask(question, INSTANT)
        visit.until_ended()


def test_the_last_question_is_edited_by_keyboard_alone(visit):
    press = visit.page.keyboard.press
    started(visit, "First", "Second")
    visit.page.locator("#text").focus()
    press("ArrowUp")
    field = visit.page.locator(".editing textarea")
    expect(field).to_be_focused()
    expect(field).to_have_value("Second")
    press("Escape")
    expect(field).to_have_count(0)
    expect(visit.page.locator("#text")).to_be_focused()
    press("ArrowUp")
    expect(field).to_be_focused()
    visit.page.keyboard.type(" again")
    press("Enter")
    visit.until_ended()
    expect(visit.questions).to_have_text([re.compile("First"), re.compile("Second again")])
    expect(versions(visit, 0)).to_have_text("2 of 2")
    visit.page.locator("#text").focus()
    press("Alt+ArrowLeft")
    expect(versions(visit, 0)).to_have_text("1 of 2")
    expect(visit.questions.last).to_have_text(re.compile(r"Second\s*1 of 2"))
    press("Alt+ArrowRight")
    expect(versions(visit, 0)).to_have_text("2 of 2")


def test_the_branch_that_was_chosen_stays_after_a_reload_and_in_a_second_tab(visit):
    started(visit, "First", "Second")
    visit.questions.first.hover()
    visit.questions.first.get_by_label("Edit your message").click()
    visit.page.locator(".editing textarea").fill("Another first")
    visit.page.locator(".editing").get_by_role("button", name="Send", exact=True).click()
    visit.until_ended()
    expect(visit.questions).to_have_count(1)
    visit.page.get_by_label("Earlier version").click()
    expect(visit.questions).to_have_count(2)
    visit.page.reload()
    expect(visit.questions).to_have_count(2)
    other = visit.another_tab()
    other.open(visit.page.url.removeprefix(visit.server.url))
    expect(other.questions).to_have_count(2)
    other.page.get_by_label("Later version").click()
    expect(other.questions).to_have_text([re.compile("Another first")])


def test_an_edit_beside_an_answer_that_is_being_written_keeps_both(visit, upstream):
    started(visit, "First")
    visit.ask("Slowly", SLOW)
    visit.until_written("word3")
    other = visit.another_tab()
    other.open(visit.page.url.removeprefix(visit.server.url))
    visit.questions.last.hover()
    visit.questions.last.get_by_label("Edit your message").click()
    visit.choose(INSTANT)
    visit.page.locator(".editing textarea").fill("Quickly")
    visit.page.keyboard.press("Enter")
    for tab in (visit, other):
        expect(tab.questions).to_have_text([re.compile("First"), re.compile(r"Quickly\s*2 of 2")])
        tab.until_written("word499")
        tab.until_ended()
    visit.ask("And on", INSTANT)
    visit.until_ended()
    visit.page.get_by_label("Earlier version").first.click()
    visit.until_written("word3")
    # The other button moves with what is written.
    visit.page.locator("#halt").click()
    visit.until_ended()
    expect(visit.questions).to_have_text([re.compile("First"), re.compile(r"Slowly\s*1 of 2")])


def test_without_javascript_a_question_is_edited_on_a_page_of_its_own(browser, alice, langai):
    with visiting(browser, alice, langai, java_script_enabled=False) as visit:
        visit.open()
        visit.page.fill("#text", "Who can read my conversations?")
        visit.choose("quotes")
        visit.page.get_by_role("button", name="Send", exact=True).click()
        visit.until_ended()
        visit.page.get_by_label("Edit your message").click()
        visit.page.get_by_label("Your message").fill("How do I add documents?")
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(versions(visit, 0)).to_have_text("2 of 2")
        visit.until_ended()
        visit.page.get_by_label("Earlier version").click()
        expect(visit.questions).to_contain_text("Who can read my conversations?")


def test_conversations_are_found_while_one_types_and_a_result_opens_its_branch(visit):
    started(visit, "Where is the observatory?")
    address = visit.page.url
    visit.questions.last.hover()
    visit.questions.last.get_by_label("Edit your message").click()
    visit.page.locator(".editing textarea").fill("Where is the planetarium?")
    visit.page.keyboard.press("Enter")
    visit.until_ended()
    visit.open()
    field = visit.page.get_by_role("searchbox", name="Search your conversations")
    field.type("observator")
    result = visit.page.locator("#conversations .talk").first
    expect(result.locator("mark")).to_have_text("observatory")
    field.fill("")
    expect(visit.page.locator("#conversations .row").first).to_be_visible()
    field.type("observatory?")
    result.first.click()
    expect(visit.page).to_have_url(re.compile(re.escape(address)))
    expect(visit.questions).to_have_text([re.compile(r"observatory\?\s*1 of 2")])
