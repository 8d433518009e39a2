"""What people read is plain English: words and turns that make them read twice stay out."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("chat", "documents", "langai_site", "search")
AVOIDED = re.compile(
    r"\b[Aa]new\b|\b(?:ought|shall|wherein|thereof|hereby|lacks?|gone on with|asked on)\b"
    r"|(?<![Tt]here )\b(?:is|are|was) no (?!longer\b|more\b)\w+"
    r"|\bElse\b"
)
TAGS = re.compile(r"{#.*?#}|{%.*?%}|{{.*?}}|<(script|style)\b.*?</\1>|<[^>]*>", re.DOTALL)


def said_by(path: Path) -> Iterator[str]:
    """The strings of a module that are sentences or parts of them, without its docstrings."""
    tree = ast.parse(path.read_text())
    statements = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in statements
        if is_text and " " in node.value.strip():
            yield node.value


def texts() -> Iterator[tuple[str, str]]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield str(path.relative_to(ROOT)), "\n".join(said_by(path))
        for path in sorted((ROOT / app).rglob("*.md")):
            yield str(path.relative_to(ROOT)), path.read_text()
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield str(path.relative_to(ROOT)), TAGS.sub(" ", path.read_text())
    yield "README.md", (ROOT / "README.md").read_text()


def test_no_text_for_people_has_a_turn_that_makes_them_read_twice():
    found = [(name, match[0]) for name, text in texts() for match in AVOIDED.finditer(text)]
    assert found == []


@pytest.mark.parametrize("text", ["Save it anew.", "“x” is no month.", "Else it only warns.", "25 passages lack"])
def test_the_list_knows_what_was_said_before(text):
    assert AVOIDED.search(text)


@pytest.mark.parametrize("text", ["It is no longer here.", "There is no such page.", "Nobody else sees it."])
def test_ordinary_sentences_pass(text):
    assert not AVOIDED.search(text)
