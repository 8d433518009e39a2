"""compose.yaml names commands, settings and services that exist."""

from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from tests.test_readme import settings_read

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image") == "langai"}


@pytest.mark.parametrize("name", ["setup", "web", "worker"])
def test_our_services_run_commands_that_exist(name):
    python, manage, command = SERVICES[name]["command"]
    assert (python, manage) == ("python", "manage.py")
    assert get_commands()[command] == "langai_site"


def test_our_services_get_settings_that_exist():
    names = {name for service in OURS.values() for name in service.get("environment", {})}
    assert names - {"ANONYMIZED_TELEMETRY"} <= settings_read()


@pytest.mark.parametrize("name", ["setup", "web", "worker"])
def test_every_setting_in_the_env_file_reaches_our_services(name):
    assert SERVICES[name]["env_file"] == [{"path": ".env", "required": False}]


@pytest.mark.parametrize("name", ["setup", "web", "worker"])
def test_addresses_and_folders_inside_the_containers_are_not_taken_from_the_env_file(name):
    inside = {"HOST": "0.0.0.0", "PORT": 8000, "DATA_DIR": "/data"}
    assert inside.items() <= SERVICES[name]["environment"].items()
    assert {"DATABASE_URL", "REDIS_URL", "CHROMA_URL"} <= set(SERVICES[name]["environment"])


def test_what_a_service_waits_for_can_become_true():
    for service in SERVICES.values():
        for other, wait in service.get("depends_on", {}).items():
            if wait["condition"] == "service_healthy":
                assert "test" in SERVICES[other]["healthcheck"]


def test_volumes_and_networks_are_declared():
    for service in SERVICES.values():
        assert set(service.get("networks", [])) <= set(COMPOSE["networks"])
        assert {volume.split(":")[0] for volume in service.get("volumes", [])} <= set(COMPOSE["volumes"])


def test_stores_without_a_password_are_out_of_reach_from_outside():
    assert COMPOSE["networks"]["inside"]["internal"] is True
    for name in ("chroma", "redis", "postgres"):
        assert SERVICES[name]["networks"] == ["inside"]
        assert "ports" not in SERVICES[name]


def test_web_has_more_time_to_stop_than_live_answers_get():
    assert int(SERVICES["web"]["stop_grace_period"].removesuffix("s")) > 20


def test_the_image_is_checked_and_runs_without_root():
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert "USER langai" in lines
    assert any(line.startswith("HEALTHCHECK") and "langai_site/probe.py" in line for line in lines)
