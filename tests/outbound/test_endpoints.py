import pytest

from langai_site.outbound import endpoints
from langai_site.outbound.types import ProviderError


@pytest.mark.parametrize(
    "url",
    [
        "http://localhost:11434",
        "http://LOCALHOST./v1",
        "http://127.0.0.1:8000/v1",
        "http://127.9.9.9",
        "http://[::1]:8000",
        "https://gpu.office.example/v1",
        "http://user:password@gpu.office.example",
        "http://10.20.30.40",
        "http://192.168.7.7:1234",
        "http://[fd00::7]/v1",
    ],
)
def test_hosts_in_the_list_are_local(settings, url):
    settings.LOCAL_HOSTS = [
        *("localhost", "127.0.0.0/8", "::1/128", "GPU.office.example", "10.20.0.0/16", "192.168.7.7", "fd00::/8")
    ]
    assert endpoints.is_local(url)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "localhost:11434",
        "https://api.openai.com/v1",
        "http://localhost.example.com",
        "http://127.0.0.1.example.com",
        "http://localhost@example.com",
        "http://example.com/localhost",
        "http://example.com#@localhost",
        "http://128.0.0.1",
        "http://0.0.0.0:8000",
        "http://2130706433",
        "http://0x7f.1",
        "http://[::2]",
        "http://[not-an-address",
        "ftp://localhost",
        "file://localhost/etc",
    ],
)
def test_everything_else_is_hosted(settings, url):
    settings.LOCAL_HOSTS = ["localhost", "127.0.0.0/8", "::1/128"]
    assert not endpoints.is_local(url)


@pytest.mark.parametrize(
    ("name", "hosted"),
    [
        ("openai/gpt-5", True),
        ("anthropic/claude", True),
        ("hosted_vllm/qwen", False),
        ("hosted_vllm/qwen-cloud", False),
        ("ollama_chat/llama3.2:3b", False),
        ("ollama_chat/gpt-oss:120b-cloud", True),
        ("ollama_chat/kimi:cloud", True),
    ],
)
def test_where_a_model_runs_is_derived_from_its_endpoint(settings, name, hosted):
    settings.OPENAI_BASE_URL = "" if name.startswith("openai") else "http://localhost:8000/v1"
    settings.ANTHROPIC_BASE_URL = ""
    settings.OLLAMA_BASE_URL = "http://localhost:11434"
    assert endpoints.is_hosted(name) is hosted


def test_a_model_of_a_server_that_is_not_configured_has_no_endpoint(settings):
    settings.OPENAI_BASE_URL = settings.OLLAMA_BASE_URL = ""
    for name in ("hosted_vllm/a", "ollama_chat/a", "other/a", "a"):
        with pytest.raises(ProviderError) as raised:
            endpoints.endpoint_of(name)
        assert raised.value.code == "not_found"
