"""No word of a template or a module is without its mark."""

import ast

import pytest

from tests.translations import is_excused
from tests.translations.marked import sources, templates
from tests.translations.unmarked import has_words, unmarked

# Texts of templates that are the same in every language: names of programs that are not ours.
SAME = {"Open WebUI"}
# Keyword arguments that pages show.
SHOWN = {
    "label",
    "help_text",
    "verbose_name",
    "verbose_name_plural",
    "description",
    "empty_label",
    "empty_value_display",
}
# Functions whose second argument a page shows.
MESSAGES = {"success", "info", "warning", "error"}


def test_every_word_of_a_template_is_marked():
    found = {str(path): unmarked(path.read_text()) for path in templates() if not is_excused(path)}
    assert {path: texts for path, some in found.items() if (texts := [text for text in some if text not in SAME])} == {}


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("<p>Hello</p>", ["Hello"]),
        ("<p>{% translate 'Hello' %} · {{ name }}</p>", []),
        ("{% blocktranslate trimmed %}Hello <b>you</b>{% endblocktranslate %}", []),
        ("{# a note #}{% comment %}another{% endcomment %}<script>let word</script>", []),
        ('<a title="Open {{ name }}">1</a>', ["Open \ufffd"]),
        ('<a title="{% translate "Open" %}" data-go="there" class="button">LangAI</a>', []),
        ('<a data-told="Copied it"></a>', ["Copied it"]),
        ("{{ count }} {{ count|pluralize }}", ["|pluralize"]),
        ('{{ name|default:"nobody" }}{{ date|date:"j F Y" }}', ['"nobody"']),
        ('{% include "a.html" with name="Some words" kind="thing" %}', ['"Some words"']),
        ('<input type="submit" value="Save"><input type="hidden" value="Save">', ["Save"]),
    ],
)
def test_the_guard_sees_what_people_see(source, found):
    assert unmarked(source) == found


def shown_texts(tree: ast.Module, errors: set[str]) -> list[tuple[int, str]]:
    """The plain texts that a module hands to what shows them, each with its line."""
    found = []
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        of = getattr(getattr(node.func, "value", None), "id", "")
        texts = [keyword.value for keyword in node.keywords if keyword.arg in SHOWN]
        texts += node.args[:1] if name in errors else node.args[1:2] if of == "messages" and name in MESSAGES else []
        found += [(text.lineno, words) for text in texts if has_words(words := plain(text))]
    return found


def plain(node: ast.expr) -> str:
    """The text of a constant or an f-string; empty for everything else."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        return "".join(plain(value) for value in node.values)
    return ""


def error_names() -> set[str]:
    """The names of all errors that a page may show. Read off the modules: which of them are imported differs."""
    classes = [
        node for path in sources() for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.ClassDef)
    ]
    known: set[str] = set()
    found = {"LangAIError"}
    while not found <= known:
        known |= found
        found = {node.name for node in classes if known & {ast.unparse(base).rpartition(".")[2] for base in node.bases}}
    return known


def test_every_text_that_a_module_shows_is_marked():
    errors = error_names()
    found = {
        str(path): texts
        for path in sources()
        if not is_excused(path) and (texts := shown_texts(ast.parse(path.read_text()), errors))
    }
    assert found == {}


def test_the_guard_sees_what_a_module_shows():
    source = """
raise InvalidError("Not this.")
raise InvalidError(f"Not {this} one.")
raise InvalidError(_("Marked."))
messages.success(request, "Done.")
forms.CharField(label="Name", help_text=gettext_lazy("Marked"))
logger.error("Not shown")
"""
    assert [text for _, text in shown_texts(ast.parse(source), {"InvalidError"})] == [
        *("Not this.", "Not  one.", "Done.", "Name"),
    ]
