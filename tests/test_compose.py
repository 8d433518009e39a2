"""compose.yaml names commands, settings and services that exist."""

import re
from pathlib import Path

import pytest
import yaml
from django.core.management import get_commands

from langai_site.processes import chroma
from tests.test_readme import settings_read

ROOT = Path(__file__).parent.parent
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service.get("image", "").startswith("langai:")}


@pytest.mark.parametrize("name", ["setup", "web", "worker"])
def test_our_services_run_commands_that_exist(name):
    python, manage, command = SERVICES[name]["command"]
    assert (python, manage) == ("python", "manage.py")
    assert get_commands()[command] == "langai_site"


def test_the_vector_store_writes_for_its_own_account_alone():
    shell, option, line = SERVICES["chroma"]["command"]
    assert (shell, option, line.split(" && ")[0]) == ("sh", "-c", "umask 077")
    assert line.split(" && ")[1] == "exec chroma run /etc/chroma.yaml"


def test_every_chroma_is_configured_like_that_of_one_machine():
    [file] = SERVICES["chroma"]["configs"]
    assert file == {"source": "chroma", "target": "/etc/chroma.yaml"}
    expected = chroma.configuration(host="0.0.0.0", port=8000, path=Path("/data"))
    assert yaml.safe_load(COMPOSE["configs"]["chroma"]["content"]) == expected
    unit = ROOT / "docs/operations/systemd/chroma.yaml"
    expected = chroma.configuration(host="127.0.0.1", port=8100, path=Path("/var/lib/langai/chroma"))
    assert yaml.safe_load(unit.read_text()) == expected


def test_our_services_get_settings_that_exist():
    names = {name for service in OURS.values() for name in service.get("environment", {})}
    assert names - {"ANONYMIZED_TELEMETRY", "RUST_LOG"} <= settings_read()
    assert {"DATABASE_URL", "REDIS_URL", "CHROMA_URL", "ENV", "ALLOWED_HOSTS", "TRUSTED_PROXIES"} <= names


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
        sources = {volume.split(":")[0] for volume in service.get("volumes", [])}
        assert {source for source in sources if not source.startswith("./")} <= set(COMPOSE["volumes"])
        assert {config["source"] for config in service.get("configs", [])} <= set(COMPOSE["configs"])


def test_nginx_runs_the_configuration_that_operators_are_given_before_all_web_processes():
    nginx = SERVICES["nginx"]
    mounted = dict(volume.split(":")[:2] for volume in nginx["volumes"])
    assert mounted["./docs/operations/nginx.conf"] == "/etc/nginx/conf.d/default.conf"
    assert mounted["./certificates"] == "/etc/nginx/certificates"
    text = (ROOT / "docs/operations/nginx.conf").read_text()
    included = set(re.findall(r"^include (\S+);", text, re.MULTILINE))
    assert {f"/etc/nginx/{name}" for name in included} == {config["target"] for config in nginx["configs"]}
    webs, by_hand = COMPOSE["configs"]["webs"]["content"], (ROOT / "docs/operations/nginx-webs.conf").read_text()
    assert "server web:8000 resolve" in webs
    for line in ("upstream langai {", "zone langai 64k;", "least_conn;", "keepalive 32;", "keepalive_timeout 30s;"):
        assert line in webs
        assert line in by_hand


def test_people_come_in_by_nginx_alone_so_that_there_may_be_several_web_processes():
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["nginx"]
    assert [name for name, service in SERVICES.items() if "container_name" in service] == []
    assert SERVICES["web"]["environment"]["TRUSTED_PROXIES"] == "${TRUSTED_PROXIES:-1}"


def test_every_service_that_listens_is_checked():
    assert {name for name, service in SERVICES.items() if "test" in service.get("healthcheck", {})} == {
        *("nginx", "chroma", "redis", "postgres")
    }
    # The image's own check.
    assert "healthcheck" not in SERVICES["web"]


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
    assert any(line.startswith("HEALTHCHECK") and "langai_site/processes/probe.py" in line for line in lines)
