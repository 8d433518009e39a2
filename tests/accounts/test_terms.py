"""Terms of use: nobody goes on before they have accepted the version in force."""

import pytest
from django.test import AsyncClient
from django.urls import reverse

from langai_site.accounts import keys, terms
from langai_site.accounts.models import TermsAcceptance, TermsOfUse, User
from langai_site.accounts.scopes import Scope
from langai_site.accounts.terms import TermsDueError

pytestmark = pytest.mark.django_db
PAGE = "/accounts/terms/"


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", password="a long enough one")


@pytest.fixture
def admin(client):
    person = User.objects.create_superuser("admin", password="a long enough one")
    client.force_login(person)
    return person


def published(client, text="Be kind.\n\nSee https://example.org/rules"):
    client.post(reverse("admin:accounts_termsofuse_add"), {"text": text})
    return TermsOfUse.objects.first()


def test_a_new_version_is_accepted_before_anything_else_by_everybody(client, admin, alice):
    version = published(client)
    assert client.get("/admin/").url == f"{PAGE}?next=%2Fadmin%2F"
    page = client.get(f"{PAGE}?next=/usage/").text
    assert '<a href="https://example.org/rules"' in page
    assert client.post("/library/new/", {"name": "x"}).status_code == 403
    accepted = client.post(PAGE, {"terms": version.pk, "next": "/usage/"})
    assert accepted.url == "/usage/"
    assert client.get("/usage/").status_code == 200
    assert "You have accepted them." in client.get(PAGE).text
    alice.refresh_from_db()
    assert alice.terms_due
    assert User.objects.create_user("new").terms_due


@pytest.mark.django_db(transaction=True)
async def test_pages_that_find_the_person_themselves_lead_there_too(alice):
    await TermsOfUse.objects.acreate(text="x")
    await User.objects.aupdate(terms_due=True)
    client = AsyncClient()
    await client.aforce_login(alice)
    page = await client.get("/")
    assert (page.status_code, page.url) == (302, f"{PAGE}?next=%2F")
    part = await client.get("/conversations/list/", headers={"HX-Request": "true"})
    assert "Read the terms of use" in part.content.decode()


def test_a_program_gets_a_code(client, admin, alice):
    _row, key = keys.make(user=alice, name="script", scopes=[Scope.CHAT])
    version = published(client)
    with pytest.raises(TermsDueError) as refused:
        keys.credential_of(key)
    assert (refused.value.code, refused.value.status) == ("terms_due", 403)
    terms.accept(alice, version.pk)
    assert keys.credential_of(key).user == alice


def test_only_the_version_that_was_shown_is_accepted(client, admin):
    first = published(client)
    client.post(PAGE, {"terms": first.pk})
    second = published(client, "Be very kind.")
    refused = client.post(PAGE, {"terms": first.pk, "next": "/usage/"})
    assert refused.status_code == 409
    assert "Read them again" in refused.text
    assert "Be very kind." in refused.text
    assert client.post(PAGE, {"terms": "9" * 30}).status_code == 409
    assert client.post(PAGE, {"terms": second.pk, "next": "https://evil.example/"}).url == "/"
    assert TermsAcceptance.objects.count() == 2


def test_a_withdrawn_version_binds_nobody_and_the_one_before_counts_again(client, admin, alice):
    first = published(client)
    client.post(PAGE, {"terms": first.pk})
    second = published(client, "Too much")
    client.post(PAGE, {"terms": second.pk})
    client.post(
        reverse("admin:accounts_termsofuse_changelist"), {"action": "withdraw", "_selected_action": [second.pk]}
    )
    assert terms.in_force() == first
    admin.refresh_from_db()
    alice.refresh_from_db()
    assert (admin.terms_due, alice.terms_due) == (False, True)
    terms.withdraw(first)
    alice.refresh_from_db()
    assert (alice.terms_due, terms.in_force()) == (False, None)
    assert "There are no terms of use." in client.get(PAGE).text


def test_a_version_never_changes_and_only_superusers_publish(client, admin, alice):
    version = published(client)
    client.post(PAGE, {"terms": version.pk})
    change = reverse("admin:accounts_termsofuse_change", args=[version.pk])
    assert client.post(change, {"text": "other"}).status_code == 403
    assert (
        client.post(reverse("admin:accounts_termsofuse_delete", args=[version.pk]), {"post": "yes"}).status_code == 403
    )
    User.objects.filter(pk=alice.pk).update(is_staff=True, terms_due=False)
    client.force_login(alice)
    assert client.get(reverse("admin:accounts_termsofuse_add")).status_code == 403
