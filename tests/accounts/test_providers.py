"""People sign in through an identity provider: a real one on loopback, by the same redirects as in a browser."""

import threading
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from allauth.socialaccount.models import SocialAccount, SocialApp
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from langai_site.accounts import providers, second_factor
from langai_site.accounts.models import GroupMapping, Team, User
from langai_site.audit.models import AuditEvent
from langai_site.processes import ports
from tests.accounts.conftest import PASSWORD

LOGIN = "/accounts/oidc/company/login/"
pytestmark = pytest.mark.filterwarnings("ignore::authlib.deprecate.AuthlibDeprecationWarning")


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    """The address of an identity provider in this process, which lets everybody in by their id."""
    import oidc_provider_mock
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, oidc_provider_mock.app())
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def company(db, provider):
    """The provider as an admin has set it up."""
    cache.clear()
    return SocialApp.objects.create(
        **{"provider": "openid_connect", "provider_id": "company", "name": "Company", "client_id": "langai"},
        secret=second_factor.SEALED.seal("a secret"),
        settings={"server_url": provider, "sign_up": True, "link_by_email": False},
    )


@pytest.fixture
def finance(db):
    return Team.objects.create(name="Finance")


def knows(provider: str, sub: str = "dora", **claims: object) -> None:
    httpx.put(f"{provider}/users/{sub}", json=claims).raise_for_status()


def signs_in(sub: str = "dora", client: Client | None = None, query: str = ""):
    """Follow the redirects to the provider, sign in there, and follow back; return the last response."""
    client = client or Client()
    there = client.get(LOGIN + query)
    assert there.status_code == 302, there.text
    allowed = httpx.post(there.url, data={"sub": sub})
    back = urlsplit(allowed.headers["location"])
    assert back.path == f"{LOGIN}callback/"
    return client.get(f"{back.path}?{back.query}"), client


def test_somebody_new_gets_an_account_where_the_provider_may_make_them(company, provider):
    knows(provider, preferred_username="dora", name="Dora Maar", email="dora@example.org", email_verified=True)
    answer, client = signs_in()
    assert answer.url == "/"
    dora = User.objects.get()
    assert (dora.username, dora.email, str(dora)) == ("dora", "dora@example.org", "Dora Maar")
    assert not dora.has_usable_password()
    assert client.get("/accounts/").status_code == 200
    signs_in()
    assert User.objects.count() == 1


def test_otherwise_it_says_whom_to_ask(company, provider):
    company.settings["sign_up"] = False
    company.save()
    knows(provider, email="dora@example.org", email_verified=True)
    answer, _ = signs_in()
    assert answer.status_code == 403
    assert "Ask an admin for an invitation" in answer.text
    assert not User.objects.exists()


@pytest.mark.parametrize("link", [False, True])
@pytest.mark.parametrize("verified", [False, None, "true", True])
def test_only_a_confirmed_address_links_and_only_where_that_is_set(company, provider, link, verified):
    company.settings["link_by_email"] = link
    company.save()
    bob = User.objects.create_user("bob", "Bob@example.org", PASSWORD)
    claims = {"preferred_username": "bob", "email": "bob@example.org"}
    knows(provider, "evil", **claims, **({} if verified is None else {"email_verified": verified}))
    answer, client = signs_in("evil")
    is_bob = client.session.get("_auth_user_id") == str(bob.pk)
    assert is_bob == (link and verified is True)
    if verified is True and not link:
        assert "has your e-mail address already" in answer.text
    if verified is not True:
        # A separate account, without the address that nobody confirmed.
        assert User.objects.exclude(pk=bob.pk).get().email == ""
    assert User.objects.get(pk=bob.pk).check_password(PASSWORD)
    assert SocialAccount.objects.filter(user=bob).exists() == is_bob


def test_where_addresses_link_people_cannot_take_somebody_elses(company, client):
    mallory = User.objects.create_user("mallory", "mallory@example.org", PASSWORD)
    company.settings["link_by_email"] = True
    company.save()
    client.force_login(mallory)
    client.post("/accounts/", {"email": "victim@example.org", "first_name": "M"})
    mallory.refresh_from_db()
    assert (mallory.email, mallory.first_name) == ("mallory@example.org", "M")


def test_somebody_signed_in_connects_their_account(company, provider):
    bob = User.objects.create_user("bob", password=PASSWORD)
    client = Client()
    client.force_login(bob)
    knows(provider, "b0b")
    signs_in("b0b", client, "?process=connect")
    assert SocialAccount.objects.get().user == bob
    assert AuditEvent.objects.filter(action="user.link", object_id=bob.pk).count() == 1
    _, elsewhere = signs_in("b0b")
    assert elsewhere.session["_auth_user_id"] == str(bob.pk)


def test_a_switched_off_account_stays_outside(company, provider):
    knows(provider)
    signs_in()
    User.objects.update(is_active=False)
    _, client = signs_in()
    assert "_auth_user_id" not in client.session


def test_a_second_factor_is_asked_for_here_too(company, provider):
    from allauth.mfa.models import Authenticator

    knows(provider)
    signs_in()
    Authenticator.objects.create(user=User.objects.get(), type="totp", data={})
    answer, client = signs_in()
    assert answer.url == reverse("mfa_authenticate")
    assert "_auth_user_id" not in client.session


def test_an_answer_that_nobody_asked_for_signs_nobody_in(company, provider):
    knows(provider)
    there = Client().get(LOGIN)
    back = urlsplit(httpx.post(there.url, data={"sub": "dora"}).headers["location"])
    assert "state" in parse_qs(back.query)
    victim = Client()
    answer = victim.get(f"{back.path}?{back.query}")
    assert "did not work" in answer.text
    assert "_auth_user_id" not in victim.session


@pytest.mark.parametrize("status", ["away", "broken"])
def test_a_provider_that_does_not_answer_is_told_plainly(company, provider, status):
    company.settings["server_url"] = f"http://127.0.0.1:{ports.free()}" if status == "away" else f"{provider}/nothing"
    company.save()
    answer = Client().get(LOGIN)
    assert answer.status_code == 502
    assert "The identity provider does not answer" in answer.text


def test_the_sign_in_page_offers_it_and_an_admin_never_sees_its_secret(company, client):
    assert "Sign in with Company" in client.get("/accounts/login/").text
    client.force_login(User.objects.create_superuser("admin"))
    page = client.get(reverse("admin:socialaccount_socialapp_change", args=[company.pk])).text
    assert "a secret" not in page
    assert company.secret not in page


def test_a_provider_whose_secret_cannot_be_read_is_not_offered(company, client, settings):
    settings.SECRET_KEY = "another-secret-" * 5
    page = client.get("/accounts/login/")
    assert page.status_code == 200
    assert "Sign in with Company" not in page.text


def test_an_admin_sets_up_a_provider_and_its_secret_is_kept(db, provider, client):
    client.force_login(User.objects.create_superuser("admin"))
    form = {"name": "Company", "provider_id": "company", "client_id": "langai", "server_url": provider, "sign_up": "on"}
    client.post(reverse("admin:socialaccount_socialapp_add"), form | {"secret": "first"})
    app = SocialApp.objects.get()
    assert second_factor.SEALED.unseal(app.secret) == "first"
    client.post(reverse("admin:socialaccount_socialapp_change", args=[app.pk]), form | {"name": "Other"})
    app.refresh_from_db()
    assert (app.name, second_factor.SEALED.unseal(app.secret)) == ("Other", "first")
    client.post(reverse("admin:socialaccount_socialapp_delete", args=[app.pk]), {"post": "yes"})
    actions = AuditEvent.objects.filter(kind="socialapp").order_by("id").values_list("action", flat=True)
    assert list(actions) == ["socialapp.add", "socialapp.change", "socialapp.delete"]
    knows(provider)


# What providers send, and the groups in it: None where they say nothing, which changes nothing.
TRANSCRIPTS = {
    "Keycloak": ({"userinfo": {"sub": "1", "groups": ["/finance", "/staff"]}}, {"/finance", "/staff"}),
    "Keycloak without the mapper": ({"userinfo": {"sub": "1"}, "id_token": {"sub": "1"}}, None),
    "Okta": ({"userinfo": {"sub": "1", "groups": ["Everyone", "Finance"]}}, {"Everyone", "Finance"}),
    "Okta in the id token alone": ({"userinfo": {"sub": "1"}, "id_token": {"groups": ["Finance"]}}, {"Finance"}),
    "Authentik": ({"userinfo": {"sub": "1", "groups": ["finance"]}}, {"finance"}),
    "Authentik, in no group": ({"userinfo": {"sub": "1", "groups": []}}, set()),
    "Entra": ({"id_token": {"groups": ["0f1e-finance"]}, "userinfo": {"sub": "1"}}, {"0f1e-finance"}),
    "Entra with too many": (
        {"id_token": {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://x"}}}},
        None,
    ),
    "Entra, implicit": ({"id_token": {"hasgroups": "true"}}, None),
    "Google": ({"userinfo": {"sub": "1", "hd": "example.org", "email_verified": True}}, None),
    "one as a text": ({"userinfo": {"groups": "finance"}}, {"finance"}),
    "null": ({"userinfo": {"groups": None}}, None),
}


@pytest.mark.parametrize("sent", TRANSCRIPTS)
def test_groups_are_read_as_providers_send_them(sent):
    claims, groups = TRANSCRIPTS[sent]
    assert providers.claimed_groups(claims, "groups") == groups


def test_teams_follow_the_groups_at_each_sign_in(company, provider, finance):
    legal, own = Team.objects.create(name="Legal"), Team.objects.create(name="By hand")
    for group, team in (("fin", finance), ("fin-leads", finance), ("law", legal)):
        GroupMapping.objects.create(provider="company", group=group, team=team)
    knows(provider, groups=["fin", "fin-leads", "unknown"])
    signs_in()
    dora = User.objects.get()
    dora.teams.add(own)
    seen = []
    for claims in ({"groups": ["law"]}, {}, {"groups": ["fin-leads"]}, {"groups": []}):
        knows(provider, **claims)
        signs_in()
        dora.refresh_from_db()
        seen.append(({team.name for team in dora.teams.all()}, str(dora.billing_team)))
    assert seen == [
        ({"By hand", "Legal"}, "Legal"),
        ({"By hand", "Legal"}, "Legal"),
        ({"By hand", "Finance"}, "Finance"),
        ({"By hand"}, "None"),
    ]
    assert AuditEvent.objects.filter(action="user.teams").count() == 4


def test_people_see_what_their_provider_said(company, provider, finance):
    GroupMapping.objects.create(provider="company", group="fin", team=finance)
    knows(provider, groups=["fin", "else"])
    _, client = signs_in()
    page = client.get("/accounts/provider/").text
    assert "Teams that follow: Finance" in page
    assert "<code>else</code>" in page
