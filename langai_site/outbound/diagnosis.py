"""Whether each provider answers, for `manage.py doctor`: asked for its list of models, which costs nothing."""

from collections.abc import Callable
from functools import partial
from typing import Any

import httpx

from langai_site import registry
from langai_site.outbound import bounds, listings
from langai_site.outbound.endpoints import Endpoint, endpoint_of
from langai_site.registry import DoctorFinding

# What people call them, and the settings by which they are reached.
PROVIDERS = {
    "openai": ("OpenAI", "OPENAI_API_KEY"),
    "hosted_vllm": ("server with OpenAI's API", "OPENAI_BASE_URL and OPENAI_API_KEY"),
    "anthropic": ("Anthropic", "ANTHROPIC_API_KEY and ANTHROPIC_BASE_URL"),
    "ollama_chat": ("Ollama", "OLLAMA_BASE_URL"),
}
# Below `Endpoint.url`: where the list is, and the key of the object that holds it.
LISTS = {"anthropic": ("/v1/models", "data"), "ollama_chat": ("/api/tags", "models")}
OPENAI_LIST = ("/models", "data")
REFUSED = (401, 403)
Check = Callable[[], DoctorFinding]


def register() -> None:
    for provider, (name, settings) in PROVIDERS.items():
        advice = f"Check {settings}, and that this machine may connect to the server."
        registry.doctor_check(name, partial(listed, provider), advice=advice)


def listed(provider: str) -> DoctorFinding:
    """How many models `provider` lists. Raises httpx's errors where its server does not answer."""
    _, settings = PROVIDERS[provider]
    if provider not in listings.configured():
        return DoctorFinding("off", listings.missing(provider))
    endpoint = endpoint_of(f"{provider}/")
    answer = _asked(endpoint)
    if answer.status_code in REFUSED:
        return DoctorFinding("fail", f"{_host(endpoint)} refuses the key ({answer.status_code})", f"Check {settings}.")
    if not answer.is_success:
        advice = f"Check {settings}; the server's log may say more."
        return DoctorFinding("fail", f"{_host(endpoint)} answers with status {answer.status_code}", advice)
    return _counted(endpoint, answer)


def _asked(endpoint: Endpoint) -> httpx.Response:
    """Without a proxy in the building, and without following anybody anywhere else: as for answers."""
    path, _ = LISTS.get(endpoint.provider, OPENAI_LIST)
    bound = bounds.of_listing(listings.SECONDS)
    with httpx.Client(
        timeout=listings.TIMEOUT,
        trust_env=not endpoint.direct,
        follow_redirects=False,
        event_hooks=bounds.hooks(lambda: bound),
    ) as client:
        return client.get(endpoint.url + path, headers=listings.headers_of(endpoint))


def _counted(endpoint: Endpoint, answer: httpx.Response) -> DoctorFinding:
    _, key = LISTS.get(endpoint.provider, OPENAI_LIST)
    try:
        body: Any = answer.json()
    except ValueError:
        return DoctorFinding(
            "fail", f"{_host(endpoint)} answers something else", "Check the address: a path may be missing."
        )
    models = body.get(key) if isinstance(body, dict) else body
    if not models or not isinstance(models, list):
        return DoctorFinding("warn", f"{_host(endpoint)} lists no model", "Load a model there.")
    return DoctorFinding("ok", f"{_host(endpoint)} lists {len(models)} models")


def _host(endpoint: Endpoint) -> str:
    """The server's name and port: addresses may have a password in them."""
    url = httpx.URL(endpoint.url)
    return f"{url.host}:{url.port}" if url.port else url.host
