"""No style says what a browser does not know: a misspelt property or value is ignored there without a word."""

import itertools
from collections.abc import Iterator

import pytest
import tinycss2
from tinycss2.ast import AtRule, Declaration, ParseError, QualifiedRule

from tests.shared import ROOT

pytestmark = pytest.mark.needs("chromium")
STYLES = sorted((ROOT / "static").rglob("*.css"))
# Their contents are rules, with declarations in them; other rules hold descriptors, which have meanings of their own.
HOLD_RULES = {"layer", "media", "supports", "container", "scope", "starting-style", "keyframes"}
# Safari draws its own mark beside ours without this rule, and Chromium has no such mark.
SAFARIS = "summary::-webkit-details-marker"
SUPPORTED = """queries => queries.filter(
    ([name, value]) => !(name === "selector" ? CSS.supports(`selector(${value})`) : CSS.supports(name, value))
)"""


def queries(content: list, *, in_keyframes: bool = False) -> Iterator[tuple[str, str]]:
    """Yield each declaration as (property, value) and each selector as ("selector", text)."""
    for node in content:
        if isinstance(node, ParseError):
            yield "error", node.message
        elif isinstance(node, Declaration):
            if not node.name.startswith("--"):
                yield node.name, tinycss2.serialize(node.value).strip()
        elif isinstance(node, QualifiedRule):
            if not in_keyframes:
                yield from (("selector", one) for one in selectors(node.prelude))
            yield from queries(inside(node))
        elif isinstance(node, AtRule) and node.content is not None and node.lower_at_keyword in HOLD_RULES:
            yield from queries(inside(node), in_keyframes=node.lower_at_keyword == "keyframes")


def inside(node: QualifiedRule | AtRule) -> list:
    return tinycss2.parse_blocks_contents(node.content, skip_comments=True, skip_whitespace=True)


def selectors(prelude: list) -> list[str]:
    """Return the selectors of a list one by one: CSS.supports knows no lists."""
    commas = [number for number, node in enumerate(prelude) if node == ","]
    bounds = [-1, *commas, len(prelude)]
    texts = [tinycss2.serialize(prelude[begin + 1 : end]).strip() for begin, end in itertools.pairwise(bounds)]
    return [text for text in texts if not text.endswith(SAFARIS)]


def asked(style: str) -> list[tuple[str, str]]:
    return list(queries(tinycss2.parse_stylesheet(style, skip_comments=True, skip_whitespace=True)))


@pytest.fixture(scope="module")
def unknown(browser):
    """`unknown(style)`: the declarations and selectors of a style sheet that the browser does not know."""
    page = browser.new_page()
    yield lambda style: [tuple(pair) for pair in page.evaluate(SUPPORTED, asked(style))]
    page.close()


def test_a_misspelt_declaration_is_found(unknown):
    style = """
        a { colour: red; color: rde; color: var(--text); --own: anything }
        @media (width < 30rem) { ul { display: gird; & :hoover { margin: 0 } } }
        @keyframes pulse { 50% { opactiy: 0 } }
    """
    assert {name for name, _ in unknown(style)} == {"colour", "color", "display", "selector", "opactiy"}
    assert not unknown("a { color: red; & b { inset: 0 } } @layer x { a:hover { color: oklch(50% 0.1 20) } }")


def test_a_browser_knows_every_declaration(unknown):
    declared = {path.name: asked(path.read_text()) for path in STYLES}
    assert all(declared.values())
    assert {path.name: found for path in STYLES if (found := unknown(path.read_text()))} == {}
