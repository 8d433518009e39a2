"""Deleting a branch and correcting an answer, in a browser."""

import re

from playwright.sync_api import Route, expect

from tests.live.test_browser_edits import started, versions


def test_a_message_is_deleted_in_every_tab_and_undo_brings_it_back(visit):
    started(visit, "First", "Second")
    other = visit.another_tab()
    other.open(visit.page.url.removeprefix(visit.server.url))
    expect(other.questions).to_have_count(2)
    visit.questions.last.hover()
    visit.questions.last.get_by_label("Delete this message and what follows").click()
    expect(visit.questions).to_have_count(1)
    expect(other.questions).to_have_count(1)
    visit.page.get_by_role("button", name="Undo").click()
    expect(visit.questions).to_have_count(2)


def test_an_answer_is_corrected_in_every_tab_and_a_version_deleted(visit):
    started(visit, "First")
    other = visit.another_tab()
    other.open(visit.page.url.removeprefix(visit.server.url))
    visit.reply.get_by_label("Other ways to answer").click()
    visit.page.get_by_role("button", name="Edit this answer").click()
    field = visit.page.locator(".editing textarea")
    expect(field).to_be_focused()
    field.fill("One")
    visit.page.keyboard.press("Enter")
    visit.page.keyboard.type("Two **words**")
    visit.page.get_by_role("button", name="Save").click()
    for tab in (visit, other):
        expect(tab.answer.locator("strong")).to_have_text("words")
    visit.page.get_by_text("Edited by you").click()
    expect(visit.reply.locator(".corrected .prose")).to_contain_text("word499")
    visit.page.get_by_role("button", name="Put this back").click()
    expect(visit.page.get_by_text("Edited by you")).to_have_count(0)
    visit.page.get_by_label("Answer again", exact=True).click()
    visit.until_ended()
    expect(versions(visit, 0)).to_have_text("2 of 2")
    visit.reply.get_by_label("Other ways to answer").click()
    visit.page.get_by_role("button", name="Delete this version").click()
    expect(visit.page.get_by_text("Deleted this version")).to_be_visible()
    expect(visit.page.locator("#thread .siblings")).to_have_count(0)


def test_the_menu_of_an_answer_opens_once_its_choices_can_be_carried_out(visit):
    waiting: list[Route] = []
    module = re.compile(r"/again[^/]*\.js$")
    visit.page.route(module, lambda route: waiting.append(route))
    started(visit, "First")
    with visit.page.expect_request(module):
        visit.reply.get_by_label("Other ways to answer").click()
    expect(visit.page.locator("#again")).to_be_hidden()
    waiting[0].continue_()
    visit.page.get_by_role("button", name="Edit this answer").click()
    expect(visit.page.locator(".editing textarea")).to_be_focused()
