"""Whatever the API's description allows is answered as it says by a running LangAI, and never with a failure."""

import re
from contextlib import ExitStack

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.live.person import signed_in

CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 12


@pytest.fixture(scope="module")
def server(start_langai):
    """A server of its own without any model but `quotes`: what is sent to it makes no sense."""
    return start_langai(LOG_LEVEL="ERROR")


@pytest.fixture(scope="module")
def key(server):
    with ExitStack() as stack:
        admin = stack.enter_context(signed_in(server))
        scopes = ["chat", "search", "documents", "usage", "admin"]
        page = admin.post("/accounts/keys/", name="schema", scopes=scopes, days="30")
        return re.findall(r'value="(langai_[^"]+)"', page.text)[0]


@pytest.mark.parametrize("path", ["/openapi.json", "/v1/openapi.json"])
def test_every_operation_keeps_to_its_description(server, key, path):
    described = httpx.get(server.url + path, trust_env=False).json()
    schema = schemathesis.openapi.from_dict(described)
    schema.config.base_url = server.url
    tried = 0
    for found in schema.get_all_operations():
        operation = found.ok()
        tried += 1
        _try(operation, server.url, {"Authorization": f"Bearer {key}"})
    assert tried == sum(len(operations) for operations in described["paths"].values())
    assert "ERROR" not in server.log


def _try(operation, url, headers):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def answered(case):
        case.call_and_validate(base_url=url, headers=headers, checks=CHECKS, timeout=30)

    answered()
