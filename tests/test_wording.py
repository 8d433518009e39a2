"""What people read is plain English: words and turns that make them read twice stay out."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("chat", "documents", "langai_site", "search")
AVOIDED = re.compile(
    r"\b[Aa]new\b|\b(?:ought|shall|wherein|thereof|hereby|lacks?|gone on with|asked on)\b"
    r"|(?<![Tt]here )\b(?:is|are|was) no (?!longer\b|more\b|worse\b|better\b)\w+"
    r"|\bElse\b|\b(?:afresh|with a doubt|[Ss]o it is with|say who may)\b"
)
AVOIDED_IN_CODE = re.compile(
    AVOIDED.pattern
    + r"|\b(?:lest|whoever|but for|told of|looked (?:for|through)|(?:go|goes) on with)\b|, for (?:it|they|there)\b"
)
NOT_IMPERATIVE = re.compile(r"(?:Whether|Why|Whom?|What|Where|Which|How|Those|The|An?)\b")
# Their docstrings of operations describe them to the API's users.
DESCRIBED = {"api.py", "api_v1.py"}
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
    for path in (
        ROOT / "README.md",
        ROOT / "CONTRIBUTING.md",
        ROOT / "SECURITY.md",
        *sorted((ROOT / "docs").rglob("*.md")),
    ):
        yield str(path.relative_to(ROOT)), path.read_text()


def test_no_text_for_people_has_a_turn_that_makes_them_read_twice():
    found = [(name, match[0]) for name, text in texts() for match in AVOIDED.finditer(text)]
    assert found == []


@pytest.mark.parametrize(
    "text",
    ["Save it anew.", "“x” is no month.", "Else it only warns.", "25 passages lack", "Say so: say who may read it"],
)
def test_the_list_knows_what_was_said_before(text):
    assert AVOIDED.search(text)


@pytest.mark.parametrize("text", ["It is no longer here.", "There is no such page.", "Nobody else sees it."])
def test_ordinary_sentences_pass(text):
    assert not AVOIDED.search(text)


def explained() -> Iterator[Path]:
    for app in APPS:
        for path in sorted((ROOT / app).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path


def docstrings(path: Path) -> Iterator[tuple[ast.AST, str]]:
    for node in ast.walk(ast.parse(path.read_text())):
        can_have_one = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if can_have_one and (words := ast.get_docstring(node)):
            yield node, " ".join(words.split())


def comments(path: Path) -> Iterator[str]:
    tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
    return (token.string for token in tokens if token.type == tokenize.COMMENT and "# noqa" not in token.string)


def test_no_docstring_or_comment_has_a_turn_that_makes_people_read_twice():
    found = [
        (str(path.relative_to(ROOT)), match[0])
        for path in explained()
        for words in (*(words for _node, words in docstrings(path)), *comments(path))
        for match in AVOIDED_IN_CODE.finditer(words)
    ]
    assert found == []


def test_the_docstring_of_a_function_begins_with_an_imperative():
    found = [
        (str(path.relative_to(ROOT)), words)
        for path in explained()
        if path.name not in DESCRIBED
        for node, words in docstrings(path)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and NOT_IMPERATIVE.match(words)
    ]
    assert found == []


@pytest.mark.parametrize("text", ["Few, for they wait.", "All but for one.", "whoever asks", "It is told of that."])
def test_the_list_knows_what_comments_said_before(text):
    assert AVOIDED_IN_CODE.search(text)
