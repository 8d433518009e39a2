"""docs/dependencies.md gives a reason for each direct dependency, and for nothing else."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
DECLARED = {
    "To run": PROJECT["project"]["dependencies"],
    "For traces": PROJECT["project"]["optional-dependencies"]["otel"],
    "For a model from a file": PROJECT["project"]["optional-dependencies"]["local"],
    "To test and check": PROJECT["dependency-groups"]["dev"],
}


def name_of(requirement: str) -> str:
    """`psycopg[binary,pool]>=3` -> psycopg"""
    found = re.match(r"[\w.-]+", requirement)
    assert found, requirement
    return found[0]


def reasons(section: str) -> dict[str, str]:
    text = (ROOT / "docs" / "dependencies.md").read_text()
    rows = text.split(f"## {section}\n")[1].split("\n## ")[0]
    return dict(re.findall(r"^\| `([\w.-]+)` \| (.*) \|$", rows, re.MULTILINE))


@pytest.mark.parametrize("section", DECLARED)
def test_each_direct_dependency_has_its_reason(section):
    assert sorted(reasons(section)) == sorted(map(name_of, DECLARED[section]))
    assert all(reasons(section).values())


def test_the_extra_is_locked_at_the_version_that_is_declared():
    """With one hash for each machine's wheel."""
    locked = (ROOT / "requirements-local.lock").read_text()
    (declared,) = PROJECT["project"]["optional-dependencies"]["local"]
    assert locked.split()[0] == declared
    assert locked.count("--hash=sha256:") > 2
