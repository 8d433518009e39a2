"""Keys and the description of the API, in a browser that is under the Content-Security-Policy."""

import re

import httpx
import pytest


def test_a_key_is_made_shown_once_and_revoked(visit, langai):
    page = visit.page
    page.goto(f"{langai.url}/accounts/keys/")
    page.get_by_label("Name", exact=True).fill("browser")
    page.get_by_label("usage").check()
    page.get_by_role("button", name="Make a key").click()
    key = page.get_by_label("The key “browser”").input_value()
    me = {"Authorization": f"Bearer {key}"}
    assert httpx.get(f"{langai.url}/api/usage", headers=me, trust_env=False).status_code == 200
    assert httpx.post(f"{langai.url}/search", json={"query": "x"}, headers=me, trust_env=False).status_code == 403
    page.goto(f"{langai.url}/accounts/keys/")
    assert key not in page.content()
    page.get_by_role("button", name="Revoke browser").click()
    page.get_by_text("“browser” is revoked").wait_for()
    assert httpx.get(f"{langai.url}/api/usage", headers=me, trust_env=False).status_code == 401


@pytest.mark.parametrize(("path", "operation"), [("/docs", "/chat/stream"), ("/v1/docs", "/v1/chat/completions")])
def test_the_description_is_drawn_and_can_be_tried(visit, langai, path, operation):
    page, asked = visit.page, []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{langai.url}{path}")
    page.locator(".opblock-summary-path", has_text=re.compile(f"^\\W*{re.escape(operation)}\\W*$")).first.wait_for()
    assert page.locator(".opblock").count() >= 4
    # One without an id, which would have to be typed first.
    first = page.locator('.opblock-get:not(:has([data-path*="{"]))').first
    first.locator(".opblock-summary-control").click()
    first.get_by_role("button", name="Try it out").click()
    first.get_by_role("button", name="Execute").click()
    first.locator(".live-responses-table .response-col_status", has_text=re.compile("200|422")).wait_for()
    assert visit.complaints == []
    assert [url for url in asked if not url.startswith((langai.url, "data:"))] == []
