"""A person chooses among 130 models: by keyboard alone, on a desktop and on the smallest screen, or by touch."""

import re

import pytest
from playwright.sync_api import expect

from tests.live import rows
from tests.live.browser import CONVERSATION, visiting
from tests.live.person import HOSTED, signed_in
from tests.upstream import running_upstream

FAMILIES, SIZES, KINDS = ("qwen", "llama", "gemma", "phi", "granite", "command", "мир"), (1, 3, 8, 14, 32, 70), "abc"
NAMES = (
    "t500-r0-d0",
    "t3000-r30",
    "a-name-" * 12,
    "מודל",
    *(f"{f}-{s}b-{k}" for f in FAMILIES for s in SIZES for k in KINDS),
)
# Auto and the built-in quotes as well; what a key of Anthropic's offers is hosted.
LOCAL = len(NAMES) + 1
VIEWPORTS = {"desktop": {"width": 1280, "height": 800}, "tiny": {"width": 320, "height": 256}}
ACTIVE = "document.getElementById(document.querySelector('#find-model').getAttribute('aria-activedescendant'))"


@pytest.fixture(scope="module")
def server(start_langai):
    with running_upstream() as upstream:
        upstream.list_models(*NAMES)
        server = start_langai(
            has_handbook=False, OPENAI_BASE_URL=upstream.openai_url, ANTHROPIC_API_KEY="sk-nothing-is-asked"
        )
        server.until(lambda: rows.one(server, "SELECT count(*) >= 130 FROM outbound_model WHERE available"), "offering")
        yield server


@pytest.fixture(scope="module")
def person(server):
    with signed_in(server) as person:
        yield person


@pytest.fixture(params=VIEWPORTS)
def visit(request, browser, person, server):
    with visiting(browser, person, server, viewport=VIEWPORTS[request.param]) as visit:
        visit.open()
        yield visit


def panel(visit):
    return visit.page.locator("#models:popover-open")


def button(visit):
    return visit.page.get_by_role("button", name=re.compile("^Model: "))


def status(visit):
    return visit.page.locator("#models [role=status]")


def opened(visit):
    """Open the list from the message by keyboard."""
    visit.unfold()
    visit.page.locator("#text").focus()
    for passed in ("#attach", "#fold"):
        if visit.page.locator(passed).is_visible():
            visit.page.keyboard.press("Tab")
            expect(visit.page.locator(passed)).to_be_focused()
    visit.page.keyboard.press("Tab")
    expect(button(visit)).to_be_focused()
    visit.page.keyboard.press("Enter")
    expect(panel(visit)).to_be_visible()
    expect(visit.page.get_by_role("combobox", name="Find a model")).to_be_focused()


def active(visit) -> str:
    """The name of the row that the keys are on. It can be seen."""
    name, is_seen = visit.page.evaluate(
        f"""() => {{
            const row = {ACTIVE};
            const [own, list] = [row, row.closest("[role=listbox]")].map((part) => part.getBoundingClientRect());
            return [row.dataset.model, own.top >= list.top - 1 && own.bottom <= Math.min(list.bottom, innerHeight) + 1];
        }}"""
    )
    assert is_seen, name
    return name


def test_a_model_is_found_and_chosen_by_keyboard_alone(visit):
    press, page = visit.page.keyboard.press, visit.page
    visit.page.keyboard.type("Which model is it?")
    # The choice of a model would break its request off, which htmx reports as an error.
    expect(page.locator("#preview")).not_to_be_empty()
    opened(visit)
    assert active(visit) == "auto"
    expect(button(visit)).to_have_attribute("aria-expanded", "true")
    page.keyboard.type("LOCAL gemma 32b")
    expect(status(visit)).to_have_text(re.compile(r"^3 of \d+ match$"))
    assert active(visit) == f"{HOSTED}gemma-32b-a"
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowDown")
    press("ArrowUp")
    assert active(visit) == f"{HOSTED}gemma-32b-b"
    press("Enter")
    expect(panel(visit)).to_have_count(0)
    expect(button(visit)).to_be_focused()
    expect(button(visit)).to_have_text(re.compile("gemma-32b-b"))
    expect(page.locator("#model")).to_have_value(f"{HOSTED}gemma-32b-b")
    expect(page.locator("#preview")).to_contain_text("gemma-32b-b")
    opened(visit)
    assert active(visit) == f"{HOSTED}gemma-32b-b"
    expect(page.locator("[role=option][aria-selected=true]")).to_have_count(1)


def test_every_model_is_reached_by_keys(visit):
    press = visit.page.keyboard.press
    opened(visit)
    total = visit.page.locator("#models [role=option]").count()
    assert total >= 130
    expect(status(visit)).to_have_text(f"{total} choices")
    reached = [active(visit)]
    for _ in range(total):
        press("ArrowDown")
        reached.append(active(visit))
    assert len(set(reached)) == total
    press("Home")
    assert active(visit) == "auto"
    press("PageDown")
    assert active(visit) == reached[8]
    press("End")
    assert active(visit) == reached[-1] == "quotes"


def test_nothing_found_is_said_and_chooses_nothing(visit):
    opened(visit)
    visit.page.keyboard.type("no such model")
    expect(status(visit)).to_have_text(re.compile("^None of"))
    expect(visit.page.locator("#models .none")).to_be_visible()
    visit.page.keyboard.press("Enter")
    expect(panel(visit)).to_be_visible()
    visit.page.keyboard.press("Escape")
    expect(panel(visit)).to_have_count(0)
    expect(button(visit)).to_be_focused()
    expect(visit.page.locator("#model")).to_have_value("auto")
    opened(visit)
    expect(visit.page.locator("#find-model")).to_have_value("")


def test_tab_goes_on_from_the_button(visit):
    opened(visit)
    visit.page.keyboard.press("Tab")
    expect(panel(visit)).to_have_count(0)
    expect(visit.page.locator("#composer :focus")).to_have_count(1)
    expect(button(visit)).not_to_be_focused()


def test_abilities_places_and_accents_are_searched(visit):
    opened(visit)
    for words, least in (("anthropic vision", 1), ("hosted", 1), ("quótes", 1), ("all labels", LOCAL), ("мир 70b", 3)):
        visit.page.locator("#find-model").fill(words)
        found = visit.page.locator("#models [role=option]:visible").count()
        assert (words, found >= least) == (words, True)


def test_the_list_comes_when_it_is_opened_and_no_sooner(visit):
    asked = []
    visit.page.on("request", lambda request: asked.append(request.url.removeprefix(visit.server.url)))
    visit.page.reload()
    visit.page.wait_for_load_state("networkidle")
    assert not [path for path in asked if "/models/" in path or (path.endswith(".css") and "models" in path)]
    opened(visit)
    visit.page.keyboard.press("Escape")
    opened(visit)
    assert asked.count("/models/") == 1


def test_it_fits_the_screen(visit):
    opened(visit)
    visit.page.locator("#find-model").fill("a-name")
    box, size = panel(visit).bounding_box(), visit.page.viewport_size
    assert min(box["x"], box["y"]) >= 0
    assert box["x"] + box["width"] <= size["width"]
    assert box["y"] + box["height"] <= size["height"]
    assert visit.page.locator("#model-list").evaluate("list => list.scrollWidth <= list.clientWidth")
    assert visit.page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


def test_what_answered_last_is_listed_first(visit):
    visit.page.keyboard.type("Which answered?")
    opened(visit)
    visit.page.keyboard.type("t500-r0-d0")
    visit.page.keyboard.press("Enter")
    visit.page.locator("#text").focus()
    visit.page.keyboard.press("Enter")
    visit.page.wait_for_url(CONVERSATION)
    visit.until_ended()
    opened(visit)
    group = visit.page.get_by_role("group", name="Recently used")
    expect(group.get_by_role("option").first).to_have_attribute("data-model", f"{HOSTED}t500-r0-d0")
    expect(group.get_by_role("option").first).to_have_attribute("aria-selected", "true")


def test_escape_closes_the_list_and_stops_no_answer(visit):
    visit.ask("Go on", "t3000-r30")
    visit.until_written("word3")
    opened(visit)
    visit.page.keyboard.press("Escape")
    expect(panel(visit)).to_have_count(0)
    expect(visit.live).to_have_count(1)
    visit.stop()


def test_on_a_phone_rows_are_large_enough_and_no_keyboard_covers_them(browser, person, server):
    phone = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
    with visiting(browser, person, server, **phone) as visit:
        visit.open()
        button(visit).tap()
        expect(panel(visit)).to_be_visible()
        expect(visit.page.locator("#find-model")).not_to_be_focused()
        for target in ("[role=option]", "input", ".find button"):
            assert visit.page.locator(f"#models {target}").first.bounding_box()["height"] >= 44
        reach = "parseFloat(getComputedStyle(button, '::before').height)"
        assert button(visit).evaluate(f"button => {reach}") >= 44
        visit.page.get_by_role("option", name="qwen-3b-a").tap()
        expect(panel(visit)).to_have_count(0)
        expect(button(visit)).to_have_text(re.compile("qwen-3b-a"))
        button(visit).tap()
        visit.page.get_by_role("button", name="Close the list of models").tap()
        expect(panel(visit)).to_have_count(0)


def test_the_mouse_opens_chooses_and_closes(browser, person, server):
    with visiting(browser, person, server) as visit:
        visit.open()
        button(visit).click()
        expect(panel(visit)).to_be_visible()
        button(visit).click()
        expect(panel(visit)).to_have_count(0)
        button(visit).click()
        visit.page.get_by_role("option", name="phi-8b-c").click()
        expect(visit.page.locator("#model")).to_have_value(f"{HOSTED}phi-8b-c")
        button(visit).click()
        visit.page.mouse.click(1200, 100)
        expect(panel(visit)).to_have_count(0)


def test_without_javascript_the_plain_field_chooses(browser, person, server):
    with visiting(browser, person, server, java_script_enabled=False) as visit:
        visit.open()
        expect(button(visit)).to_have_count(0)
        expect(visit.page.get_by_label("Model", exact=True)).to_be_visible()
        visit.choose("t500-r0-d0")
        visit.page.fill("#text", "Without any script")
        visit.page.get_by_role("button", name="Send", exact=True).click()
        expect(visit.page).to_have_url(CONVERSATION)
        expect(visit.page.locator("#model")).to_have_value(f"{HOSTED}t500-r0-d0")
        visit.page.get_by_role("link", name="About the models").click()
        expect(visit.page.get_by_role("heading", name="Models")).to_be_visible()
        expect(visit.page.get_by_text("qwen-3b-a")).to_be_visible()


def test_where_the_list_does_not_come_the_plain_field_chooses(browser, person, server):
    with visiting(browser, person, server) as visit:
        visit.open()
        visit.page.route("**/models/", lambda route: route.abort())
        button(visit).click()
        expect(visit.page.get_by_label("Model", exact=True)).to_be_focused()
        expect(visit.page.locator("#notices")).to_contain_text("The server cannot be reached.")
        visit.choose("t500-r0-d0")
        visit.complaints.clear()


def test_who_is_signed_out_meanwhile_is_asked_to_sign_in(browser, person, server):
    with visiting(browser, person, server) as visit:
        visit.open()
        visit.context.clear_cookies()
        button(visit).click()
        expect(visit.page).to_have_url(re.compile("/accounts/login/"))
