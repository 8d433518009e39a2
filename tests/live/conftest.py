import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.conftest import needs
from tests.live import rows
from tests.live.browser import Visit, chromium, visiting
from tests.live.person import Person, invited, signed_in
from tests.live.server import LangAI
from tests.shared import furnish
from tests.upstream import Upstream, running_upstream

Factory = Callable[..., LangAI]
# What the upstream lists; the names say what each answers, see tests/upstream/plans.py.
FAILING = ("unauthorized", "busy", "broken", "cut", "malformed", "hang")
MODELS = (
    "echo",
    "echo-r20",
    "t500-r0-d0",
    "t60-r30",
    "t90-r30",
    "t300-r250",
    "t3000-r30",
    "t3000-r250",
    "t5-h5-r0",
    "t5-h40-r20",
    "t5-h200-r20",
    "t5-h90-r20",
    "t3-h400-r20",
    *(f"fail-{failure}-echo" for failure in FAILING),
    # Slow enough that what comes before the cut is read before the reset throws it away.
    "fail-cut-echo-r50",
)


@contextmanager
def servers(tmp_path_factory, prepared: Path, tables: Path) -> Iterator[Factory]:
    needs("chroma")
    started: list[LangAI] = []

    def start(*, is_first: bool = False, has_handbook: bool = True, **settings: str) -> LangAI:
        data = tmp_path_factory.mktemp("langai")
        furnish(data, prepared)
        if not has_handbook:
            (data / "handbook.loaded").touch()
        if not is_first:
            shutil.copy(tables, data / "langai.sqlite3")
        server = LangAI(data, **settings)
        started.append(server)
        return server.start()

    try:
        yield start
    finally:
        for server in started:
            server.stop()


@pytest.fixture(scope="module")
def start_langai(tmp_path_factory, prepared, tables) -> Iterator[Factory]:
    """`start_langai(OPENAI_BASE_URL=…)`: a server of one's own with those settings, stopped after the module.

    It has nobody in it yet, but a database with all tables; with `is_first` it makes them itself. Without the handbook
    it starts with half of the CPU: its worker has nothing to embed.
    """
    with servers(tmp_path_factory, prepared, tables) as start:
        yield start


@pytest.fixture(scope="session")
def upstream() -> Iterator[Upstream]:
    """The language model server that `langai` is connected to."""
    with running_upstream() as upstream:
        upstream.list_models(*MODELS)
        yield upstream


@pytest.fixture(scope="session")
def langai(tmp_path_factory, prepared, tables, upstream) -> Iterator[LangAI]:
    """One server for all tests that leave it as they found it. Nothing they do may surprise it."""
    with servers(tmp_path_factory, prepared, tables) as start:
        server = start(OPENAI_BASE_URL=upstream.openai_url, ANSWER_START_TIMEOUT="4", ANSWER_IDLE_TIMEOUT="4")
        rows.until_connected(server)
        yield server
        assert " ERROR " not in server.log, server.log


@pytest.fixture(scope="session")
def admin(langai) -> Iterator[Person]:
    """Who made the server: may upload and invite."""
    with signed_in(langai) as person:
        yield person


@pytest.fixture(scope="session")
def newcomers(langai, admin) -> Iterator[list[Person]]:
    """Two people whom the admin invited."""
    with ExitStack() as stack:
        yield [stack.enter_context(invited(admin, name)) for name in ("alice", "bob")]


@pytest.fixture(scope="session")
def alice(newcomers) -> Person:
    return newcomers[0]


@pytest.fixture(scope="session")
def bob(newcomers) -> Person:
    return newcomers[1]


class OpenBrowser:
    """One Chromium for files of tests that follow one another: starting it takes two seconds of CPU.

    It is closed before a file that begins without it: Playwright holds an event loop, which asynchronous tests need for
    themselves.
    """

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._browser: Browser | None = None
        self._file: Path | None = None

    def get(self) -> Browser:
        if self._browser and not self._browser.is_connected():
            self.close()
        self._browser = self._browser or self._stack.enter_context(chromium())
        return self._browser

    def close(self) -> None:
        self._browser = None
        self._stack.close()

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        if item.path != self._file and "open_browser" not in getattr(item, "fixturenames", ()):
            self.close()
        self._file = item.path


@pytest.fixture(scope="session")
def open_browser(pytestconfig) -> Iterator[OpenBrowser]:
    needs("chromium")
    opened = OpenBrowser()
    pytestconfig.pluginmanager.register(opened)
    yield opened
    pytestconfig.pluginmanager.unregister(opened)
    opened.close()


@pytest.fixture(scope="module")
def browser(open_browser) -> Browser:
    """A module's Chromium."""
    return open_browser.get()


@pytest.fixture
def visit(browser, alice, langai) -> Iterator[Visit]:
    """Alice's browser, on the new chat's page."""
    with visiting(browser, alice, langai) as visit:
        visit.open()
        yield visit
