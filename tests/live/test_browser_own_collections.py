"""A person without any right makes a collection, brings files in every way, gets an answer from them, and undoes."""

import re

from playwright.sync_api import FilePayload, expect

DROP = """() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["The horn of Osterhever is sounded in fog."], "horn.txt", {type: "text/plain"}));
    for (const name of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
    }
}"""


def text_file(name, text):
    return FilePayload(name=name, mimeType="text/plain", buffer=text.encode())


def test_from_nothing_to_a_cited_answer_and_back(visit):
    page, rows, jobs = visit.page, visit.page.locator("#documents tbody tr"), visit.page.locator("#jobs li")
    visit.open("/library/")
    page.get_by_role("link", name="New collection").click()
    page.fill("#name", "Osterhever")
    page.get_by_role("button", name="Make collection", exact=True).click()
    files = [("ferry.txt", "The Osterhever ferry leaves at nine."), ("film.mp4", "x"), ("empty.txt", "")]
    page.set_input_files("#files", [text_file(*file) for file in files])
    page.get_by_role("button", name="Upload", exact=True).click()
    expect(page.locator("#jobs-sum")).to_have_text("1 of 3 files uploaded, 2 not accepted.")
    expect(jobs.filter(has_text="film.mp4")).to_contain_text("of a type that cannot be read")
    page.evaluate(DROP)
    expect(page.locator("#jobs-sum")).to_have_text("2 of 4 files uploaded, 2 not accepted.")
    # The list appears and keeps itself up to date, without a reload.
    expect(rows.get_by_role("link", name="ferry", exact=True)).to_be_visible()
    expect(rows.get_by_role("link", name="horn", exact=True)).to_be_visible()

    rows.filter(has_text="horn").get_by_role("checkbox").check()
    expect(page.locator("#ticked")).to_have_text("1 ticked")
    page.get_by_role("button", name="Delete", exact=True).click()
    expect(rows).to_have_count(1)
    undo = page.get_by_role("button", name="Undo", exact=True)
    expect(undo).to_be_focused()
    undo.click()
    expect(rows).to_have_count(2)

    page.get_by_label("Change ferry").click()
    page.get_by_role("link", name="Ask this document").click()
    expect(page.locator("#text")).to_have_value("About “ferry”: ")
    expect(page.locator("#asked-words")).to_have_text(re.compile("^1 of "))
    visit.choose("quotes")
    page.locator("#text").focus()
    page.keyboard.press("Control+End")
    page.keyboard.type("when does the Osterhever ferry leave?")
    page.keyboard.press("Enter")
    visit.until_written("leaves at nine")
    visit.until_ended()
    visit.answer.locator("a.cite").first.click()
    expect(page.get_by_role("link", name="Ask this document")).to_be_visible()
