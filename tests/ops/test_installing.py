"""LangAI can be installed: what browsers read for that is public, small, and keeps nothing private."""

import json
import re

import pytest
from django.conf import settings
from PIL import Image

PUBLIC = ("/manifest.webmanifest", "/service-worker.js", "/offline")


@pytest.mark.parametrize("path", PUBLIC)
def test_everybody_may_read_them_without_a_cookie(client, path):
    response = client.get(path)
    assert response.status_code == 200
    assert not response.cookies
    assert "public" in response["Cache-Control"]
    assert client.post(path).status_code == 405


def test_the_icons_have_the_sizes_that_are_stated(client):
    described = json.loads(client.get(PUBLIC[0]).content)
    for icon in described["icons"]:
        name = re.sub(r"\.[0-9a-f]{12}(?=\.png$)", "", icon["src"].removeprefix(settings.STATIC_URL))
        picture = Image.open(settings.BASE_DIR / "static" / name)
        assert icon["sizes"] == f"{picture.width}x{picture.height}"
    assert {icon["purpose"] for icon in described["icons"]} == {"any", "maskable"}


def test_the_service_worker_names_what_it_keeps(client):
    script = client.get("/service-worker.js").text
    known = json.loads(re.search(r"const KNOWN = (.*);", script)[1])
    assert known["offline"] == "/offline"
    assert known["sign_outs"] == ["/accounts/logout/", "/admin/logout/"]
    assert "&quot;" not in script


def test_the_page_without_a_network_says_what_to_do_and_needs_nothing_else(client):
    page = client.get("/offline").text
    assert "Try again" in page
    assert "<script" not in page
    assert "csrf" not in page
