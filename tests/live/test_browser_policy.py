"""Every page works under the Content-Security-Policy with trusted types: a browser complains of what it refuses."""

import re

import httpx
import pytest

from tests.live.browser import Visit, visiting

PAGES = (
    "/",
    "/search/",
    "/search/?q=upload",
    "/library/",
    "/usage/",
    "/accounts/account/",
    "/accounts/keys/",
    "/nothing/",
)


@pytest.fixture
def keeper(browser, admin, langai):
    with visiting(browser, admin, langai) as visit:
        yield visit


def links(visit: Visit, within: str) -> list[str]:
    found = visit.page.locator(f"{within} a[href^='/admin/']")
    return sorted(set(found.evaluate_all("links => links.map((link) => link.getAttribute('href'))")))


def use(visit: Visit) -> None:
    """Use each kind of thing once that Django's admin draws with scripts."""
    page = visit.page
    for kind in (
        ".add-row a",
        ".addlink.inline-link",
        ".datetimeshortcuts a",
        ".selector-add",
        "#toggle-nav-sidebar",
    ):
        found = page.locator(f"{kind}:not([disabled]) >> visible=true")
        if found.count():
            found.first.click()


def test_every_page_of_the_admin(keeper):
    keeper.open("/admin/")
    lists = [href for href in links(keeper, "#content") if not href.endswith("/add/")]
    assert len(lists) > 10
    opened = []
    for href in lists:
        keeper.open(href)
        opened += links(keeper, ".object-tools") + links(keeper, "#result_list")[:1]
    # The others are files.
    pages = {href for href in opened if href.partition("?")[0].endswith("/")}
    for href in sorted(pages):
        keeper.open(href)
        use(keeper)
        assert (href, keeper.complaints) == (href, [])
    assert len(pages) > 10


def test_an_object_is_added_in_a_popup(keeper):
    """Its answer is put into the form of the page that opened it."""
    keeper.open("/admin/accounts/invitation/add/")
    with keeper.page.expect_popup() as opened:
        keeper.page.locator("#add_id_teams").click()
    popup = keeper.watched(opened.value)
    popup.fill("[name=name]", "Harbour pilots")
    with popup.expect_event("close"):
        popup.get_by_role("button", name="Save").click()
    keeper.page.locator("#id_teams_to option", has_text="Harbour pilots").wait_for(state="attached")


def test_every_page_of_people(keeper):
    for path in PAGES:
        keeper.open(path)
        keeper.page.wait_for_load_state("networkidle")
    # That one is not there, and the browser says so.
    assert [told for told in keeper.complaints if "404" not in told] == []
    keeper.complaints.clear()


def test_the_headers_that_ask_for_it_are_there(langai, admin):
    answer = admin.client.get("/")
    policy = answer.headers["Content-Security-Policy"]
    assert "require-trusted-types-for 'script'" in policy
    assert "trusted-types default langai-inert" in policy
    assert "unsafe" not in policy
    assert (
        "trusted-types default langai-inert dompurify"
        in httpx.get(f"{langai.url}/docs", trust_env=False).headers["Content-Security-Policy"]
    )


def test_static_files_and_the_sign_in_page_are_kept_as_before(langai, admin):
    with httpx.Client(base_url=langai.url, trust_env=False) as visitor:
        page = visitor.get("/accounts/login/")
        assert "no-store" in page.headers["Cache-Control"]
        file = visitor.get(re.search(r'href="(/static/app[^"]*\.css)"', page.text)[1])
    assert "immutable" in file.headers["Cache-Control"]
    assert file.headers["Cross-Origin-Resource-Policy"] == "same-origin"
