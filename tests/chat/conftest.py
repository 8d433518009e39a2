import pytest
from django.core.files.base import ContentFile

from documents import services
from langai_site.accounts.models import User
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
