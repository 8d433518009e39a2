"""The README's table of settings is complete and true."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent


def settings_read() -> set[str]:
    tree = ast.parse((ROOT / "langai_site" / "settings.py").read_text())
    return {
        node.args[0].value
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "env"
        and node.args
        and isinstance(node.args[0], ast.Constant)
    }


def documented() -> list[str]:
    section = (ROOT / "README.md").read_text().split("## Settings")[1].split("\n## ")[0]
    return re.findall(r"^\| `([A-Z_]+)` \|", section, re.MULTILINE)


def test_the_table_of_settings_names_each_setting_once():
    assert sorted(documented()) == sorted(settings_read())


def test_the_example_file_names_real_settings_only():
    names = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert names <= settings_read() | {"POSTGRES_PASSWORD"}
