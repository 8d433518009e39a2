import asyncio
from datetime import date
from decimal import Decimal

import pytest
from django.core.files.base import ContentFile

from documents import services
from langai_site.accounts.models import User
from langai_site.outbound import door
from langai_site.outbound.models import Model
from langai_site.usage import prices
from search.models import Collection
from tests.chat.factories import first_policy
from tests.chat.handbook import LEAVE, read_all


@pytest.fixture
def alice(db):
    return User.objects.create_user("alice", password="a long enough one")


@pytest.fixture
def bob(db):
    return User.objects.create_user("bob", password="a long enough one")


@pytest.fixture
def admin(db):
    return User.objects.create_superuser("admin", password="a long enough one")


@pytest.fixture
def first(db):
    return first_policy()


@pytest.fixture
def _stores(tmp_path, settings):
    """Files and vectors in a folder of the test, and a policy: what questions about documents need."""
    settings.MEDIA_ROOT, settings.DATA_DIR, settings.MODEL_DIR = tmp_path / "files", tmp_path, tmp_path / "model"
    settings.CHROMA_URL = ""
    first_policy()


@pytest.fixture
def shared(alice):
    """A collection for everyone that alice owns."""
    made = Collection.objects.create(name="Handbook", everyone=True)
    made.owners.add(alice)
    return made


@pytest.fixture
def document(shared, admin):
    made = services.upload(collection=shared, file=ContentFile(LEAVE.encode(), "leave.txt"), user=admin, title="Leave")
    read_all()
    made.refresh_from_db()
    return made


@pytest.fixture
def echo(upstream_process, settings):
    """The one model, a hosted one with a price: it answers what the test scripts."""
    upstream_process.reset()
    settings.OPENAI_API_KEY = "sk-test-1234567890"
    settings.OPENAI_BASE_URL = upstream_process.openai_url
    settings.LOCAL_HOSTS = []
    Model.objects.create(name="hosted_vllm/echo", display_name="Echo", provider="hosted_vllm", available=True)
    rates = {"input": Decimal(1), "output": Decimal(5), "cached": Decimal("0.1")}
    prices.set_by_admin("hosted_vllm/echo", valid_from=date(2026, 1, 1), **rates)
    yield upstream_process
    asyncio.run(door.close())
