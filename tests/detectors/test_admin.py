"""Admins write patterns, are told what is wrong with one, and try it before it counts."""

import pytest
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.detectors import scan
from langai_site.models import SensitivePattern
from langai_site.sensitivity import Sensitivity
from tests.detectors.made import card

pytestmark = pytest.mark.django_db

ADD = "admin:langai_site_sensitivepattern_add"
TRY = "admin:langai_site_sensitivepattern_try"
VALUES = {"name": "Projects", "kind": "word", "pattern": "Falcon", "label": "20", "enabled": "on", "note": ""}


@pytest.fixture(autouse=True)
def _admin(client):
    client.force_login(User.objects.create_superuser("admin"))


def tried(client, sample, **values):
    return client.post(reverse(TRY), {**VALUES, **values, "sample": sample})


def test_a_pattern_counts_as_soon_as_it_is_saved(client):
    assert client.post(reverse(ADD), VALUES).status_code == 302
    assert [detection.label for detection in scan("About falcon")] == [Sensitivity.CONFIDENTIAL]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"kind": "regex", "pattern": "("}, "This pattern cannot be read: missing )"),
        ({"kind": "regex", "pattern": "a*"}, "matches empty text"),
        ({"pattern": "x" * 2_001}, "at most 2"),
        ({"pattern": "?"}, "one word or phrase per line"),
        ({"label": "0"}, "Select a valid choice"),
    ],
)
def test_a_pattern_that_cannot_work_is_refused_with_its_reason(client, values, says):
    page = client.post(reverse(ADD), {**VALUES, **values})
    assert says in page.text
    assert not SensitivePattern.objects.exists()


def test_the_list_switches_patterns_on_and_off(client):
    pattern = SensitivePattern.objects.create(name="Projects", pattern="Falcon")
    values = {"form-TOTAL_FORMS": 1, "form-INITIAL_FORMS": 1, "form-0-id": pattern.pk, "_save": "Save"}
    client.post(reverse("admin:langai_site_sensitivepattern_changelist"), values)
    assert scan("Falcon") == ()


@pytest.mark.parametrize("saved", [True, False])
def test_the_form_has_a_box_to_try_the_pattern(client, saved, settings):
    address = reverse(ADD)
    if saved:
        pattern = SensitivePattern.objects.create(name="Projects", pattern="Falcon")
        address = reverse("admin:langai_site_sensitivepattern_change", args=[pattern.pk])
    page = client.get(address).text
    assert f'formaction="{reverse(TRY)}"' in page
    assert f'maxlength="{settings.SAMPLE_MAX_CHARS}"' in page
    assert page.index('name="_save"') < page.index("formaction"), "Enter in a field saves"


def test_trying_shows_what_a_text_would_raise_and_saves_nothing(client):
    page = tried(client, f"Falcon, falcon and {card('4539')}").text
    assert "“Projects”, which your admins call sensitive, 2 times: Confidential" in page
    assert "A payment card number: Confidential" in page
    assert not SensitivePattern.objects.exists()
    assert scan("Falcon") == ()


def test_a_pattern_can_be_tried_under_its_own_name_while_it_is_changed(client):
    SensitivePattern.objects.create(name="Projects", pattern="Falcon")
    page = tried(client, "An eagle", pattern="Eagle", label="10").text
    assert "which your admins call sensitive: Internal" in page


def test_trying_says_where_there_is_nothing(client):
    page = tried(client, "About pigeons").text
    assert "“Projects” is not in it" in page
    assert "Nothing: its label stays as it is" in page


def test_trying_a_pattern_that_does_not_work_says_why(client):
    page = tried(client, "text", kind="regex", pattern="(")
    assert page.status_code == 200
    assert "cannot be read" in page.text


def test_a_tried_text_comes_back_as_text(client):
    page = tried(client, "</textarea><script>alert(1)</script>").text
    assert "<script>alert(1)" not in page


def test_trying_is_for_those_who_may_write_patterns(client):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert tried(client, "Falcon").status_code == 403
    client.logout()
    assert tried(client, "Falcon").status_code == 302
