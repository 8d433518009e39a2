import pytest

from langai_site.outbound.connections import reading, sealing
from langai_site.outbound.models import Connection
from tests.outbound.conftest import _nothing_known, connections  # noqa: F401

KEY = "sk-connected-5f0c2b7e91"


@pytest.fixture(autouse=True)
def _nothing_in_the_environment(settings):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OLLAMA_BASE_URL"):
        setattr(settings, name, "")
    settings.ANSWER_START_TIMEOUT = settings.ANSWER_IDLE_TIMEOUT = 5


@pytest.fixture
def upstream(upstream_process):
    upstream_process.reset()
    return upstream_process


def connect(address, *, slug="office", key=KEY, **values):
    """Make a connection as the page saves it. Synchronous."""
    values = {"kind": "compatible", "name": slug.capitalize(), "sealed_key": sealing.seal(key)} | values
    connection = Connection.objects.create(slug=slug, address=address, **values)
    reading.read()
    return connection
