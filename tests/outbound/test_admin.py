import pytest
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _servers(settings, client):
    settings.OPENAI_BASE_URL, settings.OLLAMA_BASE_URL = "", "http://localhost:11434"
    client.force_login(User.objects.create_superuser("admin"))


def made(name):
    return Model.objects.create(name=name, display_name=name, provider=name.partition("/")[0], available=True)


def test_the_list_says_what_is_hosted_and_what_it_may_see(client):
    for name in ("openai/some", "ollama_chat/other", "hosted_vllm/left-over"):
        made(name)
    page = client.get(reverse("admin:outbound_model_changelist")).text
    assert '<td class="field-where">hosted</td>' in page
    assert '<td class="field-ceiling_shown">Internal</td>' in page
    assert '<td class="field-where">local</td>' in page
    assert '<td class="field-ceiling_shown">all</td>' in page
    assert "not set up" in page


def test_an_admin_sets_what_a_hosted_model_may_see(client):
    model = made("openai/some")
    values = {"display_name": "Some", "ceiling": Sensitivity.PUBLIC.value, "enabled": "on", "rank": 3}
    client.post(reverse("admin:outbound_model_change", args=[model.pk]), values)
    model.refresh_from_db()
    assert (model.display_name, model.ceiling, model.rank) == ("Some", Sensitivity.PUBLIC, 3)
    assert model.name == "openai/some"


def test_models_are_found_and_not_added_by_hand(client):
    assert client.get(reverse("admin:outbound_model_add")).status_code == 403
