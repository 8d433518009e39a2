import io
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from documents.extraction import sandbox, warm_process
from documents.extraction.registry import FORMATS
from documents.extraction.types import ExtractedPage, ExtractionError, Note, Unread
from tests.documents import files
from tests.documents.files import LIMITS, written

GREEDY = "tests.documents.greedy"


def told(tmp_path: Path, order: str, **limits: int) -> str:
    """The message for a file whose extractor does as `order` says."""
    with pytest.raises(ExtractionError) as failure:
        sandbox.extract(written(tmp_path, "order.txt", order), GREEDY, replace(LIMITS, **limits))
    return failure.value.message


def test_pages_and_headings_come_back_whole(tmp_path):
    path = written(tmp_path, "a.md", "# Grüße\n\n漢字 and \u2028 more 👩‍👩‍👧")
    extracted = sandbox.extract(path, "documents.extraction.markdown", LIMITS)
    assert extracted.title == "Grüße"
    assert extracted.pages == (ExtractedPage(path.read_text()),)
    assert extracted.headings[0].text == "Grüße"


def test_labels_and_row_numbers_come_back_whole(tmp_path):
    data = files.xlsx(Bücher=[["Title", "Year"], ["Moby-Dick", 1851]])
    extracted = sandbox.extract(written(tmp_path, "a.xlsx", data), "documents.extraction.xlsx", LIMITS)
    assert extracted.pages == (ExtractedPage("Title | Year\nMoby-Dick | 1851", "Bücher", 1),)
    assert not extracted.numbered


def test_notes_come_back_added_up_and_the_chosen_encoding_goes_there(tmp_path):
    path = written(tmp_path, "order.txt", "leave_notes")
    extracted = sandbox.extract(path, GREEDY, replace(LIMITS, encoding="cp1254"))
    assert extracted.pages[0].text == "cp1254"
    assert extracted.notes == (
        Note(Unread.PICTURES, pages=(2, 3), count=2),
        Note(Unread.ATTACHMENT, "budget .xlsx", count=1),
    )


def test_a_reason_comes_back_as_it_was_given(tmp_path):
    with pytest.raises(ExtractionError, match="no text layer"):
        sandbox.extract(written(tmp_path, "a.pdf", files.scanned_pdf()), "documents.extraction.pdf", LIMITS)


def test_a_full_disk_is_not_blamed_on_the_file(tmp_path, monkeypatch):
    with open("/dev/full", "r+b", buffering=0) as full, (tmp_path / "complaints").open("w+b") as complaints:
        opened = iter([full, complaints])
        monkeypatch.setattr(sandbox.tempfile, "TemporaryFile", lambda: next(opened))
        assert "disk is full" in told(tmp_path, "tell_cpu_seconds")


def test_no_half_of_a_line_is_written_when_memory_runs_out(tmp_path):
    assert "256 MB of memory" in told(tmp_path, "run_out_of_memory_while_writing", memory_mb=256)


def test_a_memory_hog_is_stopped_at_its_limit(tmp_path):
    assert "256 MB of memory" in told(tmp_path, "eat_memory", memory_mb=256)


@pytest.mark.parametrize("order", ["spin", "sleep"])
def test_an_endless_reader_is_stopped_at_its_limit(tmp_path, order):
    started = time.monotonic()
    assert "longer than 1 seconds" in told(tmp_path, order, seconds=1)
    assert time.monotonic() - started < LIMITS.seconds / 2


@pytest.mark.parametrize(
    ("content", "packing", "seconds"),
    [
        (b"x" * 3_000_000, zipfile.ZIP_STORED, 20 + 14),
        # What is packed more densely than office files are may be there to explain time: it counts for twenty times.
        (bytes(10_000_000), zipfile.ZIP_DEFLATED, 20),
        (b"x" * 10_000_000, zipfile.ZIP_STORED, 60),
    ],
)
def test_an_office_file_may_take_the_processor_time_that_it_explains_once_unpacked(tmp_path, content, packing, seconds):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", packing) as archive:
        archive.writestr("tell_cpu_seconds", content)
    path = written(tmp_path, "order.zip", packed.getvalue())
    allowed = replace(LIMITS, seconds=60, cpu_seconds=20, unpacked_cpu_seconds=5)
    assert sandbox.extract(path, GREEDY, allowed).pages[0].text == str(seconds)


def test_a_crash_is_told_without_private_details(tmp_path):
    assert "damaged, or too complex" in told(tmp_path, "crash")
    assert "private" not in told(tmp_path, "raise_error")


def test_the_log_says_where_a_reader_failed_but_not_what_it_read(tmp_path, caplog):
    told(tmp_path, "raise_error")
    assert "in raise_error; ValueError" in caplog.text
    assert "private" not in caplog.text


def test_output_is_bounded(tmp_path):
    assert "damaged, or too complex" in told(tmp_path, "write_endlessly", max_chars=1000)


def test_no_other_process_can_be_started_but_to_recognise_text(tmp_path):
    assert told(tmp_path, "start_process") == "no other process may be started"
    path = written(tmp_path, "order.txt", "start_process")
    assert sandbox.extract(path, GREEDY, replace(LIMITS, ocr_languages="eng")).pages[0].text == "started"


def test_no_more_files_can_be_open_than_a_format_needs(tmp_path):
    assert told(tmp_path, "open_files") == "too many open files"


@pytest.mark.parametrize("suffix", [".txt", ".md", ".rst", ".csv", ".json"])
def test_text_is_read_without_the_libraries_of_other_formats(suffix):
    code = (
        f"import sys, {FORMATS[suffix].module};"
        "print({'openpyxl', 'pypdfium2', 'selectolax', 'xml', 'email', 'chardet'} & set(sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=warm_process.ROOT, capture_output=True, text=True, timeout=300
    )
    assert done.stdout == "set()\n", done.stderr


def test_the_process_sees_no_secrets_and_loads_no_django(tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    environment = sandbox.extract(written(tmp_path, "o.txt", "tell_environment"), GREEDY, LIMITS).pages[0].text
    assert "sk-secret" not in environment
    modules = sandbox.extract(written(tmp_path, "o.txt", "tell_modules"), GREEDY, LIMITS).pages[0].text.splitlines()
    assert "django" not in modules


def test_a_watcher_can_end_the_reading(tmp_path):
    def leave() -> None:
        raise InterruptedError

    started = time.monotonic()
    with pytest.raises(InterruptedError):
        sandbox.extract(written(tmp_path, "o.txt", "sleep"), GREEDY, LIMITS, leave)
    assert time.monotonic() - started < LIMITS.seconds / 2


def test_the_process_dies_with_its_worker(tmp_path):
    order = written(tmp_path, "o.txt", "sleep")
    code = (
        "from pathlib import Path; from documents.extraction import sandbox; from tests.documents.files import LIMITS;"
        f"sandbox.extract(Path({str(order)!r}), {GREEDY!r}, LIMITS)"
    )
    worker = subprocess.Popen([sys.executable, "-c", code], cwd=warm_process.ROOT)
    warm = _eventually(lambda: _children(worker.pid))[0]
    child = _eventually(lambda: _children(int(warm)))[0]
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    _eventually(lambda: not os.path.exists(f"/proc/{warm}") and not os.path.exists(f"/proc/{child}"))


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def _eventually(condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if value := condition():
            return value
        time.sleep(0.05)
    raise AssertionError("it did not happen within a minute")
