"""One warm process reads many files, and each file as if it were the only one."""

import os
import signal
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from documents.extraction import sandbox, warm_process
from documents.extraction.types import ExtractionError, LimitReachedError
from tests.documents import files
from tests.documents.files import LIMITS, written
from tests.documents.test_sandbox import GREEDY, _children, _eventually


@pytest.fixture(autouse=True)
def fresh():
    sandbox.end_warm()
    yield
    sandbox.end_warm()


@pytest.fixture
def said(tmp_path):
    """What an extractor says that does as `order` says."""

    def said(order: str, **limits: int | str) -> str:
        path = written(tmp_path, "order.txt", order)
        return sandbox.extract(path, GREEDY, replace(LIMITS, **limits)).pages[0].text

    return said


def test_one_process_reads_file_after_file_of_any_format(tmp_path, said):
    warm = said("tell_warm_process")
    sandbox.extract(written(tmp_path, "a.md", "# Words"), "documents.extraction.markdown", LIMITS)
    sandbox.extract(written(tmp_path, "a.xlsx", files.xlsx(Costs=[["Oil"]])), "documents.extraction.xlsx", LIMITS)
    sandbox.extract(written(tmp_path, "a.pdf", files.pdf("Words")), "documents.extraction.pdf", LIMITS)
    with pytest.raises(ExtractionError, match="no text"):
        sandbox.extract(written(tmp_path, "a.txt", " "), "documents.extraction.text", LIMITS)
    assert said("tell_warm_process") == warm


def test_nothing_of_a_file_reaches_the_next(said):
    opened = said("leave_things_behind").removeprefix("left behind ")
    assert said("find_things") == f"[] {opened}"


def test_each_file_has_the_limits_of_its_own(said):
    small = {"memory_mb": 256, "seconds": 30, "cpu_seconds": 7}
    assert said("tell_cpu_seconds", **small) == "7"
    with pytest.raises(LimitReachedError, match="256 MB"):
        said("eat_memory", **small)
    assert said("tell_cpu_seconds", cpu_seconds=20) == "20"
    with pytest.raises(ExtractionError, match="no other process"):
        said("start_process")
    assert said("start_process", ocr_languages="eng") == "started"


@pytest.mark.parametrize("order", ["crash", "spin"])
def test_a_file_that_breaks_its_reader_costs_only_itself_and_the_process(said, order):
    warm = said("tell_warm_process")
    with pytest.raises(LimitReachedError):
        said(order, seconds=1)
    assert said("tell_warm_process") != warm
    assert not os.path.exists(f"/proc/{warm}")


def test_a_process_is_replaced_after_so_many_files_or_bytes(said, monkeypatch):
    monkeypatch.setattr(warm_process, "MOST_FILES", 2)
    first, second, third = (said("tell_warm_process") for _ in range(3))
    assert first == second != third
    monkeypatch.setattr(warm_process, "MOST_BYTES", 1)
    assert said("tell_warm_process") == third
    assert said("tell_warm_process") != third


def test_a_process_that_has_ended_meanwhile_is_replaced(said):
    warm = said("tell_warm_process")
    os.kill(int(warm), signal.SIGKILL)
    assert said("tell_warm_process") != warm


def test_a_reading_that_is_given_up_leaves_no_process(tmp_path, said):
    warm, left = said("tell_warm_process"), []

    def leave() -> None:
        left.extend(_eventually(lambda: _both_readers(int(warm))))
        raise InterruptedError

    path = written(tmp_path, "o.txt", "sleep_with_another")
    with pytest.raises(InterruptedError):
        sandbox.extract(path, GREEDY, replace(LIMITS, ocr_languages="eng"), leave)
    _eventually(lambda: not any(os.path.exists(f"/proc/{pid}") for pid in left))
    assert len(left) == 2


def _both_readers(warm: int) -> list[str]:
    readers = _children(warm)
    found = readers + [pid for reader in readers for pid in _children(int(reader))]
    return found if len(found) == 2 else []


def test_an_idle_process_ends_by_itself(said, monkeypatch):
    from documents.extraction import warm

    assert 0 < warm.IDLE_SECONDS <= 60
    ours, theirs = warm.socket.socketpair()
    monkeypatch.setattr(warm, "IDLE_SECONDS", 0.01)
    monkeypatch.setattr(warm.signal, "signal", lambda *_: None)
    with ours, theirs:
        warm.WarmServer(theirs).run()


def test_each_thread_has_a_process_of_its_own_that_ends_with_it(said):
    mine, theirs = said("tell_warm_process"), []
    thread = threading.Thread(target=lambda: theirs.append(said("tell_warm_process")))
    thread.start()
    thread.join()
    assert theirs[0] != mine
    _eventually(lambda: not Path(f"/proc/{theirs[0]}").exists())
