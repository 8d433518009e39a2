"""A key can be entered but not read: the row contains no part of it, and neither do exports, logs and values."""

import json
import logging
from io import StringIO

import pytest
from django.core import serializers
from django.core.management import call_command
from django.db import connection as database

from langai_site.outbound import endpoints
from langai_site.outbound.connections import known, reading, sealing
from langai_site.outbound.models import Connection
from langai_site.outbound.types import ProviderError
from tests.outbound.connections.conftest import KEY, connect

pytestmark = pytest.mark.django_db
ADDRESS = "http://localhost:9/v1"


def test_the_row_holds_no_part_of_the_key():
    connect(ADDRESS)
    with database.cursor() as cursor:
        cursor.execute("SELECT * FROM outbound_connection")
        row = str(cursor.fetchall())
    assert "sk-connected" not in row
    assert not any(KEY[at : at + 6] in row for at in range(len(KEY) - 5))


def test_two_rows_with_one_key_do_not_look_alike():
    assert connect(ADDRESS).sealed_key != connect(ADDRESS, slug="other").sealed_key


def test_no_value_shows_it():
    connection = connect(ADDRESS)
    endpoint = endpoints.endpoint_of("office/x")
    assert endpoint.key == KEY
    assert KEY not in repr(endpoint) + repr(known.find("office")) + repr(connection) + str(connection)


def test_no_export_contains_it_even_encrypted():
    connection = connect(ADDRESS)
    out = StringIO()
    call_command("dumpdata", "outbound.connection", stdout=out)
    exported = out.getvalue() + serializers.serialize("xml", [connection])
    assert connection.sealed_key not in exported
    assert json.loads(out.getvalue())[0]["fields"]["sealed_key"] == ""


def test_a_key_of_an_earlier_secret_can_be_read_and_is_rotated(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old" * 20, []
    connect(ADDRESS)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, ["old" * 20]
    reading.read()
    assert endpoints.endpoint_of("office/x").key == KEY
    out = StringIO()
    call_command("rotate_keys", stdout=out)
    assert "1 key is now encrypted under SECRET_KEY." in out.getvalue()
    settings.SECRET_KEY_FALLBACKS = []
    reading.read()
    assert endpoints.endpoint_of("office/x").key == KEY


def test_a_key_that_cannot_be_decrypted_is_one_clear_line(settings):
    connect(ADDRESS)
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, []
    reading.read()
    assert known.missing("office") == reading.UNREADABLE
    with pytest.raises(ProviderError, match="no usable key"):
        endpoints.endpoint_of("office/x")
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("rotate_keys", stdout=out, stderr=out)
    assert "The key of “Office” cannot be decrypted." in out.getvalue()


def test_a_key_is_read_from_a_variable_or_from_the_file_that_it_names(monkeypatch, tmp_path):
    connect(ADDRESS, key="", key_variable="OFFICE_API_KEY")
    assert known.missing("office") == "OFFICE_API_KEY is not set where LangAI runs"
    monkeypatch.setenv("OFFICE_API_KEY", "sk-a")
    reading.read()
    assert endpoints.endpoint_of("office/x").key == "sk-a"
    monkeypatch.delenv("OFFICE_API_KEY")
    (tmp_path / "key").write_text("sk-b\n")
    monkeypatch.setenv("OFFICE_API_KEY_FILE", str(tmp_path / "key"))
    reading.read()
    assert endpoints.endpoint_of("office/x").key == "sk-b"
    (tmp_path / "key").unlink()
    reading.read()
    assert known.missing("office") == "the file that OFFICE_API_KEY_FILE names cannot be read"


def test_no_log_contains_it(caplog):
    caplog.set_level(logging.DEBUG)
    connect(ADDRESS)
    assert KEY not in caplog.text


def test_what_is_empty_stays_empty():
    assert (sealing.seal(""), sealing.unseal("")) == ("", "")
    assert Connection().sealed_key == ""
