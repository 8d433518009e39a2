"""What is marked for translation, read from the sources as xgettext would do, which need not be installed."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from django.utils.translation.template import templatize

from tests.translations import ROOT, TEMPLATES

APPS = ("chat", "documents", "search", "langai_site")
# How many of a function's first arguments are texts, and whether the first is a context.
FUNCTIONS = {
    "gettext": (1, False),
    "gettext_noop": (1, False),
    "ngettext": (2, False),
    "pgettext": (2, True),
    "npgettext": (3, True),
    # Of langai_site/sentences.py: the code is the context.
    "sentence": (2, True),
    "counted_sentence": (3, True),
}
MODULES = ("django.utils.translation", "langai_site.words", "langai_site.sentences")
_CALLS = re.compile(r""" (_|n?p?gettext)\(((?:u?'(?:\\.|[^'\\])*'|u?"(?:\\.|[^"\\])*"|[^()'"])*)\) ?""")
# (context, text, its plural)
Message = tuple[str, str, str]


def sources() -> Iterator[Path]:
    for app in APPS:
        yield from (path for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts)


def templates() -> list[Path]:
    return sorted(path for path in TEMPLATES.rglob("*") if path.suffix in (".html", ".txt"))


def in_template(path: Path) -> set[Message]:
    """Return the messages of a template."""
    found = set()
    for name, arguments in _CALLS.findall(f" {templatize(path.read_text())} "):
        call = ast.parse(f"f({arguments})", mode="eval").body
        assert isinstance(call, ast.Call)
        found.add(_message("gettext" if name == "_" else name, call.args))
    return found


def in_module(path: Path) -> set[Message]:
    """Return the messages of a module. Fails where one is put together: nobody could translate it.

    What is read from a table or an attribute is marked where that is written.
    """
    tree = ast.parse(path.read_text())
    names = {
        alias.asname or alias.name: alias.name.removesuffix("_lazy")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module in MODULES
        for alias in node.names
        if alias.name.removesuffix("_lazy") in FUNCTIONS
    }
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names:
            written = _texts(names[node.func.id], node.args)
            assert not any(isinstance(text, ast.JoinedStr | ast.BinOp) for text in written), (
                f"{path}:{node.lineno}: what is translated must be a plain text"
            )
            if all(isinstance(text, ast.Constant) for text in written):
                found.add(_message(names[node.func.id], node.args))
    return found


def _texts(function: str, arguments: list[ast.expr]) -> list[ast.expr]:
    return arguments[: FUNCTIONS[function][0]]


def _message(function: str, arguments: list[ast.expr]) -> Message:
    texts = [ast.literal_eval(text) for text in _texts(function, arguments)]
    context = texts.pop(0) if FUNCTIONS[function][1] else ""
    return context, texts[0], texts[1] if len(texts) > 1 else ""


@cache
def all_messages() -> dict[Message, str]:
    """Return every message with a file that has it."""
    found: dict[Message, str] = {}
    for paths, read in ((templates(), in_template), (sources(), in_module)):
        for path in paths:
            found |= dict.fromkeys(read(path), str(path.relative_to(ROOT)))
    return found
