import gc
import importlib.util
import os
import shutil
import time
from collections.abc import Callable

import hypothesis
import pytest

from tests.servers import CHROMIUM, NGINX, POSTGRES_PROGRAMS, Chroma
from tests.shared import made_once, manage
from tests.tables import copy_postgres_tables, tables_of_now

# A test that imports LiteLLM by itself: its import would fetch a list of prices.
os.environ.setdefault("LITELLM_LOCAL_MODEL_COST_MAP", "True")

# An example may take as long as a busy machine needs for it; what work costs is counted by tests of its own.
hypothesis.settings.register_profile("unhurried", parent=hypothesis.settings.default, deadline=None)
hypothesis.settings.load_profile("unhurried")

PARTS: dict[str, Callable[[], object]] = {
    "chromium": lambda: CHROMIUM,
    "chroma": lambda: importlib.util.find_spec("chromadb"),
    "redis": lambda: shutil.which("redis-server"),
    "postgres": lambda: POSTGRES_PROGRAMS,
    "nginx": lambda: NGINX,
    "tesseract": lambda: shutil.which("tesseract"),
    "langchain": lambda: importlib.util.find_spec("langchain_openai"),
    "llm": lambda: importlib.util.find_spec("llm"),
    "xllamacpp": lambda: importlib.util.find_spec("xllamacpp"),
}
SERVERS = {"chroma_server", "model_dir", "both_models", "upstream_process"}


def needs(part: str) -> None:
    """Skip the test where `part` is not installed; fail it where LANGAI_TEST_REQUIRE names the part."""
    if PARTS[part]():
        return
    if part in os.environ.get("LANGAI_TEST_REQUIRE", "").split(","):
        pytest.fail(f"{part} is required here but not installed")
    pytest.skip(f"{part} is not installed")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Begin with the tests that start servers, which wait most; on PostgreSQL keep only those that use the database."""
    if config.getoption("only_database"):
        kept = [item for item in items if uses_database(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    if config.getoption("quick"):
        kept = [item for item in items if not starts_servers(item)]
        config.hook.pytest_deselected(items=[item for item in items if item not in set(kept)])
        items[:] = kept
    items.sort(key=waits_most, reverse=True)


def pytest_collection_finish() -> None:
    """Spare the garbage collector the thousands of tests and modules, which stay until the end: 6 % of the CPU."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 20)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--only-database", action="store_true", help="run only the tests that use the database")
    parser.addoption("--quick", action="store_true", help="run only the tests that start no server and no browser")


def uses_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return item.get_closest_marker("django_db") is not None or not {"db", "transactional_db"}.isdisjoint(fixtures)


def starts_servers(item: pytest.Item) -> bool:
    """Return whether a test needs a program beside it, or what takes long to prepare for all tests."""
    fixtures = getattr(item, "fixturenames", ())
    is_heavy = item.path.parent.name in ("live", "ops", "audit", "search_quality")
    return is_heavy or item.get_closest_marker("needs") is not None or not SERVERS.isdisjoint(fixtures)


def waits_most(item: pytest.Item) -> bool:
    return item.path.parent.name in ("live", "ops")


@pytest.fixture(scope="session")
def chroma_server(tmp_path_factory):
    """A real vector store for the tests of one run."""
    server = Chroma(tmp_path_factory.mktemp("chroma")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def model_dir(tmp_path_factory):
    """The folder of the real embedding model for English alone, built once for the tests of one run."""
    from search.embeddings import local

    def build(folder):
        assert local.prepare(folder / "model") == ""

    return made_once(tmp_path_factory, "model-en", build) / "model"


@pytest.fixture(scope="session")
def both_models(tmp_path_factory, model_dir):
    """The folder of both local models, as every installation has them."""
    from search import embeddings

    def build(folder):
        shutil.copytree(model_dir, folder / "model")
        assert embeddings.prepare(folder / "model") == ""

    return made_once(tmp_path_factory, "models", build) / "model"


@pytest.fixture(scope="session")
def tables():
    """An SQLite database with all tables and nobody in it, to be copied: migrations take 12 seconds of CPU."""
    return tables_of_now()


@pytest.fixture(scope="session")
def prepared(tmp_path_factory, tables):
    """A data folder as a first start leaves it: static files and models are the same for every server.

    Made by somebody whose files everybody may read and write, unless LangAI sees to it.
    """

    def prepare(folder):
        shutil.copy(tables, folder / "langai.sqlite3")
        before = os.umask(0)
        try:
            manage(folder, "setup")
        finally:
            os.umask(before)

    return made_once(tmp_path_factory, "prepared", prepare)


@pytest.fixture(scope="session")
def folder_with_tables(tmp_path_factory, tables):
    """`folder_with_tables(name)`: a new data folder with such a database."""

    def make(name):
        folder = tmp_path_factory.mktemp(name)
        shutil.copy(tables, folder / "langai.sqlite3")
        return folder

    return make


@pytest.fixture(scope="session")
def upstream_process():
    """The tests' own model server, for the tests of one run."""
    from tests.upstream import running_upstream

    with running_upstream() as upstream:
        yield upstream


@pytest.fixture(scope="session", autouse=True)
def quick_passwords():
    """Hash passwords in microseconds instead of half a second of CPU; servers under test keep the real hasher."""
    from django.test import override_settings

    # `force_login` leaves no record of a password, so nobody is asked for it again but in the tests of that.
    with override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"], REAUTHENTICATE_AFTER=0):
        yield


@pytest.fixture(scope="session", autouse=True)
def static_folder():
    """Where static files are collected to: the middleware that serves them warns where it is missing."""
    from django.conf import settings

    settings.STATIC_ROOT.mkdir(exist_ok=True)


@pytest.fixture(scope="session", autouse=True)
def compiled_catalogues():
    """The translations, as `manage.py setup` compiles them."""
    from langai_site.processes import catalogues

    catalogues.setup_step()


@pytest.fixture(autouse=True)
def english():
    """A test's requests do not leave their language to the next: the test client answers them in the test's thread."""
    from django.utils import translation

    translation.deactivate()
    yield
    translation.deactivate()


@pytest.fixture(autouse=True)
def needed_parts(request):
    """`@pytest.mark.needs("redis")`: the test uses that program."""
    for mark in request.node.iter_markers("needs"):
        for part in mark.args:
            needs(part)


@pytest.fixture(autouse=True)
def plain_static_files(settings):
    """Pages are drawn without files having been collected."""
    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    settings.STORAGES = {**settings.STORAGES, "staticfiles": plain}


@pytest.fixture(autouse=True)
def no_titles_by_models(settings):
    """Tests count what reaches a model; those of titles switch them on."""
    settings.TITLES = "off"


@pytest.fixture(autouse=True)
def nothing_remembered():
    """A test's sensitive patterns, its policy and its budgets are gone with its rows."""
    yield
    from chat.routing import policies
    from langai_site.detectors import patterns
    from langai_site.outbound import catalogue
    from langai_site.usage.spending import budgets

    for room in (patterns, policies, budgets):
        room.forget()
    catalogue.forget_names()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(django_db_modify_db_settings_parallel_suffix, tmp_path_factory):
    """Name the database of this process and make it by copying one that has all tables.

    On SQLite each process has one of its own, so that two runs in one folder do not meet. It is a file, so that the
    writer thread and the test's own thread see the same rows; no test needs it after the machine has failed, so nothing
    waits for the disk.
    """
    from django.db import connection

    if connection.vendor == "sqlite":
        name = tmp_path_factory.mktemp("database") / "langai.sqlite3"
        shutil.copy(tables_of_now(), name)
        connection.settings_dict["TEST"]["NAME"] = str(name)
        connection.settings_dict["OPTIONS"]["init_command"] += " PRAGMA synchronous=OFF;"
    else:
        copy_postgres_tables(connection)


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings):
    """Let Django use the copy as it is; what it is in goes away with the run."""
    return True


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup):
    """Empty the database quickly after a test that commits, and release PostgreSQL's pool at the end."""
    from django.test import TransactionTestCase

    from tests.empty_database import empty_database

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_database)
        yield
    from django.db import connection

    if connection.vendor == "postgresql":
        connection.close_pool()


@pytest.fixture(autouse=True)
def fresh_caches():
    """What one test's people have done does not count against the next one's, and answers them nothing."""
    from django.core.cache import caches

    for alias in ("limits", "resting", "answers", "vectors"):
        caches[alias].clear()


@pytest.fixture(autouse=True)
def no_connections(monkeypatch):
    """Each test starts without connections, and reads them when it has saved one itself."""
    from langai_site.outbound.connections import known, reading

    known.put({})
    monkeypatch.setattr(reading, "_read_at", time.monotonic())
    monkeypatch.setattr(reading, "SECONDS", 3600)
