"""The words of scripts: each is brought by the pages that load the script, and nothing else is."""

import re

import pytest
from django.utils import translation

from langai_site.web import script_words
from tests.translations import ROOT

STATIC = ROOT / "static"
CALL = re.compile(r"""\btranslated\(\s*("(?:[^"\\]|\\.)*")""")
ADMIN_CALL = re.compile(r"""(?:WORDS|\?\? "\{\}"\))\[("[^"]*")\]""")
# Scripts that only some pages load; all others may be on any page.
LIBRARY = {"library"}
CHAT = {
    *("chat", "thread", "socket", "attaching", "completing", "models", "code", "copying", "aloud", "diagrams", "panel"),
    *("thinking", "again", "dragging", "comparing", "compared"),
}
# Texts in scripts that are not words for people: selectors, header names, classes and the like have no full stop.
SENTENCE = re.compile(r"""(?<!translated\()"([A-Z][^"]* [^"]*[.…!?])\"""")


def words_in(names, call=CALL):
    return {text.strip('"') for name in names for text in call.findall((STATIC / f"{name}.js").read_text())}


def plain(texts):
    with translation.override("en"):
        return {str(text) for text in texts}


def test_each_kind_of_page_brings_the_words_of_its_scripts():
    everywhere = {path.stem for path in STATIC.glob("*.js")} - CHAT - LIBRARY
    pages = words_in(everywhere)
    assert plain(script_words.PAGES) == pages
    assert plain(script_words.CHAT) == words_in(CHAT) - pages
    assert plain(script_words.LIBRARY) == words_in(LIBRARY) - pages
    admin = [f"admin/{path.stem}" for path in (STATIC / "admin").glob("*.js")]
    assert plain(script_words.ADMIN) == words_in(admin, ADMIN_CALL)


# docs.js names parts of the description of the API, which is English.
@pytest.mark.parametrize("path", sorted(set(STATIC.glob("*.js")) - {STATIC / "docs.js"}), ids=lambda path: path.name)
def test_no_sentence_of_a_script_is_without_its_mark(path):
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith(("//", "/*"))]
    assert [found for line in lines for found in SENTENCE.findall(line)] == []


def test_only_other_languages_bring_words():
    words = script_words.ScriptWords()
    assert (words.pages, words.chat) == (None, None)
    with translation.override("de"):
        assert words.pages is not None
        assert words.chat is not None
        assert words.pages["Copied"] == "Kopiert"
        assert "Sending…" not in words.pages
        assert words.chat["Sending…"] == "Wird gesendet…"
