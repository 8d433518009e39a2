"""Old Word documents and presentations are read where LibreOffice is installed. A script stands for it here."""

import os
import sys
from pathlib import Path

import pytest

from documents import diagnosis
from documents.extraction import old_office
from documents.extraction.registry import accepted, advice, is_readable, readable_types
from documents.extraction.types import ExtractionError, LimitReachedError, Limits
from documents.models import Document
from langai_site.errors import InvalidError
from search.models import Passage
from tests.documents import files
from tests.documents.test_tasks import outcome

pytestmark = pytest.mark.django_db(transaction=True)

LIMITS = Limits(512, 20, 100, 100_000)
OLD_WORD, OLD_SLIDES = files.container("WordDocument"), files.container("PowerPoint Document")
# Writes what stands beside it, with the wanted ending, and what it was called with.
SCRIPT = """#!{python}
import os, pathlib, resource, sys
here, given = pathlib.Path(__file__).parent, sys.argv[1:]
folder, kind, path = given[given.index("--outdir") + 1], given[given.index("--convert-to") + 1], pathlib.Path(given[-1])
(here / "called").write_text("\\n".join([*given, *sorted(os.environ), str(resource.getrlimit(resource.RLIMIT_CPU)[0])]))
(here / "profile").write_text(pathlib.Path(os.environ["HOME"], "profile/user/registrymodifications.xcu").read_text())
os.makedirs(folder, exist_ok=True)
pathlib.Path(folder, path.stem + "." + kind).write_bytes((here / ("new." + kind)).read_bytes())
"""


@pytest.fixture
def office(tmp_path, monkeypatch):
    """A folder with a program that is called like LibreOffice's."""
    folder = tmp_path / "office"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")

    def install(script=SCRIPT):
        program = folder / "soffice"
        program.write_text(script.replace("{python}", sys.executable))
        program.chmod(0o755)
        (folder / "new.docx").write_bytes(files.docx("Everyone has thirty days.", "Unused days end in March."))
        (folder / "new.pptx").write_bytes(files.pptx("The old plan"))
        return folder

    return install


def converted(path):
    with old_office.saved_anew(path, ".docx", LIMITS, bool) as (newer, left):
        return newer.read_bytes(), left.seconds


def test_an_old_document_and_an_old_presentation_are_read(office, upload):
    office()
    document, slides = upload(OLD_WORD, "rules.doc"), upload(OLD_SLIDES, "plan.ppt")
    assert (outcome(document).status, outcome(slides).status) == (Document.Status.READY, Document.Status.READY)
    texts = dict(Passage.objects.values_list("source__document", "text"))
    assert "Everyone has thirty days." in texts[document.pk]
    assert "The old plan" in texts[slides.pk]
    assert {each.source.media_type for each in Passage.objects.all()} == {
        "application/msword",
        "application/vnd.ms-powerpoint",
    }


def test_it_runs_within_limits_with_a_profile_of_its_own_and_no_keys(office, tmp_path, monkeypatch):
    monkeypatch.setenv("OPENAI_API_KEY", "sk-secret")
    folder = office()
    data, left = converted(files.written(tmp_path, "a.doc", OLD_WORD))
    assert data == (folder / "new.docx").read_bytes()
    assert 0 < left <= LIMITS.seconds
    *called, seconds = (folder / "called").read_text().splitlines()
    assert "OPENAI_API_KEY" not in called
    assert int(seconds) == LIMITS.seconds
    profile = next(each for each in called if each.startswith("-env:UserInstallation=file:///"))
    assert not Path(profile.removeprefix("-env:UserInstallation=file://")).exists()
    for setting in ("DisableMacrosExecution", "BlockUntrustedRefererLinks", "ooInetProxyType"):
        assert setting in (folder / "profile").read_text()


def test_what_it_cannot_open_says_so(office, tmp_path):
    office("#!/bin/sh\nexit 0\n")
    with pytest.raises(ExtractionError, match="LibreOffice could not open this file"):
        converted(files.written(tmp_path, "a.doc", OLD_WORD))


def test_it_is_killed_with_all_that_it_started(office, tmp_path):
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    held = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    office(f'#!/bin/sh\n(echo child; exec sleep 600) > "{pipe}" &\nsleep 0.5\nkill -KILL $$\n')
    with pytest.raises(LimitReachedError):
        converted(files.written(tmp_path, "a.doc", OLD_WORD))
    # The pipe ends when nobody holds it open any more.
    os.set_blocking(held, True)
    assert b"".join(iter(lambda: os.read(held, 100), b"")) == b"child\n"
    os.close(held)


def test_another_type_is_refused_before_it_is_opened(office, tmp_path):
    folder = office()
    with pytest.raises(ExtractionError, match=r"is a PDF, though its name ends in \.doc"):
        converted(files.written(tmp_path, "a.doc", files.pdf("Text.")))
    assert not (folder / "called").exists()


def test_text_under_an_old_name_is_never_opened(office, tmp_path):
    folder = office()
    with pytest.raises(ExtractionError, match="LibreOffice could not open this file"):
        converted(files.written(tmp_path, "a.doc", "<html><iframe src='file:///etc/passwd'></iframe></html>"))
    assert not (folder / "called").exists()


def test_without_it_old_files_are_refused_with_what_to_do(upload, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(InvalidError, match=r"save it as \.docx, and upload that\. Or ask an admin to install LibreO"):
        upload(OLD_WORD, "rules.doc")
    assert not is_readable(".ppt")
    assert ".doc," not in accepted() + str(readable_types())
    assert str(advice(".xlsb")).endswith("save it as .xlsx, and upload that.")
    assert diagnosis.old_office_files().status == "off"


def test_with_it_they_are_offered(office):
    office()
    assert is_readable(".doc")
    assert ".doc," in accepted()
    assert ".pps," in str(readable_types())
    assert diagnosis.old_office_files().status == "ok"
