"""The page Connections: what it refuses, what it shows, and who may use it."""

import json
import ssl
import threading
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from django.contrib.auth.models import Permission
from django.urls import reverse

from langai_site.accounts.models import User
from langai_site.outbound import catalogue, embedders, endpoints
from langai_site.outbound.connections import reading, sealing
from langai_site.outbound.models import Connection, Model
from langai_site.usage.models import UsageEntry
from tests.outbound.connections.conftest import KEY, connect
from tests.upstream import free_port

pytestmark = pytest.mark.django_db(transaction=True)
LIST, ADD = "admin:outbound_connection_changelist", "admin:outbound_connection_add"


@pytest.fixture
def admin(client):
    client.force_login(User.objects.create_superuser("admin"))
    return client


def staff(client, *codes):
    user = User.objects.create_user("helper", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
    client.force_login(user)
    return client


def form(**changed):
    values = {"name": "Office", "slug": "office", "kind": "compatible", "extra_headers": "{}", "enabled": "on"}
    return {**values, **changed}


def page(name, connection):
    return reverse(f"admin:outbound_connection_{name}", args=[connection.pk])


@contextmanager
def https_server(folder):
    """Run a server whose certificate is self-signed; yield its address."""
    key = ec.generate_private_key(ec.SECP256R1())
    name, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "office")]), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ) + certificate.public_bytes(serialization.Encoding.PEM)
    (folder / "server.pem").write_bytes(pem)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "server.pem")
    server = HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}/v1"
    server.shutdown()
    thread.join()
    server.server_close()


class TestTheEmbedder:
    def test_it_is_tried_at_once_and_taken_from_any_other_connection(self, admin, upstream):
        before = connect(upstream.openai_url, slug="cellar", embedder="e16")
        answer = admin.post(reverse(ADD), form(address=upstream.openai_url, key=KEY, embedder="e48"), follow=True)
        assert "“e48” makes vectors of 48 numbers" in answer.text
        before.refresh_from_db()
        assert (before.embedder, Connection.objects.get(slug="office").embedder) == ("", "e48")
        assert embedders.chosen() == "office/e48"
        entry = UsageEntry.objects.get()
        assert (entry.kind, entry.model) == ("test", "office/e48")

    def test_one_that_fails_says_why_and_is_kept(self, admin, upstream):
        answer = admin.post(reverse(ADD), form(address=upstream.openai_url, embedder="fail-unauthorized"), follow=True)
        assert "“fail-unauthorized” cannot be used by search yet." in answer.text
        assert Connection.objects.get().embedder == "fail-unauthorized"

    def test_kinds_that_are_not_asked_for_vectors_are_refused(self, admin, upstream):
        answer = admin.post(reverse(ADD), form(address=upstream.url, kind="anthropic", embedder="e48"))
        assert "Search can use embedders of these kinds only" in answer.text
        assert not Connection.objects.exists()


class TestSaving:
    def test_it_asks_the_server_and_offers_its_models(self, admin, upstream):
        upstream.list_models("t3", "t20-c8192")
        answer = admin.post(reverse(ADD), form(address=upstream.openai_url + "/", key=KEY), follow=True)
        connection = Connection.objects.get()
        assert answer.redirect_chain == [(page("models", connection), 302)]
        assert "“Office” is connected and lists 2 models. Switch on the ones you want." in answer.text
        assert "8,192 tokens" in answer.text
        assert connection.address == upstream.openai_url
        assert f"Bearer {KEY}" in upstream.requests("/v1/models")[0]["raw"]
        assert KEY not in answer.text
        assert Model.objects.count() == 0
        assert not connection.problem

    @pytest.mark.parametrize(
        "body",
        [
            {"object": "list", "data": [{"id": "t3"}], "error": None},
            [{"id": "t3"}],
            {"data": [{"name": "t3"}]},
            {"models": [{"name": "t3", "model": "t3"}]},
            {"success": True, "errors": [], "result": [{"id": "t3", "name": "t3"}]},
        ],
    )
    def test_lists_of_other_shapes_are_read(self, admin, upstream, body):
        upstream.script_list(json.dumps(body).encode())
        admin.post(reverse(ADD), form(address=upstream.openai_url))
        assert [row["name"] for row in Connection.objects.get().listed] == ["t3"]

    def test_the_chosen_models_can_be_asked_at_once(self, admin, upstream):
        upstream.list_models("t3", "t20", "t5")
        admin.post(reverse(ADD), form(address=upstream.openai_url))
        connection = Connection.objects.get()
        admin.post(page("models", connection), {"models": ["office/t3", "office/t5", "office/never-listed"]})
        assert [info.name for info in catalogue.models()] == ["office/t3", "office/t5"]
        admin.post(page("models", connection), {"models": ["office/t3"]})
        assert [info.name for info in catalogue.models()] == ["office/t3"]
        assert Model.objects.count() == 2

    def test_models_of_a_known_service_have_abilities_and_prices(self, admin, monkeypatch):
        listed = [{"name": "claude-opus-5-5", "display_name": "Opus", "window": 0, "size": ""}]
        connection = connect("", kind="anthropic", listed=listed)
        text = admin.get(page("models", connection)).text
        assert "$4 in, $20 out" in text
        assert "tools" in text
        admin.post(page("models", connection), {"models": ["office/claude-opus-5-5"]})
        (info,) = catalogue.models()
        assert (info.price.input, info.hosted) == (4, True)
        assert info.roles

    @pytest.mark.parametrize(
        ("answer", "words"),
        [
            ({"body": b"{}", "status": 401}, "refuses the key (401). Type the key again"),
            (
                {"body": b"<html>Hello</html>", "content_type": "text/html"},
                "answers with something other than JSON, such as a web page. Check the address",
            ),
            ({"body": b"{}", "status": 302, "Location": "https://elsewhere.example"}, "to https://elsewhere.example"),
            ({"body": b'{"data": []}'}, "lists no model for chats. Load a model there."),
            ({"body": b"no", "status": 500}, "answers with status 500"),
            (
                {"body": b'{"error": {"message": "API key not valid", "status": "INVALID_ARGUMENT"}}', "status": 400},
                "refuses the key (400). Type the key again",
            ),
            ({"body": b'{"error": "Unauthorized"}'}, "refuses the key (200). Type the key again"),
            ({"body": b'{"detail": "Something"}'}, "answers with an error instead of a list of models."),
            (
                {"body": b'{"error": "slow down"}', "status": 429},
                "more requests right now (429). Try again in a minute",
            ),
            ({"body": b'{"error": "Insufficient Balance"}', "status": 402}, "quota of the key is used up (402)."),
        ],
    )
    def test_what_is_wrong_is_one_clear_line(self, admin, upstream, answer, words):
        body = answer.pop("body")
        upstream.script_list(body, **answer)
        text = admin.post(reverse(ADD), form(address=upstream.openai_url, key=KEY)).text
        assert words in text
        assert "Save anyway" in text
        assert "Type the key again: the page does not keep it." in text
        assert KEY not in text
        assert Connection.objects.count() == 0

    def test_a_missing_v1_is_named_with_the_address_to_try(self, admin, upstream):
        text = admin.post(reverse(ADD), form(address=upstream.url)).text
        assert f"Most servers want /v1 at its end: try {upstream.url}/v1." in text

    def test_a_bad_address_is_named(self, admin):
        port = free_port()
        text = admin.post(reverse(ADD), form(address=f"http://127.0.0.1:{port}/v1")).text
        assert f"Nothing answers at 127.0.0.1:{port}. Check the address and the port, and that the server runs." in text
        text = admin.post(reverse(ADD), form(address="http://no-such-host.invalid/v1")).text
        assert "Connections" in text
        assert Connection.objects.count() == 0

    def test_a_server_without_tls_is_named(self, admin, upstream):
        text = admin.post(reverse(ADD), form(address=upstream.openai_url.replace("http:", "https:"))).text
        assert "does not speak https. Write http:// if that is intended." in text

    def test_a_certificate_that_nobody_trusts_is_named(self, admin, tmp_path):
        with https_server(tmp_path) as url:
            text = admin.post(reverse(ADD), form(address=url)).text
        assert "The certificate of 127.0.0.1" in text
        assert "is self-signed. Make this machine trust its issuer, or correct the address." in text

    def test_it_can_be_saved_anyway_and_says_its_state(self, admin):
        address = f"http://127.0.0.1:{free_port()}/v1"
        admin.post(reverse(ADD), form(address=address, key=KEY, save_anyway="on"))
        assert Connection.objects.get().problem == "cannot be reached"
        assert "cannot be reached" in admin.get(reverse(LIST)).text

    @pytest.mark.parametrize(
        ("address", "words"),
        [
            ("http://169.254.169.254/latest", "metadata service"),
            ("http://2852039166/v1", "metadata service"),
            ("http://[::ffff:169.254.169.254]/v1", "metadata service"),
            ("http://[fe80::1]/v1", "metadata service"),
            ("http://metadata.google.internal/v1", "metadata service"),
            ("http://user:secret@localhost/v1", "contains a name or password"),
            ("ftp://localhost", "Write an address such as"),
            ("localhost:8000", "Write an address such as"),
            ("", "needs an address"),
        ],
    )
    def test_some_addresses_are_never_saved(self, admin, address, words):
        text = admin.post(reverse(ADD), form(address=address, save_anyway="on")).text
        assert words in text
        assert Connection.objects.count() == 0

    @pytest.mark.parametrize("slug", ["openai", "hosted_vllm", "anthropic", "ollama_chat", "ollama", "OpenAI"])
    def test_the_prefixes_of_the_variables_stay_theirs(self, admin, upstream, slug):
        text = admin.post(reverse(ADD), form(slug=slug, address=upstream.openai_url)).text
        assert "is taken by the settings of the environment" in text

    def test_a_provider_that_litellm_knows_needs_no_address(self, admin):
        wrong = admin.post(reverse(ADD), form(kind="other", provider="cohre")).text
        assert "LiteLLM knows no chat models of “cohre”" in wrong
        admin.post(reverse(ADD), form(kind="other", provider="cohere_chat", key=KEY))
        connection = Connection.objects.get()
        assert {"name", "window"} <= set(connection.listed[0])
        reading.renew()
        assert endpoints.endpoint_of("office/command-r").provider == "cohere_chat"

    def test_a_paste_of_a_whole_path_is_shortened(self, admin, upstream):
        admin.post(reverse(ADD), form(address=f"{upstream.openai_url}/chat/completions"))
        assert Connection.objects.get().address == upstream.openai_url


class TestTheKey:
    def test_it_is_kept_where_the_field_is_left_empty_and_never_shown(self, admin, upstream):
        connection = connect(upstream.openai_url)
        shown = admin.get(page("change", connection)).text
        assert "Set; leave empty to keep it." in shown
        assert connection.sealed_key not in shown
        assert KEY not in shown
        admin.post(page("change", connection), form(name="Renamed", address=upstream.openai_url))
        connection.refresh_from_db()
        assert (connection.name, sealing.unseal(connection.sealed_key)) == ("Renamed", KEY)

    def test_it_is_not_sent_to_another_server(self, admin, upstream):
        connection = connect("http://127.0.0.1:1/v1")
        text = admin.post(page("change", connection), form(address=upstream.openai_url, save_anyway="on")).text
        assert "The address now points to another server. Type the key for that server." in text
        assert upstream.requests() == []
        admin.post(page("change", connection), form(address=upstream.openai_url, key="sk-new"))
        connection.refresh_from_db()
        assert connection.address == upstream.openai_url
        assert KEY not in upstream.requests()[0]["raw"]

    def test_nor_to_another_provider_of_litellm(self, admin):
        connection = connect("", kind="other", provider="cohere_chat")
        text = admin.post(page("change", connection), form(kind="other", provider="mistral", save_anyway="on")).text
        assert "The address now points to another server. Type the key for that server." in text

    def test_it_can_be_deleted(self, admin, upstream):
        connection = connect(upstream.openai_url)
        admin.post(page("change", connection), form(address=upstream.openai_url, forget_key="on"))
        connection.refresh_from_db()
        assert connection.sealed_key == ""

    @pytest.mark.parametrize("name", ["SECRET_KEY", "DATABASE_URL", "OPENAI_API_KEY", "WEAVIATE_API_KEY", "path"])
    def test_no_setting_of_langai_can_be_named_instead(self, admin, upstream, name):
        text = admin.post(reverse(ADD), form(address=upstream.openai_url, key_variable=name)).text
        assert "ends in _API_KEY and is not a setting of LangAI" in text
        assert upstream.requests() == []

    def test_one_that_cannot_be_decrypted_is_one_line(self, admin, settings):
        connection = connect("http://127.0.0.1:1/v1")
        settings.SECRET_KEY = "another" * 10
        admin.force_login(User.objects.get())
        reading.read()
        for address in (reverse(LIST), page("change", connection)):
            assert reading.UNREADABLE in admin.get(address).text


class TestWhoMay:
    def test_without_the_permission_there_is_no_page(self, client):
        connection = connect("http://127.0.0.1:1/v1")
        staff(client, "change_model", "view_model")
        for address in (reverse(LIST), reverse(ADD), page("change", connection), page("models", connection)):
            assert client.get(address).status_code == 403
        assert client.post(page("test", connection)).status_code == 403

    def test_who_may_only_look_asks_no_server(self, client, upstream):
        connection = connect(upstream.openai_url)
        staff(client, "view_connection")
        text = client.get(page("change", connection)).text
        assert "Choose models" not in text
        assert client.post(page("change", connection), form(address=upstream.openai_url)).status_code == 403
        assert client.post(page("test", connection)).status_code == 403
        assert upstream.requests() == []

    def test_who_may_change_connections_names_no_variables(self, client, upstream):
        staff(client, "add_connection", "change_connection", "view_connection")
        client.post(reverse(ADD), form(address=upstream.openai_url, key_variable="OFFICE_API_KEY"))
        assert Connection.objects.get().key_variable == ""

    def test_nor_sends_one_that_was_named_to_another_server(self, client, upstream, monkeypatch):
        monkeypatch.setenv("OFFICE_API_KEY", KEY)
        connection = connect("http://127.0.0.1:1/v1", key="", key_variable="OFFICE_API_KEY")
        staff(client, "change_connection", "view_connection")
        client.post(page("change", connection), form(address=upstream.openai_url, save_anyway="on"))
        assert upstream.requests() == []

    def test_models_are_switched_on_by_who_may_change_models(self, client, upstream):
        connection = connect(upstream.openai_url)
        staff(client, "change_connection", "view_connection")
        assert client.get(page("models", connection)).status_code == 403


class TestTheList:
    def test_it_says_state_kind_and_where_each_runs(self, admin, upstream):
        listed = [{"name": f"t{at}", "display_name": "T", "window": 0, "size": ""} for at in range(14)]
        connect(upstream.openai_url, listed=listed)
        connect("https://models.example.org/v1", slug="far", problem="refuses the key")
        text = admin.get(reverse(LIST)).text
        for words in ("14 models, 0 switched on", "refuses the key", "OpenAI-compatible server", "local", "hosted"):
            assert words in text

    def test_the_variables_appear_as_connections_that_cannot_be_edited(self, admin, settings):
        settings.OLLAMA_BASE_URL = f"http://me:{KEY}@localhost:11434"
        text = admin.get(reverse(LIST)).text
        assert "From the environment" in text
        assert "OLLAMA_BASE_URL" in text
        assert "http://localhost:11434" in text
        assert KEY not in text

    def test_it_takes_no_more_queries_for_more_connections(self, admin, django_assert_max_num_queries):
        for at in range(12):
            connect("http://127.0.0.1:1/v1", slug=f"c{at}")
        with django_assert_max_num_queries(12):
            admin.get(reverse(LIST))


class TestTesting:
    def test_it_asks_for_the_list_and_one_model(self, admin, upstream):
        upstream.list_models("t3")
        connection = connect(upstream.openai_url)
        Model.objects.create(name="office/t3", display_name="T3", provider="office", available=True)
        text = admin.post(page("test", connection), follow=True).text
        assert "“Office” lists 1 model." in text
        assert "“T3” answered in" in text
        entry = UsageEntry.objects.get()
        assert (entry.kind, entry.model, entry.provider) == ("test", "office/t3", "office")

    def test_it_says_what_is_wrong(self, admin, upstream):
        connection = connect(upstream.openai_url)
        upstream.script_list(b"{}", status=403)
        assert "refuses the key (403)" in admin.post(page("test", connection), follow=True).text
        connection.refresh_from_db()
        assert connection.problem == "refuses the key"

    def test_one_that_is_switched_off_is_not_asked(self, admin, upstream):
        connection = connect(upstream.openai_url, enabled=False)
        assert "switched off" in admin.post(page("test", connection), follow=True).text
        assert upstream.requests() == []


def test_with_a_connection_its_models_are_deleted(admin, upstream):
    connection = connect(upstream.openai_url)
    Model.objects.create(name="office/t3", display_name="T3", provider="office", available=True)
    Model.objects.create(name="openai/t3", display_name="T3", provider="openai")
    admin.post(reverse("admin:outbound_connection_delete", args=[connection.pk]), {"post": "yes"})
    assert list(Model.objects.values_list("name", flat=True)) == ["openai/t3"]


def test_a_model_can_be_added_by_its_name(admin):
    connect("http://127.0.0.1:1/v1", kind="azure")
    values = {"display_name": "Ours", "name": "office/our-deployment", "ceiling": 10, "enabled": "on", "rank": 3}
    more = {"parameters": "{}", "extra_body": "{}", "extra_headers": "{}"}
    admin.post(reverse("admin:outbound_model_add"), {**values, **more})
    assert [info.name for info in catalogue.models()] == ["office/our-deployment"]
