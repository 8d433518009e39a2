import logging

import pytest

from langai_site.outbound import catalogue, door
from langai_site.outbound.models import Model
from langai_site.sensitivity import Sensitivity
from tests.outbound.conftest import KEY, call_of
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def _only_what_a_test_sets(settings, monkeypatch):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "OLLAMA_BASE_URL"):
        setattr(settings, name, "")
    monkeypatch.setattr(catalogue, "PAUSE_BEFORE_SECOND_TRY", 0)


@pytest.fixture
def listing(upstream_process):
    upstream_process.reset()
    return upstream_process


async def refreshed():
    await catalogue.refresh()
    return await catalogue.write(catalogue.models)


def names(infos):
    return [info.name for info in infos]


async def test_with_nothing_configured_there_are_no_models_and_the_check_is_off():
    assert await refreshed() == []
    assert await catalogue.health() == "off"


async def test_a_key_alone_offers_a_few_current_models(settings):
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    infos = await refreshed()
    assert {info.provider for info in infos} == {"openai", "anthropic"}
    assert names(infos)[0].startswith("openai/")
    assert all(info.hosted and info.ceiling == Sensitivity.INTERNAL for info in infos)
    assert await catalogue.health() == "ok"


async def test_the_models_that_a_key_offers_have_a_price(settings):
    settings.OPENAI_API_KEY = settings.ANTHROPIC_API_KEY = KEY
    await door.warm()
    calls = [call_of(info.name, hosted=True) for info in await refreshed()]
    assert calls
    assert all(door.max_cost(call) for call in calls)


async def test_a_compatible_server_offers_what_it_lists_and_is_asked_for_no_completion(settings, listing):
    listing.list_models("org/big-model", "small", "nomic-embed-text")
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    infos = await refreshed()
    assert names(infos) == ["hosted_vllm/org/big-model", "hosted_vllm/small"]
    assert not any(info.hosted for info in infos)
    assert all(info.ceiling == Sensitivity.CONFIDENTIAL for info in infos)
    assert await catalogue.health() == "ok"
    assert {request["path"] for request in listing.requests()} == {"/v1/models"}


async def test_a_compatible_server_elsewhere_is_hosted(settings, listing):
    settings.LOCAL_HOSTS = []
    settings.OPENAI_BASE_URL = listing.openai_url
    infos = await refreshed()
    assert all(info.hosted and info.ceiling == Sensitivity.INTERNAL for info in infos)


async def test_ollama_offers_what_it_lists_and_its_cloud_models_are_hosted(settings, listing):
    listing.list_models("llama3.2:3b", "gpt-oss:120b-cloud", "mine-remote")
    settings.OLLAMA_BASE_URL = listing.url
    hosted = {info.name: info.hosted for info in await refreshed()}
    assert hosted == {
        "ollama_chat/gpt-oss:120b-cloud": True,
        "ollama_chat/mine-remote": True,
        "ollama_chat/llama3.2:3b": False,
    }


async def test_hosted_models_come_before_local_ones(settings, listing):
    listing.list_models("local")
    settings.ANTHROPIC_API_KEY, settings.OLLAMA_BASE_URL = KEY, listing.url
    infos = await refreshed()
    assert [info.hosted for info in infos] == [True, True, True, False]


async def test_what_an_admin_set_stays(settings, listing):
    listing.list_models("a", "b")
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    await Model.objects.filter(name="ollama_chat/a").aupdate(display_name="Best", rank=999, ceiling=0)
    await Model.objects.filter(name="ollama_chat/b").aupdate(enabled=False)
    (info,) = await refreshed()
    assert (info.display_name, info.rank) == ("Best", 999)


async def test_a_model_that_is_gone_leaves_and_may_come_back(settings, listing):
    settings.OPENAI_BASE_URL = listing.openai_url
    listing.list_models("a", "b")
    await refreshed()
    listing.list_models("b")
    assert names(await refreshed()) == ["hosted_vllm/b"]
    listing.list_models("a", "b")
    assert names(await refreshed()) == ["hosted_vllm/a", "hosted_vllm/b"]
    assert await Model.objects.acount() == 2


async def test_a_server_that_is_gone_takes_its_models_along_and_fails_the_check(settings, listing, caplog):
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    settings.ANTHROPIC_API_KEY = KEY
    await refreshed()
    settings.OPENAI_BASE_URL = f"http://127.0.0.1:{free_port()}/v1"
    caplog.set_level(logging.DEBUG)
    infos = await refreshed()
    assert {info.provider for info in infos} == {"anthropic"}
    assert await catalogue.health() == "fail"
    assert "hosted_vllm offers no models" in caplog.text
    assert KEY not in caplog.text


async def test_a_server_that_lists_nothing_fails_the_check(settings, listing):
    listing.list_models()
    settings.OLLAMA_BASE_URL = listing.url
    assert await catalogue.health() == "fail"


async def test_models_of_a_server_that_settings_no_longer_name_are_not_offered(settings, listing):
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    settings.OLLAMA_BASE_URL = ""
    assert await catalogue.write(catalogue.models) == []


async def test_the_key_is_sent_to_its_own_server_only(settings, listing):
    settings.OPENAI_BASE_URL, settings.OPENAI_API_KEY = listing.openai_url, KEY
    settings.OLLAMA_BASE_URL = listing.url
    await refreshed()
    assert all(KEY in request["raw"] for request in listing.requests("/v1/models"))
    assert not any(KEY in request["raw"] for request in listing.requests("/api"))


async def test_no_setting_lets_a_hosted_model_see_confidential_text(settings):
    settings.ANTHROPIC_API_KEY = KEY
    await refreshed()
    await catalogue.write(lambda: Model.objects.update(ceiling=Sensitivity.CONFIDENTIAL))
    assert {info.ceiling for info in await refreshed()} == {Sensitivity.INTERNAL}
