"""People see where they are signed in, and sign out of one browser or of all."""

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from langai_site.accounts import keys, sign_ins, tokens
from langai_site.accounts.models import BrowserSession, TokenFamily, User
from langai_site.accounts.sign_ins import SignInStanding
from tests.accounts.conftest import PASSWORD

SESSIONS = reverse("accounts:sessions")


@pytest.fixture
def bob(db):
    cache.clear()
    return User.objects.create_user("bob", "bob@example.org", PASSWORD)


def browser(name: str, login: str = "bob") -> Client:
    client = Client(headers={"User-Agent": name})
    assert client.post(reverse("account_login"), {"login": login, "password": PASSWORD}).status_code == 302
    return client


@pytest.fixture
def laptop(bob):
    return browser("Laptop/1")


@pytest.fixture
def phone(bob):
    return browser("Phone/2")


def is_signed_in(client: Client) -> bool:
    return client.get("/accounts/").status_code == 200


def row_of(client: Client) -> BrowserSession:
    return BrowserSession.objects.get(session_key=client.session.session_key)


def test_the_list_names_browsers_and_says_which_is_this(laptop, phone):
    page = laptop.get(SESSIONS).text
    assert page.index("Phone/2") < page.index("Laptop/1")
    assert page.count("This browser") == 1
    assert "127.0.0.1" in page


@pytest.mark.parametrize(
    ("said", "name"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Safari/604.1", "Safari on an iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/156.0.0.0 Safari/537.36 Edg/156.0", "Edge on Windows"),
        ("curl/8", "curl/8"),
    ],
)
def test_a_browser_has_the_name_that_people_know(said, name):
    assert BrowserSession(browser=said).name == name


def test_one_browser_is_signed_out_with_its_sockets(bob, laptop, phone):
    standing = sign_ins.sign_in_of(bob, phone.session.session_key)
    laptop.post(reverse("accounts:end-session", args=[row_of(phone).pk]))
    assert (is_signed_in(laptop), is_signed_in(phone)) == (True, False)
    assert sign_ins.standings([standing]) == {standing: SignInStanding.GONE}


@pytest.mark.parametrize(
    ("form", "here", "key"), [({}, True, True), ({"here": "on"}, False, True), ({"keys": "on"}, True, False)]
)
def test_everywhere_means_others_and_what_was_ticked(bob, laptop, phone, form, here, key):
    keys.make(user=bob, name="job", scopes=["chat"])
    tokens.first_tokens(bob)
    laptop.post(reverse("accounts:sign-out-everywhere"), form)
    assert (is_signed_in(laptop), is_signed_in(phone)) == (here, False)
    assert not TokenFamily.objects.exists()
    assert (bob.api_keys.get().state == "active") == key


def test_somebody_elses_browser_is_not_found(laptop):
    User.objects.create_user("carol", password=PASSWORD)
    carol = browser("Carol/1", "carol")
    assert laptop.post(reverse("accounts:end-session", args=[row_of(carol).pk])).status_code == 404
    assert "Carol" not in laptop.get(SESSIONS).text
    assert is_signed_in(carol)


def test_a_new_password_leaves_one_row_for_the_browser_that_changed_it(laptop, phone):
    new = "another long one"
    laptop.post(reverse("account_change_password"), {"oldpassword": PASSWORD, "password1": new, "password2": new})
    assert is_signed_in(laptop)
    assert not is_signed_in(phone)
    assert [row.browser for row in BrowserSession.objects.all()] == ["Laptop/1"]


def test_signing_out_removes_the_row(laptop):
    laptop.post(reverse("account_logout"))
    assert not BrowserSession.objects.exists()


def test_an_admin_signs_somebody_out_everywhere(client, admin, bob, laptop):
    client.force_login(admin)
    client.post(reverse("admin:accounts_user_changelist"), {"action": "sign_out", "_selected_action": [bob.pk]})
    assert not is_signed_in(laptop)
