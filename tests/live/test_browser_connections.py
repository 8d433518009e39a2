"""An admin connects a server in the browser, and its models can be asked at once, in every process."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from playwright.sync_api import expect

from langai_site.processes import ports
from tests.live.browser import visiting
from tests.live.server import ROOT, LangAI
from tests.upstream.process import eventually

SIZES = {"desktop": {"width": 1280, "height": 800}, "narrow": {"width": 320, "height": 700}}
KEY = "sk-typed-in-the-browser"


@contextmanager
def another_process(langai: LangAI) -> Iterator[str]:
    """A second web process on the same data; yields its address."""
    port = ports.free()
    environment = {**langai._environment, "PORT": str(port)}
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=subprocess.DEVNULL
    )
    try:
        url = f"http://127.0.0.1:{port}"
        assert eventually(lambda: answers(url), seconds=60)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/health", timeout=5, trust_env=False).status_code < 600
    except httpx.HTTPError:
        return False


def width_is_kept(page) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


@pytest.mark.parametrize("size", SIZES)
def test_a_server_is_connected_by_keyboard(browser, admin, langai, upstream, size):
    with visiting(browser, admin, langai, viewport=SIZES[size]) as visit:
        page = visit.page
        visit.open("/admin/outbound/connection/add/")
        page.locator("[name=name]").press_sequentially(f"Lab {size}")
        expect(page.locator("[name=slug]")).to_have_value(f"lab-{size}")
        page.fill("[name=address]", upstream.url)
        page.fill("[name=key]", KEY)
        page.keyboard.press("Enter")
        # Nothing but the address is wrong.
        expect(page.locator(".errorlist")).to_contain_text(f"try {upstream.url}/v1")
        assert width_is_kept(page)
        page.fill("[name=address]", upstream.openai_url)
        page.fill("[name=key]", KEY)
        page.keyboard.press("Enter")
        page.wait_for_url(re.compile(r"/\d+/models/$"))
        assert width_is_kept(page)
        page.fill("#find-model", "r50")
        expect(page.locator(".connection-models [role=status]")).to_have_text(re.compile(r"^1 of \d+$"))
        page.fill("#find-model", "")
        page.locator("input[value='Save']").focus()
        page.keyboard.press("Enter")
        expect(page.locator(".messagelist .success")).to_contain_text("can be asked now")
        expect(page.locator("#result_list")).to_contain_text("switched on")
        expect(page.locator(".connections-of-settings")).to_contain_text("OPENAI_BASE_URL")
        visit.open("/")
        visit.page.select_option("#model", f"lab-{size}/echo")
        remove(visit, f"Lab {size}")


def remove(visit, name: str) -> None:
    visit.open("/admin/outbound/connection/")
    visit.page.get_by_role("link", name=name, exact=True).click()
    visit.page.locator(".deletelink").click()
    visit.page.locator("input[type=submit]").click()
    expect(visit.page.locator(".messagelist .success")).to_be_visible()


def test_another_process_knows_it_within_a_moment(browser, admin, langai, upstream):
    with another_process(langai) as url, visiting(browser, admin, langai) as visit:

        def is_offered() -> bool:
            page = httpx.get(url, cookies=dict(admin.client.cookies), timeout=10, trust_env=False)
            assert page.status_code == 200
            return 'value="far/echo"' in page.text

        assert not is_offered()
        visit.open("/admin/outbound/connection/add/")
        visit.page.fill("[name=name]", "Far")
        visit.page.fill("[name=address]", upstream.openai_url)
        visit.page.keyboard.press("Enter")
        visit.page.wait_for_url(re.compile(r"/\d+/models/$"))
        visit.page.locator("input[value='Save']").click()
        visit.page.wait_for_url(re.compile(r"/connection/$"))
        assert eventually(is_offered, seconds=3)
        remove(visit, "Far")
        assert eventually(lambda: not is_offered(), seconds=3)
    assert KEY not in langai.log
