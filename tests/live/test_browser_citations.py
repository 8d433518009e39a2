"""Which documents a message asks, and what becomes of an answer's numbers and quotations, as a browser shows it."""

import pytest
from playwright.sync_api import expect

from tests.live.browser import CONVERSATION, Visit, visiting
from tests.live.test_browser_documents import made_collection, uploaded

MILL = "The mill of Bjornoy grinds barley on four days of the week, and rye on Fridays."
FERRY = "The ferry to Bjornoy leaves the pier at a quarter past seven in the morning."
QUESTION = "What does the mill of Bjornoy grind, and when does the ferry to it leave?"
ANSWER = (
    "It says “The mill of Bjornoy grinds barley on four days of the week” [1, 9] and "
    "“the mill of Bjornoy is <b>closed</b> for good” [1], see [8].\n\n`list[7]` ![p](https://elsewhere.example/p.png)"
)


@pytest.fixture(scope="module")
def shelves(browser, admin, langai) -> None:
    """Two collections of the admin's with one document each."""
    with visiting(browser, admin, langai) as visit:
        for name, text in (("Mills", MILL), ("Ferries", FERRY)):
            made_collection(visit, name, "admin")
            uploaded(visit, name, (f"{name.lower()}.txt", "text/plain", text.encode()))


@pytest.fixture
def keeper(browser, admin, langai, shelves):
    with visiting(browser, admin, langai) as visit:
        visit.open()
        yield visit


def only(visit: Visit, *names: str) -> None:
    """Choose these collections."""
    visit.page.locator("[popovertarget=asked]").click()
    visit.page.get_by_label("Only these").check()
    for box in visit.page.locator(".these label").all():
        box.get_by_role("checkbox").set_checked(box.inner_text().strip() in names)
    visit.page.keyboard.press("Escape")


def cited(visit: Visit) -> list[str]:
    visit.until_ended()
    return sorted(visit.reply.locator(".sources li a > span").all_inner_texts())


def test_a_message_asks_the_documents_that_were_chosen_and_the_choice_stays(keeper):
    words = keeper.page.locator("#asked-words")
    expect(words).to_have_text("All documents")
    keeper.ask(QUESTION, "quotes")
    assert cited(keeper) == ["ferries", "mills"]
    only(keeper, "Mills")
    expect(words).to_contain_text("1 of ")
    keeper.ask(QUESTION)
    assert cited(keeper) == ["mills"]
    keeper.page.reload()
    expect(words).to_contain_text("1 of ")
    keeper.ask("And when does the ferry leave?")
    assert "ferries" not in cited(keeper)
    keeper.reply.locator(".receipt summary").click()
    expect(keeper.reply.locator(".receipt dl")).to_contain_text("Mills")


def test_without_documents_none_are_asked_also_where_there_is_no_javascript(browser, admin, langai, shelves, upstream):
    with visiting(browser, admin, langai, java_script_enabled=False) as visit:
        visit.open()
        visit.page.locator("[popovertarget=asked]").click()
        visit.page.get_by_label("None: answer without documents").check()
        visit.page.keyboard.press("Escape")
        visit.choose("echo")
        visit.page.fill("#text", QUESTION)
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(visit.page).to_have_url(CONVERSATION)
        visit.until_ended()
        expect(visit.page.locator("#asked-words")).to_have_text("No documents")
        expect(visit.reply.locator(".sources")).to_have_count(0)
    asked = [request["raw"] for request in upstream.requests("/v1/chat") if QUESTION in request["raw"]]
    assert asked
    assert not any("barley" in raw or "quarter past" in raw for raw in asked)


def test_numbers_that_name_nothing_go_and_quotations_found_nowhere_are_marked(keeper, upstream):
    upstream.script(ANSWER)
    only(keeper, "Mills")
    keeper.ask(QUESTION, "echo-r20")
    keeper.until_written("not found in the sources")
    shown = keeper.text
    assert "[9]" not in shown
    assert "see." in shown
    assert "list[7]" in shown
    expect(keeper.answer.locator(".cite")).to_have_text(["1", "1"])
    expect(keeper.answer.locator(".unverified")).to_have_text("“the mill of Bjornoy is <b>closed</b> for good”")
    expect(keeper.answer.locator("img")).to_have_count(0)
    keeper.page.reload()
    assert keeper.text == shown
    keeper.answer.locator(".cite").first.click()
    expect(keeper.page.locator("#source mark")).to_contain_text("grinds barley")


def test_a_sentence_that_its_source_contradicts_is_marked_and_the_panel_says_why(keeper, upstream):
    upstream.script(
        "The mill of Bjornoy grinds barley on **five days** of the week [1]. It grinds rye on Fridays [1]. "
        "Bread is made from it by the baker [1]."
    )
    only(keeper, "Mills")
    keeper.ask(QUESTION, "echo-r20")
    keeper.until_written("the source says otherwise")
    streamed = keeper.answer.inner_html()
    expect(keeper.answer.locator(".otherwise")).to_have_text(
        ["The mill of Bjornoy grinds barley on ", "five days", " of the week 1."]
    )
    expect(keeper.answer.locator(".stands")).to_have_text("It grinds rye on Fridays 1.")
    expect(keeper.answer.locator(".reworded")).to_have_text("Bread is made from it by the baker 1.")
    keeper.page.reload()
    assert keeper.answer.inner_html() == streamed
    keeper.answer.locator(".cite").first.click()
    checks = keeper.page.locator("#source .checks")
    expect(checks.locator("li")).to_have_count(3)
    expect(checks.locator("li.otherwise")).to_contain_text("The passage says “four days”, the answer “five days”.")
    expect(keeper.answer.locator(".otherwise.opened")).to_have_count(3)
    keeper.page.keyboard.press("Escape")
    keeper.reply.locator(".receipt summary").click()
    expect(keeper.reply.locator(".receipt dl")).to_contain_text(
        "1 in the source, 1 not in these words, 1 says otherwise."
    )
