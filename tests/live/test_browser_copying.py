"""What the buttons of answers, code and tables do, in a real browser: above all what they put on the clipboard."""

import pytest
from playwright.sync_api import expect

from tests.live.browser import visiting

ANSWER = """# Plan

1. First
   - nested **bold** and $x^2$
2. Second

- [x] done

```python
    def area(self):
\treturn "x"   

```

| Day | Grain |
|---|--:|
| Friday | **Rye** |
"""


@pytest.fixture(scope="module")
def copier(browser, alice, langai, upstream):
    with visiting(browser, alice, langai) as visit:
        visit.context.grant_permissions(["clipboard-read", "clipboard-write"])
        visit.open()
        upstream.script(ANSWER)
        visit.ask("What is the plan?", "echo")
        visit.until_ended()
        yield visit


def copied(visit, button, kind="text/plain"):
    """What a click on the button puts on the clipboard."""
    visit.page.evaluate("navigator.clipboard.writeText('')")
    button.click()
    expect(visit.page.locator("#announcer")).to_have_text("Copied.")
    visit.page.evaluate("document.querySelector('#announcer').textContent = ''")
    reading = "async kind => (await (await navigator.clipboard.read())[0].getType(kind)).text()"
    return visit.page.evaluate(reading, kind)


def in_menu(visit, words):
    visit.reply.get_by_role("button", name="More ways to copy the answer").press("Enter")
    return visit.reply.get_by_role("button", name=words)


def test_copy_gives_the_markdown_as_it_was_written(copier):
    button = copier.reply.get_by_role("button", name="Copy the answer", exact=True)
    assert copied(copier, button).strip() == ANSWER.strip()
    assert copied(copier, in_menu(copier, "Copy as Markdown")).strip() == ANSWER.strip()


def test_a_link_to_an_answer_opens_the_conversation_there(copier):
    copier.reply.get_by_label("Other ways to answer").click()
    link = copied(copier, copier.page.get_by_role("button", name="Copy the link to this answer"))
    assert link.startswith(f"{copier.page.url.partition('?')[0]}?reply=")
    copier.page.goto(link)
    expect(copier.reply).to_be_in_viewport()


def test_with_formatting_there_are_lists_and_tables(copier):
    html = copied(copier, in_menu(copier, "Copy with formatting"), "text/html")
    assert "<ol" in html
    assert "<strong>bold</strong>" in html
    assert 'border="1"' in html
    assert "<button" not in html
    assert "☑" in html


def test_plain_text_has_no_signs_of_markdown_but_the_markers_of_lists(copier):
    text = copied(copier, in_menu(copier, "Copy as plain text"))
    assert "1. First" in text
    assert "- nested bold" in text
    assert "**" not in text
    assert "Friday\tRye" in text


def test_code_is_copied_exactly(copier):
    button = copier.reply.get_by_role("button", name="Copy the code")
    assert copied(copier, button) == '    def area(self):\n\treturn "x"   \n'


def test_a_table_is_copied_with_tabs_and_its_button_is_large_enough(copier):
    button = copier.reply.get_by_role("button", name="Copy the table")
    assert copied(copier, button) == "Day\tGrain\nFriday\tRye"
    box = button.bounding_box()
    assert min(box["width"], box["height"]) >= 24


def test_long_code_is_folded_and_stays_as_somebody_left_it(copier, upstream):
    lines = [f"    row {number} " + "and more " * 20 for number in range(40)]
    upstream.script("\n".join(["```python", "# app/models.py", *lines, "```"]))
    copier.ask("A long file, please", "echo")
    copier.until_ended()
    block = copier.reply.locator(".code")
    fold = block.get_by_role("button", name="Show all 41 lines")
    expect(fold).to_have_attribute("aria-expanded", "false")
    low = block.bounding_box()["height"]
    fold.press("Enter")
    expect(block.get_by_role("button", name="Show fewer lines")).to_be_focused()
    assert block.bounding_box()["height"] > low + 200
    block.get_by_role("button", name="Wrap long lines").click()
    assert block.locator("pre").evaluate("pre => pre.scrollWidth <= pre.clientWidth")
    with copier.page.expect_download() as saved:
        block.get_by_role("button", name="Download as models.py").click()
    assert saved.value.suggested_filename == "models.py"
    assert saved.value.path().read_text() == "\n".join(["# app/models.py", *lines, ""])


def test_without_permission_it_says_what_to_do(copier):
    refusing = "() => { navigator.clipboard.write = () => Promise.reject(new DOMException('no', 'NotAllowedError')); }"
    copier.page.evaluate(refusing)
    copier.reply.get_by_role("button", name="Copy the code").click()
    expect(copier.page.locator("#notices")).to_contain_text("The browser did not allow copying.")


def test_a_diagram_is_drawn_in_a_frame_without_an_origin_and_one_with_a_mistake_stays_source(copier, upstream):
    upstream.script("```mermaid\nflowchart LR\n  A[Ship] --> B[Berth]\n```\n\n```mermaid\nflowchart TD\n  A[[[\n```")
    copier.ask("Draw it", "echo")
    copier.until_ended()
    frame = copier.reply.locator("iframe").first
    expect(frame).to_have_attribute("sandbox", "allow-scripts")
    expect(frame.content_frame.get_by_text("Berth")).to_be_visible()
    assert frame.bounding_box()["height"] > 40
    expect(copier.reply.get_by_text("Source of the diagram")).to_be_visible()
    expect(copier.reply.locator(".notice")).to_contain_text("This diagram cannot be drawn: ")
    expect(copier.reply.locator(".code").last).to_be_visible()
