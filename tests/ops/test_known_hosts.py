"""A host that is not ours is refused in words that name the setting, in each form, and logged once."""

import pytest
from django.test import Client

from langai_site.web import known_hosts

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def forgotten(settings):
    settings.ALLOWED_HOSTS = ["chat.example.org"]
    known_hosts._logged.clear()


def get(path="/accounts/login/", accept="text/html", **more):
    return Client().get(path, headers={"Accept": accept}, **more)


def test_a_page_names_the_host_and_the_setting(caplog):
    answers = [get(HTTP_HOST="other.example") for _ in range(3)]
    assert {answer.status_code for answer in answers} == {400}
    assert "host “other.example”" in answers[0].text
    assert "ALLOWED_HOSTS" in answers[0].text
    assert [record.levelname for record in caplog.records if "other.example" in record.message] == ["WARNING"]


def test_a_missing_host_is_named(caplog):
    # A test client always names one; a server whose proxy passes none has its own address instead.
    answer = get(HTTP_HOST="", SERVER_NAME="127.0.0.1")
    assert answer.status_code == 400
    assert "no Host header" in answer.text
    assert "proxy_set_header Host" in answer.text


@pytest.mark.parametrize("path", ["/health", "/chat", "/api/documents"])
def test_a_program_gets_it_as_json(path):
    answer = get(path, "application/json", HTTP_HOST="other.example")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "unknown_host")


def test_a_client_of_openai_gets_it_in_its_form():
    error = get("/v1/models", HTTP_HOST="other.example").json()["error"]
    assert "ALLOWED_HOSTS" in error["message"]
    assert error["type"] == "invalid_request_error"


def test_what_is_odd_is_not_repeated_as_it_is():
    assert "<script>" not in get(HTTP_HOST="<script>").text
    assert get(HTTP_HOST="chat.example.org").status_code == 200


def test_a_stranger_fills_no_log(caplog):
    for number in range(50):
        get("/v1/models", HTTP_HOST=f"host{number}.example")
    assert len([record for record in caplog.records if "does not answer" in record.message]) == known_hosts.LOGGED_MAX
