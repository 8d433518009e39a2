"""What the documents tell people to type, open or look at exists."""

import importlib.util
import re
from pathlib import Path

import pytest
from django.core.management import get_commands

ROOT = Path(__file__).parent.parent
TOP = ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md")
DOCUMENTS = [*(ROOT / name for name in TOP), *sorted((ROOT / "docs").rglob("*.md"))]
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
ROOMS = ("chat", "documents", "search", "langai_site", "templates", "static", "tests", "docs", ".ci")
PATH = re.compile(rf"(?:{'|'.join(map(re.escape, ROOMS))})/[\w./-]*")

pytestmark = pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)


def code(document: Path) -> list[str]:
    """The document's code, in its lines and in its blocks: where commands stand, and no prose."""
    text = document.read_text()
    blocks = re.findall(r"^```[^\n]*\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    indented = re.findall(r"^ {4}(\S.*)$", text, re.MULTILINE)
    return [*blocks, *indented, *SPAN.findall(text)]


def named(document: Path, pattern: str) -> set[str]:
    return {name for piece in code(document) for name in re.findall(pattern, piece)}


def test_a_page_is_text_in_lines_without_the_marks_of_a_conflict(document):
    lines = document.read_text().splitlines()
    assert lines[0].startswith("# ")
    assert [line for line in lines if re.match(r"(<{7}|>{7}|={7})", line) or len(line) > 1000] == []


def test_commands_of_manage_py_exist(document):
    assert named(document, r"manage\.py ([a-z_]+)") <= set(get_commands())


def test_targets_of_make_exist(document):
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named(document, r"\bmake ([a-z-]+)") <= targets


def test_modules_to_run_exist(document):
    for module in named(document, r"python -m (tests[\w.]*)"):
        assert importlib.util.find_spec(module), module


def test_files_and_folders_named_exist(document):
    paths = {span for span in SPAN.findall(document.read_text()) if PATH.fullmatch(span)}
    assert [path for path in sorted(paths) if not (ROOT / path).exists()] == []


def test_relative_links_resolve(document):
    targets = {link.split("#")[0] for link in LINK.findall(document.read_text()) if not re.match(r"\w+:", link)}
    assert [target for target in sorted(targets) if not (document.parent / target).exists()] == []
