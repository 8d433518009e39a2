"""A person's own instructions on the account page."""

import pytest

from langai_site.accounts.models import INSTRUCTIONS_MAX, Instructions, User
from langai_site.sensitivity import Sensitivity
from tests.accounts.conftest import PASSWORD
from tests.detectors import made

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client):
    client.force_login(User.objects.create_user("bob", password=PASSWORD))
    return client


def save(page, about="", answers="", label=0):
    form = {"instructions-about": about, "instructions-answers": answers, "instructions-label": label}
    return page.post("/accounts/instructions/", form, follow=True)


def test_they_are_saved_apart_from_the_rest_of_the_account(page):
    assert "Your instructions are saved." in save(page, "I am a nurse.\r\n", "Briefly.").text
    written = Instructions.objects.get()
    assert (written.about, written.answers, written.label) == ("I am a nurse.", "Briefly.", Sensitivity.PUBLIC)
    page.post("/accounts/", {"first_name": "Bob"})
    assert "I am a nurse." in page.get("/accounts/").text


def test_both_texts_together_have_a_limit_and_what_was_typed_stays(page):
    half = "x" * (INSTRUCTIONS_MAX // 2)
    answer = save(page, half, half + "y")
    assert "1,501 characters together" in answer.text
    assert f"{half}y" in answer.text
    assert not Instructions.objects.exists()
    save(page, half, half)
    assert Instructions.objects.exists()


def test_the_page_says_what_they_make_of_a_conversation(page):
    assert "at least" not in save(page, "I am a nurse.").text
    assert "Internal" in save(page, "I am a nurse.", label=10).text.partition("at least")[2][:40]
    text = save(page, f"My card is {made.groups(made.card('4'))}.").text
    assert "<b>Confidential" in text.partition("at least")[2][:40]


def test_an_unknown_label_is_refused(page):
    save(page, "I am a nurse.", label=99)
    assert not Instructions.objects.exists()
