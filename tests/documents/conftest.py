import pytest
from django.core.files.base import ContentFile

from documents import services
from documents.services import own
from documents.services.own import CollectionDescription
from langai_site.accounts.models import User
from langai_site.processes import worker
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.documents.library_pages import signed_in_as


@pytest.fixture(autouse=True)
def folder(tmp_path, settings):
    """Uploads of a test stay its own; no model and no store unless the test asks for them."""
    settings.MEDIA_ROOT, settings.DATA_DIR, settings.MODEL_DIR = tmp_path / "files", tmp_path, tmp_path / "model"
    settings.CHROMA_URL = ""
    return tmp_path


@pytest.fixture(autouse=True)
def running():
    worker.stopping.clear()
    yield
    worker.stopping.clear()


@pytest.fixture
def meaning(folder, chroma_server, model_dir, settings):
    """Search by meaning is on: the real embedder and a real store."""
    settings.CHROMA_URL, settings.MODEL_DIR = chroma_server.url, model_dir


@pytest.fixture
def alice(transactional_db):
    return User.objects.create_superuser("alice", password="a")


@pytest.fixture
def policies(transactional_db):
    return Collection.objects.create(name="Policies", everyone=True, sensitivity=Sensitivity.INTERNAL)


@pytest.fixture
def upload(policies, alice):
    def upload(data: bytes | str = "Everyone has 25 days of holiday.", name: str = "holiday.txt", **values):
        values = {"collection": policies, "user": alice, **values}
        return services.upload(file=ContentFile(data.encode() if isinstance(data, str) else data, name), **values)

    return upload


@pytest.fixture
def bob(transactional_db):
    return User.objects.create_user("bob", email="bob@example.org")


@pytest.fixture
def carol(transactional_db):
    return User.objects.create_user("carol")


@pytest.fixture
def page(bob):
    return signed_in_as(bob)


@pytest.fixture
def notes(bob):
    return own.create(bob, CollectionDescription("Notes", "", Sensitivity.PUBLIC))
