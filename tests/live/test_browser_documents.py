"""From an upload in the admin to a citation that opens the right page; and who cannot get there."""

import re
from dataclasses import dataclass

import pytest
from playwright.sync_api import FilePayload, expect

from tests.documents.files import pdf
from tests.live.browser import CONVERSATION, Visit, visiting
from tests.live.person import PASSWORD, invitation

LAMP = "The lamp of the Skarholm lighthouse burns rapeseed oil from the stores in the cellar."
PAGES = (
    "Skarholm stands on a reef. Boats land on its western side in calm weather only.",
    f"Keepers take turns of six hours. {LAMP} The horn is sounded in fog.",
    "Provisions arrive in May and in September. The library has ninety books.",
)
FILE = pdf(*PAGES)
QUESTION = "What does the lamp of the Skarholm lighthouse burn?"


@dataclass(frozen=True)
class Asked:
    """Addresses of an answer that cites the uploaded file: of its conversation, its citation, the page it cites."""

    conversation: str
    citation: str
    source: str


@pytest.fixture
def keeper(browser, admin, langai):
    """The admin's browser."""
    with visiting(browser, admin, langai) as visit:
        yield visit


def made_collection(visit: Visit, name: str, reader: str) -> None:
    page = visit.page
    visit.open("/admin/search/collection/add/")
    page.fill("[name=name]", name)
    page.get_by_label("Only some people").check()
    page.locator(".field-users").get_by_label(reader, exact=True).check()
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.locator(".messagelist")).to_contain_text("was added successfully")


def payload(name: str, media_type: str, data: bytes) -> FilePayload:
    return {"name": name, "mimeType": media_type, "buffer": data}


def into(visit: Visit, collection: str) -> None:
    """Choose the collection to upload into; it is listed with its label."""
    named = visit.page.locator("[name=collection] option", has_text=f"{collection} (")
    visit.page.select_option("[name=collection]", named.get_attribute("value"))


def uploaded(visit: Visit, collection: str, *files: tuple[str, str, bytes]) -> None:
    """Upload files in the admin, and wait there until they have been read."""
    page = visit.page
    visit.open("/admin/documents/document/add/")
    into(visit, collection)
    page.set_input_files("[name=uploads]", [payload(*file) for file in files])
    page.get_by_role("button", name="Upload").click()
    expect(page.locator(".messagelist")).to_contain_text("accepted")
    listed = page.locator("#result_list tbody tr", has=page.get_by_role("cell", name=collection, exact=True))
    expect(listed.locator(".state-ready")).to_have_count(len(files), timeout=60_000)


@pytest.fixture(scope="module")
def asked(browser, admin, langai) -> Asked:
    with visiting(browser, admin, langai) as visit:
        made_collection(visit, "Lighthouses", "admin")
        uploaded(visit, "Lighthouses", ("skarholm.pdf", "application/pdf", FILE))
        visit.open()
        visit.ask(QUESTION, "quotes")
        visit.until_ended()
        conversation = visit.page.url.removeprefix(langai.url)
        citation = visit.answer.locator("a.cite").first.get_attribute("href") or ""
        visit.open(f"/search/?q={QUESTION}")
        source = visit.page.locator(".result a", has_text="skarholm").first.get_attribute("href") or ""
    return Asked(conversation, citation, source)


def test_an_answer_cites_the_page_and_the_passage_that_it_quotes(keeper, asked):
    keeper.open(asked.conversation)
    expect(keeper.answer).to_contain_text(LAMP)
    expect(keeper.reply.locator(".sources li", has_text="skarholm").first).to_contain_text("page 2")
    keeper.answer.locator("a.cite").first.click()
    panel = keeper.page.locator("#source")
    expect(panel).to_contain_text("page 2 of 3")
    expect(panel.locator("mark")).to_contain_text(LAMP)
    expect(panel).not_to_contain_text("Provisions")
    expect(panel).to_be_focused()
    keeper.page.keyboard.press("Escape")
    expect(panel).to_be_empty()


def test_a_citation_is_a_page_of_its_own_without_javascript(browser, admin, langai, asked):
    with visiting(browser, admin, langai, java_script_enabled=False) as visit:
        visit.open(asked.conversation)
        visit.answer.locator("a.cite").first.click()
        expect(visit.page.locator("main")).to_contain_text("page 2 of 3")
        expect(visit.page.locator("mark")).to_contain_text(LAMP)


def test_search_finds_the_passage_and_opens_its_page(keeper, asked):
    keeper.open("/search/")
    keeper.page.fill("#q", "What is the fuel of the light?")
    keeper.page.keyboard.press("Enter")
    found = keeper.page.locator(".result", has_text="rapeseed")
    expect(found).to_contain_text("page 2")
    found.get_by_role("link", name="page 2").click()
    expect(keeper.page.locator("mark")).to_contain_text(LAMP)
    keeper.page.get_by_role("link", name="Page 3", exact=True).click()
    expect(keeper.page.locator(".excerpt")).to_contain_text("Provisions")


def test_results_come_while_somebody_types_and_the_keyboard_leads_through_them(keeper, asked):
    keeper.open("/search/")
    page = keeper.page
    focused, words = page.locator(":focus"), page.locator("#q")
    page.keyboard.type("rapeseed oil")
    expect(page.locator(".result mark").first).to_have_text("rapeseed")
    expect(page).to_have_url(re.compile(r"/search/\?q=rapeseed\+oil$"))
    expect(page.locator("#announcer")).to_contain_text("found")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_text("skarholm")
    page.keyboard.press("ArrowDown")
    expect(focused).to_have_class("hit")
    page.keyboard.press("Escape")
    expect(words).to_be_focused()
    page.keyboard.type("xylophone")
    expect(page.locator(".empty")).to_contain_text("Nothing that you may read matches “xylophone”")
    words.blur()
    page.keyboard.press("/")
    expect(words).to_be_focused()
    assert keeper.complaints == []


def test_search_and_its_filters_work_without_javascript(browser, admin, langai, asked):
    with visiting(browser, admin, langai, java_script_enabled=False) as visit:
        visit.open("/search/")
        page = visit.page
        page.fill("#q", "rapeseed oil")
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".result mark").first).to_have_text("rapeseed")
        page.get_by_role("button", name="All collections").click()
        page.get_by_label("LangAI handbook").check()
        page.get_by_role("button", name="Search", exact=True).click()
        expect(page.locator(".result", has_text="skarholm")).to_have_count(0)
        page.get_by_role("link", name="Search without filters").click()
        expect(page.locator(".result", has_text="skarholm")).to_have_count(1)


def test_the_same_file_twice_is_refused_politely(keeper, asked):
    keeper.open("/admin/documents/document/add/")
    into(keeper, "Lighthouses")
    keeper.page.set_input_files("[name=uploads]", [payload("again.pdf", "application/pdf", FILE)])
    keeper.page.get_by_role("button", name="Upload").click()
    expect(keeper.page.locator(".messagelist .error").first).to_contain_text("skarholm")


def test_the_passages_can_be_read_in_the_admin(keeper, asked):
    keeper.open("/admin/documents/document/")
    keeper.page.locator("#result_list").get_by_role("link", name="skarholm").click()
    expect(keeper.page.locator(".passages li")).to_have_count(3)
    expect(keeper.page.locator(".passages")).to_contain_text(LAMP)


def test_who_may_not_read_the_collection_is_shown_none_of_it(browser, alice, langai, asked):
    with visiting(browser, alice, langai) as visit:
        visit.open()
        visit.ask(QUESTION, "quotes")
        visit.until_ended()
        expect(visit.reply).not_to_contain_text("rapeseed")
        expect(visit.reply).not_to_contain_text("skarholm")
        visit.open(f"/search/?q={QUESTION}")
        expect(visit.page.locator("main")).not_to_contain_text("rapeseed")
    for address in (asked.conversation, asked.citation, asked.source, "/admin/documents/document/"):
        answer = alice.client.get(address, follow_redirects=True)
        assert answer.status_code in (403, 404), address
        assert "rapeseed" not in answer.text
        assert "skarholm" not in answer.text.lower() or "/admin/" in address


def test_a_teammate_comes_by_a_link_that_works_once(browser, keeper, langai, asked):
    keeper.open("/admin/accounts/invitation/add/")
    keeper.page.get_by_role("button", name="Save", exact=True).click()
    link = keeper.page.locator(".messagelist code").inner_text().removeprefix(langai.url)
    with visiting(browser, None, langai) as visit:
        visit.open(link)
        visit.page.fill("[name=username]", "carol")
        visit.page.fill("[name=password1]", PASSWORD)
        visit.page.fill("[name=password2]", PASSWORD)
        visit.page.get_by_role("button", name="Make my account").click()
        expect(visit.page).to_have_url(f"{langai.url}/")
        visit.ask("Who can read my conversations?", "quotes")
        expect(visit.page).to_have_url(CONVERSATION)
        visit.until_ended()
        visit.open(asked.conversation)
        expect(visit.page.locator("h1")).to_have_text("That did not work")
        expect(visit.page.locator("body")).not_to_contain_text("Skarholm")
        forgive(visit, 404)
    with visiting(browser, None, langai) as visit:
        visit.open(link)
        expect(visit.page.locator("main")).to_contain_text("was used before")
        forgive(visit, 410)


def forgive(visit: Visit, status: int) -> None:
    """A browser complains of a page that is not there; it is meant not to be."""
    visit.complaints[:] = [text for text in visit.complaints if f"status of {status}" not in text]


def test_an_invented_link_is_refused(browser, admin, langai):
    with visiting(browser, None, langai) as visit:
        visit.open(invitation(admin).rstrip("/") + "x/")
        expect(visit.page.locator("main")).to_contain_text("not valid")
        forgive(visit, 404)
