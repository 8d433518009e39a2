"""What a person does below an answer: says what they think of it, and asks what is suggested."""

from playwright.sync_api import expect


def test_a_thumb_opens_the_reasons_and_stays_pressed(visit):
    visit.ask("How do I add documents?", "quotes")
    visit.until_ended()
    page = visit.page
    page.get_by_role("button", name="Bad answer").click()
    expect(page.get_by_role("button", name="Bad answer")).to_be_focused()
    page.get_by_label("It is outdated").check()
    page.get_by_role("form", name="What you think of this answer").get_by_role("button", name="Save").click()
    expect(page.locator(".thanks")).to_contain_text("Saved")
    page.reload()
    expect(page.get_by_role("button", name="Bad answer")).to_have_attribute("aria-pressed", "true")
    assert visit.complaints == []


def test_a_suggestion_is_asked_with_one_click_and_the_focus_stays_in_the_message(visit):
    visit.ask("How do I add documents?", "quotes")
    visit.until_ended()
    first = visit.page.locator("#next button").first
    words = first.inner_text()
    first.click()
    expect(visit.page.locator("article.mine")).to_have_count(2)
    expect(visit.page.locator("article.mine").last).to_contain_text(words)
    expect(visit.page.locator("#text")).to_be_focused()
    visit.until_ended()
    assert visit.complaints == []
