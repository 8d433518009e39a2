"""The account page, how pages look to a person, and the words around signing in."""

import pytest
from django.core import mail
from django.urls import reverse

from langai_site.accounts import invitation_mail
from langai_site.accounts.models import Invitation, User
from tests.accounts.conftest import PASSWORD

pytestmark = pytest.mark.django_db

ACCOUNT = "/accounts/"


@pytest.fixture
def bob():
    return User.objects.create_user("bob", "bob@example.org", password=PASSWORD)


@pytest.fixture
def page(client, bob):
    client.force_login(bob)
    return client


def save(page, **fields):
    form = {"first_name": "Bob", "last_name": "Builder", "email": "bob@example.org", "theme": "", "text_size": ""}
    return page.post(ACCOUNT, form | fields, follow=True)


def test_people_change_their_name_and_address_themselves(page, bob):
    assert "Saved." in save(page, email="builder@example.org").text
    bob.refresh_from_db()
    assert (str(bob), bob.email) == ("Bob Builder", "builder@example.org")


@pytest.mark.parametrize("address", ["Admin@example.org", "admin"])
def test_an_address_of_another_account_is_refused(page, bob, address):
    User.objects.create_superuser("admin", "admin@example.org")
    assert "errorlist" in save(page, email=address).text
    bob.refresh_from_db()
    assert bob.email == "bob@example.org"


def test_nobody_gives_themselves_rights_with_the_account_page(page, bob):
    save(page, is_superuser="on", is_staff="on", username="root", billing_team="1")
    bob.refresh_from_db()
    assert (bob.is_superuser, bob.is_staff, bob.username) == (False, False, "bob")


def test_the_theme_and_the_text_size_are_drawn_by_the_server(page, bob):
    assert "data-theme" not in page.get(ACCOUNT).text.partition("<head>")[0]
    save(page, theme="dark", text_size="large")
    assert '<html lang="en" data-theme="dark" data-text="large">' in page.get(ACCOUNT).text
    assert '<html lang="en" data-theme="dark" data-text="large">' in page.get("/library/").text
    save(page)
    assert '<html lang="en">' in page.get(ACCOUNT).text
    bob.refresh_from_db()
    assert bob.preferences == {}


@pytest.mark.parametrize("path", [ACCOUNT, "/library/", "/docs"])
def test_high_contrast_is_a_theme_of_its_own(page, bob, path):
    assert "contrast" not in page.get(path).text.partition("<body")[0]
    save(page, theme="contrast")
    assert 'data-theme="contrast"' in page.get(path).text
    assert "contrast.css" in page.get(path).text


def test_other_preferences_stay(page, bob):
    User.objects.filter(pk=bob.pk).update(preferences={"first_steps_skipped": True})
    save(page, theme="light")
    bob.refresh_from_db()
    assert bob.preferences == {"first_steps_skipped": True, "theme": "light"}


def test_an_unknown_theme_is_refused_and_one_that_is_kept_is_not_drawn(page, bob):
    assert "errorlist" in save(page, theme='"><script>').text
    User.objects.filter(pk=bob.pk).update(preferences={"theme": '"><script>'})
    assert "data-theme" not in page.get(ACCOUNT).text.partition("<head>")[0]


def test_the_admin_has_the_persons_theme(client):
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    admin.preferences = {"theme": "dark"}
    admin.save()
    client.force_login(admin)
    assert "admin/dark.css" in client.get("/admin/").text


def test_signing_in_speaks_the_products_words(client, bob):
    text = client.get(reverse("account_login")).text
    for words in ("User name or e-mail address", "Keep me signed in here"):
        assert words in text
    for words in ("Remember Me", ">Login<", "placeholder="):
        assert words not in text
    wrong = client.post(reverse("account_login"), {"login": "bob", "password": "wrong"}).text
    assert "The name or the password is wrong. Check both and try again." in wrong
    page = client.post(reverse("account_login"), {"login": "bob", "password": PASSWORD}, follow=True)
    assert [str(message) for message in page.context["messages"]] in ([], ["You are signed in as bob."])


def test_changing_the_password_speaks_them_too(page):
    text = page.get(reverse("account_change_password")).text
    assert "Present password" in text
    assert "New password, once more" in text
    new = {"oldpassword": PASSWORD, "password1": "another battery 7", "password2": "another battery 7"}
    answer = page.post(reverse("account_change_password"), new, follow=True)
    assert "Your password is changed." in answer.text


@pytest.mark.parametrize(
    "path", ["confirm-email/", "confirm-email/x-y/", "password/set/", "password/reset/done/", "password/reset/key/1-a/"]
)
def test_pages_of_allauth_that_langai_has_no_use_for_lead_to_its_own(page, path):
    assert page.get(ACCOUNT + path).status_code in (301, 302)


def invite(client, **form):
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    client.force_login(admin)
    return client.post(reverse("admin:accounts_invitation_add"), form, follow=True)


def test_an_invitation_has_a_link_to_copy(client):
    page = invite(client, email="carol@example.org").text
    assert "<code data-copy>http://testserver/accounts/invitation/" in page
    assert "admin/copying.js" in page


def test_without_mail_the_form_says_that_the_link_is_to_be_passed_on(client, settings):
    settings.EMAIL_BACKEND = invitation_mail.DUMMY
    invite(client)
    page = client.get(reverse("admin:accounts_invitation_add")).text
    assert str(invitation_mail.NOT_SET_UP) in page
    assert "Send the link by e-mail" not in page


@pytest.mark.django_db(transaction=True)
def test_with_mail_the_link_is_sent_if_wanted(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    page = invite(client, email="carol@example.org", send_mail="on").text
    assert "The link is on its way to carol@example.org." in page
    [message] = mail.outbox
    assert message.to == ["carol@example.org"]
    assert "admin invites you to LangAI" in message.body
    link = message.body.partition("http://testserver")[2].split()[0]
    client.logout()
    assert client.get(link).status_code == 200
    User.objects.all().delete()
    invite(client, email="dave@example.org")
    assert len(mail.outbox) == 1


@pytest.mark.django_db(transaction=True)
def test_a_mail_server_that_refuses_is_told_and_the_link_stays(client, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = invite(client, email="carol@example.org", send_mail="on").text
    assert "The mail server did not take the message to carol@example.org. Pass the link on yourself." in page
    assert "data-copy" in page
    assert Invitation.objects.count() == 1


def test_the_keys_are_switched_off_by_one_switch(page, bob):
    assert "data-keys-off" not in page.get(ACCOUNT).text
    save(page, keys_off="on", theme="dark")
    assert "data-keys-off" in page.get("/library/").text
    bob.refresh_from_db()
    assert bob.preferences == {"theme": "dark", "keys_off": "on"}
    save(page)
    assert "data-keys-off" not in page.get(ACCOUNT).text


def test_the_theme_is_chosen_elsewhere_too_and_other_choices_stay(page, bob):
    save(page, keys_off="on")
    assert page.post("/accounts/theme/", {"theme": "dark"}, headers={"HX-Request": "true"}).status_code == 204
    bob.refresh_from_db()
    assert bob.preferences == {"theme": "dark", "keys_off": "on"}
    assert page.post("/accounts/theme/", {"theme": "pink"}).status_code == 400
    assert page.post("/accounts/theme/", {"theme": ""}).status_code == 302
