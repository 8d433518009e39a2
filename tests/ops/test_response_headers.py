"""What browsers may keep of an answer, and what its page may do, is said in every answer."""

import pytest
from django.test import Client
from django.urls import get_resolver

from langai_site.accounts.models import User
from tests.accounts.test_limits import doors

# A script that a frame without an origin loads: to a browser it comes from elsewhere.
FRAMED = "/diagram/mermaid-x.js"
# The same for everybody.
PUBLIC = {
    *("/favicon.ico", "/openapi.json", "/v1", "/v1/", "/v1/openapi.json"),
    *("/manifest.webmanifest", "/offline", "/service-worker.js", FRAMED),
}


@pytest.fixture
def everybody(transactional_db):
    """Somebody who may see everything, and somebody unknown."""
    known, unknown = Client(raise_request_exception=False), Client(raise_request_exception=False)
    known.force_login(User.objects.create_superuser("admin"))
    return known, unknown


@pytest.fixture
def pages() -> list[str]:
    """An address of every view, and one of none."""
    addresses = {path for path, _ in doors(get_resolver().url_patterns)} - {"/accounts/logout/"}
    assert len(addresses) > 80
    return sorted({*addresses, "/nothing/", "/api/nothing", "/v1/nothing"})


def test_nothing_private_is_kept_by_a_browser_or_a_proxy(everybody, pages):
    for client in everybody:
        kept = {path: client.get(path).get("Cache-Control", "") for path in pages}
        wrong = {path: value for path, value in kept.items() if not {"private", "no-store"} <= set(value.split(", "))}
        assert set(wrong) == PUBLIC
        assert all(wrong[path].startswith(("max-age=", "public", "no-cache")) for path in PUBLIC)


def test_every_answer_says_what_its_page_may_do(everybody, pages):
    for path in pages:
        answer = everybody[0].get(path)
        assert answer["Cross-Origin-Resource-Policy"] == ("cross-origin" if path == FRAMED else "same-origin"), path
        assert answer["Cross-Origin-Opener-Policy"] == "same-origin", path
        is_page = answer.get("Content-Type", "").startswith(("text/html", "image/svg+xml"))
        assert ("camera=(), " in answer.get("Permissions-Policy", "")) == is_page, path
        assert answer["X-Content-Type-Options"] == "nosniff", path


def test_an_answer_to_another_host_says_so_too(client):
    answer = client.get("/", headers={"Host": "elsewhere.example"})
    assert answer.status_code == 400
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Frame-Options"] == "DENY"
