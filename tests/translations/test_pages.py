"""No page has a word that was not translated.

Each is asked for in a language that puts what is translated in brackets. What people wrote is known: it is little.
"""

import re

import pytest
from django.urls import NoReverseMatch, URLPattern, URLResolver, get_resolver, reverse
from django.utils.translation import trans_real

from langai_site.accounts.models import Invitation, Team, User
from tests.translations.pages import Bracketed, untranslated

pytestmark = pytest.mark.django_db(transaction=True)

# Names, and what the test's own person wrote.
DATA = re.compile(
    r"LangAI|admin|Alpha|Beta|gamma@example\.org|English|Deutsch|\b(?:API|JSON|PDF|HTML|CSV|GB|MB|kB)\b|testserver|127"
    r"|bob, carol@example\.org|Open WebUI|Ollama|OpenAI|Anthropic|Gemini|Azure|Jan|Feb|March|April|May|June|July"
    # The names of scopes and models, as programs write them.
    r"|^(?:chat|search|documents|usage|quotes)$|LiteLLM"
    # What Django never translates: icons, the names of apps before permissions.
    r"|^[a-z_]+ \|\s*$|^[;→ ]+$"
    r"|^(?:Search|True|False)$"
)
# Not pages, or pages that stay English: what programs read, and the description of the API.
NO_PAGE = re.compile(
    r"^(api|v1|openapi|docs|health|metrics|manifest|service|favicon|live|ready)|jsi18n|autocomplete|callback"
)
PUBLIC = ("/accounts/login/", "/accounts/password/forgotten/", "/offline", "/nothing/here", "/accounts/signup/")


def names(resolver: URLResolver | None = None, prefix: str = "") -> list[str]:
    """The names of all addresses."""
    found = []
    for pattern in (resolver or get_resolver()).url_patterns:
        if isinstance(pattern, URLResolver):
            inner = f"{prefix}{pattern.namespace}:" if pattern.namespace else prefix
            found += names(pattern, inner)
        elif isinstance(pattern, URLPattern) and pattern.name:
            found.append(f"{prefix}{pattern.name}")
    return found


def addresses() -> dict[str, str]:
    """The addresses that need no arguments, by their names."""
    found = {}
    for name in names():
        if NO_PAGE.search(name):
            continue
        try:
            found[name] = reverse(name)
        except NoReverseMatch:
            continue
    return found


@pytest.fixture
def bracketed(monkeypatch):
    """German is the language in brackets."""
    monkeypatch.setitem(trans_real._translations, "de", Bracketed("de"))


@pytest.fixture
def admin(client):
    person = User.objects.create_superuser("admin", "gamma@example.org", language="de")
    person.teams.add(Team.objects.create(name="Alpha"))
    client.force_login(person)
    return client


def drawn(client, address):
    response = client.get(address, headers={"Accept-Language": "de"})
    is_page = response.get("Content-Type", "").startswith("text/html") and not response.streaming
    return untranslated(response.content.decode(), DATA) if is_page else []


def test_no_page_of_somebody_signed_in_shows_an_untranslated_word(bracketed, admin):
    pages = addresses()
    assert len(pages) > 10
    assert {name: words for name, address in pages.items() if (words := drawn(admin, address))} == {}


def test_no_page_of_a_stranger_shows_an_untranslated_word(bracketed, client):
    invitation = Invitation(email="gamma@example.org")
    token = invitation.renew_token()
    invitation.save()
    pages = (*PUBLIC, reverse("accounts:invitation", args=[token]))
    assert {address: words for address in pages if (words := drawn(client, address))} == {}


@pytest.mark.parametrize(
    ("html", "found"),
    [
        ("<p>⟦Hello⟧ <b>Alpha</b></p>", []),
        ("<p>⟦Hello <b>you⟧</b> there</p>", ["there"]),
        ('<a title="Open">⟦Open⟧</a><script>let word</script>', ["Open"]),
    ],
)
def test_the_guard_sees_what_is_outside_of_brackets(html, found):
    assert untranslated(html, DATA) == found
