"""What a model can do beside text: read from lists in their own shapes, set by an admin, asked for by routing."""

import pytest

from langai_site.outbound import abilities, catalogue, keeping, listings, litellm_prices
from langai_site.outbound.abilities import Ability
from langai_site.outbound.endpoints import endpoint_of
from langai_site.outbound.listings import OfferedModel
from langai_site.outbound.models import Model
from tests.outbound.test_admin import form, page_of

VISION, TOOLS, THINKING, DOCUMENTS, JSON = Ability


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ({}, {}),
        ({"capabilities": None, "architecture": 5, "supported_parameters": "tools", "thinking": "yes"}, {}),
        ({"capabilities": ["completion", "tools"]}, {VISION: False, TOOLS: True, THINKING: False}),
        ({"capabilities": ["completion", "multimodal"]}, {VISION: True}),
        ({"capabilities": ["completion"]}, {VISION: False}),
        (
            {"capabilities": {"completion_chat": True, "function_calling": True, "vision": False}},
            {VISION: False, TOOLS: True},
        ),
        (
            {"capabilities": {"image_input": {"supported": True}, "structured_outputs": {"supported": False}}},
            {VISION: True, JSON: False},
        ),
        ({"supported_parameters": ["tools", "temperature"]}, {TOOLS: True, THINKING: False, JSON: False}),
        (
            {"architecture": {"input_modalities": ["text", "image"]}, "supported_parameters": ["structured_outputs"]},
            {VISION: True, DOCUMENTS: False, TOOLS: False, THINKING: False, JSON: True},
        ),
        ({"thinking": True}, {THINKING: True}),
    ],
    ids=str,
)
def test_a_servers_row_is_read_in_its_own_shape(row, expected):
    assert abilities.of_server(row) == expected


def test_litellms_list_says_what_a_known_model_can_do():
    row = {"supports_vision": True, "supports_function_calling": False, "mode": "chat"}
    assert abilities.of_litellm(row) == {VISION: True, TOOLS: False, THINKING: False, DOCUMENTS: False, JSON: False}
    assert abilities.of_litellm({"mode": "chat"}) == {}


def test_the_admin_goes_before_the_server_and_the_server_before_the_list():
    listed = {"litellm": {"vision": True, "tools": True, "json": True}, "server": {"vision": False, "tools": False}}
    assert abilities.of_row(listed, {"vision": True}) == {VISION: True, TOOLS: False, JSON: True}


@pytest.mark.parametrize("stored", [None, [], "x", {"vision": 1}, {"flying": True}, {"litellm": []}])
def test_whatever_a_row_holds_can_be_read(stored):
    assert abilities.of_row(stored, stored) == {}


@pytest.mark.django_db
def test_what_servers_and_lists_say_is_kept_apart(settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:1/v1"
    offer = OfferedModel("hosted_vllm/gpt-4o", "x", "hosted_vllm", 1, abilities={VISION: False})
    keeping.store([offer], {})
    keeping.learn({"hosted_vllm/gpt-4o": {"litellm_provider": "hosted_vllm", "supports_function_calling": True}})
    (info,) = catalogue.models()
    assert (info.abilities[VISION], info.abilities[TOOLS]) == (False, True)
    # The list says otherwise in its next version, and the server says nothing any more.
    keeping.store([OfferedModel("hosted_vllm/gpt-4o", "x", "hosted_vllm", 1)], {})
    keeping.learn({"hosted_vllm/gpt-4o": {"litellm_provider": "hosted_vllm", "supports_vision": True}})
    (info,) = catalogue.models()
    assert (info.abilities[VISION], info.abilities[TOOLS]) == (False, False)


def test_the_installed_list_has_abilities():
    rows = litellm_prices.rows()
    assert abilities.of_litellm(rows["gpt-4o"])[VISION]


async def test_an_openai_servers_list_and_llama_cpps_second_list_are_read(upstream, settings):
    body = b"""{"data": [{"id": "a", "capabilities": {"vision": true}}, {"id": "b"}],
               "models": [{"name": "b", "capabilities": ["completion", "multimodal"]}]}"""
    upstream.script_list(body)
    first, second = await listings.openai_models(endpoint_of("hosted_vllm/"))
    assert first.abilities == {VISION: True}
    assert second.abilities[VISION]


@pytest.mark.django_db
def test_an_admin_sets_them_and_the_list_of_models_shows_them(admin_client, settings):
    settings.OPENAI_BASE_URL = "http://127.0.0.1:1/v1"
    model = Model.objects.create(name="hosted_vllm/x", display_name="X", provider="hosted_vllm", available=True)
    model.listed_abilities = {"litellm": {"tools": True}}
    model.save()
    page = admin_client.get(page_of(model)).text
    assert "Listed: yes." in page
    admin_client.post(page_of(model), form(ability_vision="yes", ability_tools="no"))
    model.refresh_from_db()
    assert model.abilities == {"vision": True, "tools": False}
    assert '<td class="field-abilities_shown">vision</td>' in admin_client.get("/admin/outbound/model/").text
    admin_client.post(page_of(model), form(ability_vision="", ability_tools=""))
    model.refresh_from_db()
    assert model.abilities == {}
