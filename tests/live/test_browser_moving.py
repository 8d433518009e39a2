"""Export, import and shared links in a real browser."""

import json

from playwright.sync_api import expect

from tests.chat.exports import chatgpt
from tests.live.browser import CONVERSATION


def test_an_import_is_followed_until_its_report(visit):
    page = visit.page
    page.goto(visit.server.url + "/transfers/")
    rows = [chatgpt(f"c{number}", f"Talk {number}") for number in range(3)] + [{"title": "Broken", "mapping": {}}]
    file = {"name": "conversations.json", "mimeType": "application/json", "buffer": json.dumps(rows).encode()}
    page.get_by_label("Files, up to").set_input_files([file])
    page.get_by_role("button", name="Import", exact=True).click()
    row = page.locator(".transfer").first
    expect(row).to_contain_text("3 of 4 conversations imported, 1 could not be read")
    page.get_by_role("button", name="Export all", exact=True).click()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    with page.expect_download() as started:
        page.get_by_role("link", name="Download").click()
    assert started.value.suggested_filename.endswith(".zip")
    page.get_by_role("link", name="Show the report").click()
    expect(page.get_by_text("It contains no messages")).to_be_visible()
    page.get_by_role("link", name="Show all chats").click()
    page.locator("main").get_by_role("link", name="Talk 2").click()
    page.wait_for_url(CONVERSATION)
    expect(page.get_by_text("Yes.")).to_be_visible()
    page.get_by_role("button", name="Options for Talk 2").first.click()
    page.get_by_role("link", name="PDF", exact=True).click()
    expect(page.get_by_role("heading", name="Talk 2")).to_be_visible()
    assert visit.complaints == []


def test_a_link_is_made_opened_and_revoked(visit):
    page = visit.page
    page.goto(visit.server.url + "/")
    visit.ask("Where is the lease?", "quotes")
    visit.until_ended()
    page.goto(page.url + "share/")
    page.get_by_label("Only these").check()
    page.get_by_label("Everyone who is signed in").check()
    page.get_by_role("button", name="Make the link").click()
    address = page.get_by_label("Link", exact=True).input_value()
    page.goto(address)
    expect(page.get_by_text("Where is the lease?").last).to_be_visible()
    page.goto(visit.server.url + "/shares/")
    page.get_by_role("button", name="Revoke the link").first.click()
    expect(page.get_by_text("The link is closed.")).to_be_visible()
    assert visit.context.request.get(address).status == 404
