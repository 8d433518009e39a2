"""Ask for known vulnerabilities of what is locked. Exit code 1: there is one, or an exception is not in order.

A source is believed only if it knows a vulnerability of an old package that has one: some mirrors of the package index
know packages and no vulnerabilities, and then "none found" means nothing. Where no source can be believed, that is said
in a line and is no failure: what cannot be asked must not keep anybody from working.
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from tests.audit import exceptions
from tests.audit.exceptions import Allowed

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SERVICES = ("pypi", "osv")
# What people install; the tools for tests are no part of it.
LOCKS = ("requirements.lock", "requirements-local.lock")
# Seconds for all packages.
LONGEST = 300


@dataclass(frozen=True)
class Vulnerability:
    """`names` are its id and what it is called elsewhere."""

    package: str
    version: str
    names: tuple[str, ...]
    fixed_in: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a source says: `asked` packages, what they have, and `unknown` ones, of which it says nothing."""

    asked: int = 0
    found: tuple[Vulnerability, ...] = ()
    unknown: tuple[str, ...] = ()
    error: str = ""


def ask(requirements: Sequence[Path], options: Sequence[str]) -> Answer:
    """Have pip-audit read files of pinned requirements, without installing anything."""
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--no-deps", "--progress-spinner", "off"]
    command += ["--format", "json", *options]
    for file in requirements:
        command += ["--requirement", str(file)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return Answer(error=f"no answer within {LONGEST} s")
    try:
        listed = json.loads(done.stdout)["dependencies"]
    except (ValueError, KeyError):
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        return Answer(error=lines[-1][:300])
    unknown = tuple(package["name"] for package in listed if "skip_reason" in package)
    return Answer(len(listed), tuple(_vulnerabilities(listed)), unknown)


def _vulnerabilities(listed: Sequence[dict]) -> Iterator[Vulnerability]:
    for package in listed:
        for one in package.get("vulns", ()):
            names = (one["id"], *one.get("aliases", ()))
            yield Vulnerability(package["name"], package["version"], names, tuple(one["fix_versions"]))


def believable(control: Path, sources: Sequence[Sequence[str]]) -> tuple[Sequence[str] | None, str]:
    """Return the first source that knows the control's vulnerability; or None, and why there is none."""
    reasons = []
    for options in sources:
        answer = ask([control], options)
        if answer.found:
            return options, ""
        reason = answer.error or "it does not know a vulnerability that it ought to know"
        reasons.append(f"{options[1]}: {reason}")
    return None, "; ".join(reasons)


def judge(answer: Answer, allowed: Sequence[Allowed]) -> tuple[list[str], list[str]]:
    """Return what fails, and what is told besides."""
    problems, notes, used = [], [], set()
    for one in answer.found:
        passed = next((each for each in allowed if each.package == one.package and each.id in one.names), None)
        if passed:
            used.add(passed)
            notes.append(f"let pass until {passed.expires}: {one.package} {one.version}, {passed.id}: {passed.reason}")
        else:
            better = f"; mended in {', '.join(one.fixed_in)}" if one.fixed_in else ""
            problems.append(f"{one.package} {one.version} is vulnerable: {', '.join(one.names)}{better}")
    idle = [each for each in allowed if each not in used and each.package not in answer.unknown]
    problems += [f"The exception {each.id} matches nothing any more. Remove it." for each in idle]
    if answer.unknown:
        notes.append(f"could not check: {', '.join(answer.unknown)}")
    return problems, notes


def main(arguments: Sequence[str]) -> int:
    """Audit, print what came of it, and return the exit code."""
    options = _options(arguments)
    allowed, problems = exceptions.read(options.exceptions, date.today())
    sources = [("--vulnerability-service", name) for name in SERVICES]
    if options.osv_url:
        sources = [("--vulnerability-service", "osv", "--osv-url", options.osv_url)]
    source, reason = believable(options.control, sources)
    answer = ask(options.requirements, source) if source else Answer(error=reason)
    if answer.error:
        print(f"could not check: {answer.error}")
    else:
        found, notes = judge(answer, allowed)
        problems += found
        for note in notes:
            print(note)
        checked = answer.asked - len(answer.unknown)
        print(f"{checked} packages checked; the source knows the control's vulnerability")
    for problem in problems:
        print(problem, file=sys.stderr)
    return 1 if problems else 0


def _options(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.audit", description=__doc__)
    parser.add_argument("--osv-url", default="", help="ask this server, which speaks OSV's API, and no other")
    parser.add_argument("--requirements", type=Path, nargs="+", default=[ROOT / name for name in LOCKS])
    parser.add_argument("--control", type=Path, default=HERE / "control.txt")
    parser.add_argument("--exceptions", type=Path, default=HERE / "exceptions.toml")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
