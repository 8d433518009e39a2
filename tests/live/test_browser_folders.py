"""Folders in a real browser: dragging, ranges of boxes, and where the focus goes."""

from playwright.sync_api import expect


def seed(visit, *titles):
    """Ask a question for each title, and make a folder; leave the browser on the page of the new chat."""
    for title in titles:
        visit.page.goto(visit.server.url + "/")
        visit.ask(title, "quotes")
        visit.until_ended()
    visit.page.goto(visit.server.url + "/folders/")
    visit.page.get_by_role("textbox", name="Name", exact=True).fill("Contracts")
    visit.page.get_by_role("button", name="Make folder").click()
    expect(visit.page.get_by_role("heading", name="Contracts", exact=True)).to_be_visible()
    visit.page.goto(visit.server.url + "/")


def test_a_conversation_is_dragged_onto_a_folder_and_back_by_undo(visit):
    seed(visit, "Where is the lease?")
    page = visit.page
    row = page.locator("#conversations .row", has_text="the lease").locator("> a")
    folder = page.locator("[data-folder]")
    row.hover()
    page.mouse.down()
    # What acts on it is loaded with the first one that is dragged.
    with page.expect_event("requestfinished", lambda request: "dragging" in request.url):
        page.mouse.move(140, 300, steps=3)
    page.wait_for_timeout(50)
    box = folder.bounding_box()
    page.mouse.move(box["x"] + 30, box["y"] + 12, steps=3)
    page.mouse.move(box["x"] + 40, box["y"] + 14, steps=2)
    page.mouse.up()
    expect(page.get_by_text("Moved “Where is the lease?” to “Contracts”.")).to_be_visible()
    expect(row).to_have_count(0)
    assert page.evaluate("document.activeElement.closest('.toast') !== null")
    page.get_by_role("button", name="Undo").click()
    expect(row).to_be_visible()
    assert visit.complaints == []


def test_many_are_chosen_with_shift_and_by_keyboard(visit):
    seed(visit, "One deed", "Two deeds", "Three deeds")
    page = visit.page
    page.goto(visit.server.url + "/conversations/all/")
    boxes, archive = page.locator(".talk-row > input"), page.get_by_role("button", name="Archive", exact=True)
    expect(archive).to_be_disabled()
    count = boxes.count()
    boxes.first.click()
    boxes.nth(2).click(modifiers=["Shift"])
    expect(page.locator("#ticked")).to_have_text("3 chosen")
    page.keyboard.press("Escape")
    expect(archive).to_be_disabled()
    boxes.nth(1).focus()
    page.keyboard.press("Space")
    expect(page.locator("#ticked")).to_have_text("1 chosen")
    archive.press("Enter")
    undo = page.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    expect(boxes).to_have_count(count - 1)
    page.keyboard.press("Enter")
    expect(boxes).to_have_count(count)
    assert visit.complaints == []
