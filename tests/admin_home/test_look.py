"""The admin's and the API description's tokens are those of the product."""

import re
from pathlib import Path

STATIC = Path(__file__).parents[2] / "static"
TOKEN = re.compile(r"^\s*(--[a-z0-9-]+|color-scheme):\s*(.+?);$", re.MULTILINE)


def tokens(css: str) -> dict[str, str]:
    return dict(TOKEN.findall(css))


def test_the_admin_has_the_tokens_of_the_product():
    app = (STATIC / "app.css").read_text()
    layer = app[app.index("@layer tokens {") : app.index("@layer elements {")]
    assert tokens((STATIC / "tokens.css").read_text()) == tokens(layer)


def test_the_look_uses_only_tokens_that_exist():
    css = (STATIC / "admin" / "look.css").read_text()
    known = {*tokens((STATIC / "tokens.css").read_text()), *tokens(css)}
    assert set(re.findall(r"var\((--[a-z0-9-]+)\)", css)) - known == set()
