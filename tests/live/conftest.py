import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx
import pytest

from tests.conftest import needs
from tests.live.server import LangAI, sign_in

Factory = Callable[..., LangAI]


@pytest.fixture(scope="session")
def prepared_model(tmp_path_factory) -> Path:
    """The embedding model, built once for all servers of a test run."""
    from search.embeddings import prepare

    folder = tmp_path_factory.mktemp("prepared") / "model"
    prepare(folder)
    return folder


@pytest.fixture(scope="session")
def start_langai(tmp_path_factory, prepared_model) -> Iterator[Factory]:
    """`start_langai(OPENAI_BASE_URL=…)`: a server of one's own with those settings, stopped at the end of the run."""
    needs("chroma")
    started: list[LangAI] = []

    def start(**settings: str) -> LangAI:
        data = tmp_path_factory.mktemp("langai")
        if prepared_model.exists():
            shutil.copytree(prepared_model, data / "model", copy_function=os.link)
        server = LangAI(data, **settings)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="session")
def langai(start_langai) -> LangAI:
    """One server for all tests that leave it as they found it."""
    return start_langai()


@pytest.fixture
def admin(langai) -> Iterator[httpx.Client]:
    with closing(sign_in(langai.url)) as client:
        yield client
