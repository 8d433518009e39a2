"""The units for systemd start what exists, and give it time to end."""

import configparser
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import get_commands

from langai_site.processes.launcher import STOP_MARGIN
from langai_site.processes.worker import STOP_SECONDS
from tests.test_readme import settings_read

FOLDER = Path(settings.BASE_DIR) / "docs" / "operations" / "systemd"
UNITS = sorted(FOLDER.glob("*.service"))
OTHERS = {"PYTHONUNBUFFERED", "MALLOC_ARENA_MAX", "ANONYMIZED_TELEMETRY", "RUST_LOG"}


def service(path: Path) -> dict[str, str]:
    unit = configparser.ConfigParser(interpolation=None)
    unit.optionxform = str  # type: ignore[assignment, method-assign]
    unit.read(path)
    return dict(unit["Service"])


def test_there_is_one_for_each_kind_of_process():
    assert [path.name for path in UNITS] == ["langai-chroma.service", "langai-web@.service", "langai-worker@.service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_it_starts_a_command_that_exists_with_settings_that_exist(path):
    unit = service(path)
    program, *arguments = unit["ExecStart"].split()
    if arguments[0] == "manage.py":
        assert get_commands()[arguments[1]] == "langai_site"
    else:
        assert (program.rsplit("/", 1)[-1], arguments[0]) == ("chroma", "run")
    assert {pair.split("=")[0] for pair in unit["Environment"].split()} <= settings_read() | OTHERS
    assert unit["Restart"] == "always"
    assert unit["UMask"] == "0077"


@pytest.mark.parametrize(
    ("name", "seconds"), [("langai-web@", settings.STOP_GRACE + STOP_MARGIN), ("langai-worker@", STOP_SECONDS)]
)
def test_it_gives_the_process_the_time_that_it_takes_to_end(name, seconds):
    assert int(service(FOLDER / f"{name}.service")["TimeoutStopSec"]) > seconds
