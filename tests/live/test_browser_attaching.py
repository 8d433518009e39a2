"""Files in the composer, in a browser: chosen, pasted, dropped, and sent while they are still being read."""

import re

from playwright.sync_api import FilePayload, expect

PASTE = """(field, text) => {
    const clipboardData = new DataTransfer();
    if (text) clipboardData.setData("text/plain", text);
    else clipboardData.items.add(new File(["The harbour freezes in March."], "ice.txt", {type: "text/plain"}));
    field.dispatchEvent(new ClipboardEvent("paste", {clipboardData, bubbles: true, cancelable: true}));
}"""
DROP = """() => {
    const dataTransfer = new DataTransfer();
    dataTransfer.items.add(new File(["The horn is sounded in fog."], "horn.txt", {type: "text/plain"}));
    for (const name of ["dragenter", "dragover", "drop"]) {
        document.body.dispatchEvent(new DragEvent(name, {dataTransfer, bubbles: true, cancelable: true}));
    }
}"""
REFUSED = '<li class="file failed"><span class="about"><b>ice.txt</b><small>It is empty.</small></span></li>'
LONG = "A line that is repeated. " * 200


def text_file(name, text):
    return FilePayload(name=name, mimeType="text/plain", buffer=text.encode())


def test_files_go_with_a_message_that_waits_for_them(visit):
    page, chips = visit.page, visit.page.locator("#attached .file")
    with page.expect_file_chooser() as chooser:
        page.click("#attach")
    files = [("lamp.txt", "The lamp burns oil."), ("gone.txt", "Nothing."), ("film.mp4", "x")]
    chooser.value.set_files([text_file(*file) for file in files])
    expect(chips).to_have_count(3)
    expect(chips.filter(has_text="film.mp4")).to_contain_text("of a type that cannot be read")
    page.get_by_label("Remove gone.txt").click()
    expect(chips).to_have_count(2)
    expect(page.locator("#text")).to_be_focused()
    visit.ask("What burns?", "echo")
    visit.until_ended()
    question = visit.questions.last
    expect(question.locator(".file")).to_have_count(1)
    expect(question.locator(".file a")).to_have_attribute("href", re.compile(r"^/attachments/[0-9a-f-]{36}/$"))
    visit.until_written("The lamp burns oil.")
    # In the conversation as well, where the form has more fields.
    page.locator("#text").evaluate(PASTE, "")
    expect(chips.filter(has_text="ice.txt")).to_be_visible()
    page.evaluate(DROP)
    expect(chips.filter(has_text="horn.txt").locator("input")).to_be_attached()
    expect(chips.filter(has_text="ice.txt").locator("input")).to_be_attached()
    page.fill("#text", "And in March?")
    page.keyboard.press("Enter")
    visit.until_ended()
    expect(visit.questions.last.locator(".file")).to_have_count(2)
    expect(chips).to_have_count(0)
    expect(visit.reply.locator(".receipt")).to_contain_text("ice.txt: whole, 1 page")


def test_files_that_were_not_sent_are_there_again_after_a_reload(visit):
    page, chips = visit.page, visit.page.locator("#attached .file")
    page.locator("#text").evaluate(PASTE, "")
    expect(chips.locator("input")).to_be_attached()
    kept = chips.locator("input").get_attribute("value")
    page.reload()
    expect(chips.filter(has_text="ice.txt").locator("input")).to_have_value(kept)
    visit.ask("When does it freeze?", "echo")
    visit.until_ended()
    expect(visit.questions.last.locator(".file")).to_have_count(1)
    # In the conversation, where the sent one does not come back; one that is removed stays away.
    page.locator("#text").evaluate(PASTE, "")
    expect(chips.locator("input")).to_be_attached()
    page.reload()
    expect(chips.locator("input")).to_have_count(1)
    page.get_by_label("Remove ice.txt").click()
    expect(chips).to_have_count(0)
    assert not page.evaluate("Object.keys(sessionStorage).some((name) => name.endsWith('.files'))")


def test_a_long_text_that_is_pasted_becomes_a_file_and_can_go_back(visit):
    field, chip = visit.page.locator("#text"), visit.page.locator("#attached .file")
    field.evaluate(PASTE, LONG)
    expect(chip).to_contain_text("Pasted text.txt")
    expect(field).to_have_value("")
    visit.page.click("[data-put-back]")
    expect(field).to_have_value(LONG)
    expect(chip).to_have_count(0)


def test_a_message_stays_if_one_of_its_files_does_not_get_through(visit):
    page, waiting = visit.page, []
    page.route("**/attachments/", lambda route: waiting.append(route))
    page.locator("#text").evaluate(PASTE, "")
    expect(page.locator("#attached .file")).to_have_class("file uploading")
    page.fill("#text", "And in March?")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("#hint")).to_contain_text("once its files are uploaded")
    waiting[0].fulfill(body=REFUSED)
    expect(page.locator("#notices")).to_contain_text("“ice.txt” was not attached, so nothing was sent.")
    expect(page.locator("#hint")).to_contain_text("Answers can be wrong")
    expect(page.locator("#text")).to_have_value("And in March?")
    expect(visit.questions).to_have_count(0)


def test_a_large_file_goes_on_after_its_connection_broke(visit):
    page, parts, broken = visit.page, [], []

    def unreliable(route):
        request = route.request
        if request.method == "PUT":
            parts.append(request.headers["content-range"].partition("/")[0])
            if len(parts) == 2:
                broken.append(route.abort("connectionreset"))
                return
        route.continue_()

    page.route("**/api/uploads/*", unreliable)
    with page.expect_file_chooser() as chooser:
        page.click("#attach")
    chooser.value.set_files([text_file("tides.txt", "The tide turns at four.\n" + " \n" * (5_300_000))])
    expect(page.locator("#attached .file").filter(has_text="tides.txt").locator("input")).to_be_attached()
    assert len(broken) == 1
    assert "ERR_CONNECTION_RESET" in visit.complaints.pop()
    assert parts == [
        "bytes 0-4194303",
        "bytes 4194304-8388607",
        "bytes 4194304-8388607",
        f"bytes 8388608-{24 + 10_600_000 - 1}",
    ]
