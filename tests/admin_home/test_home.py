"""What admins see first: an overview, the first steps, and the lists in plain groups."""

import secrets
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.utils import timezone

from chat.models import Conversation, Message
from documents.models import Document
from langai_site.accounts.models import User
from langai_site.models import Heartbeat
from langai_site.usage.models import Budget
from langai_site.usage.spending import budgets
from search.models import Collection

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return User.objects.create_superuser("admin", password="correct horse battery")


@pytest.fixture
def home(client, admin):
    client.force_login(admin)
    return lambda: client.get("/admin/")


def said(page) -> dict[str, list[str]]:
    """The overview's lines by what they are about."""
    found: dict[str, list[str]] = {}
    for line in page.context["overview"]:
        found.setdefault(line.about, []).append(f"{line.status}: {line.words}")
    return found


def document(collection, status, **fields):
    digest = secrets.token_hex(8)
    return Document.objects.create(collection=collection, title="t", sha256=digest, status=status, **fields)


def test_lists_stand_in_plain_groups_each_once(home):
    groups = {group["name"]: [model["name"] for model in group["models"]] for group in home().context["app_list"]}
    assert list(groups) == [
        *("Documents", "Models and connections", "Accounts", "Usage and budgets", "Safety", "Conversations"),
    ]
    assert groups["Accounts"] == [
        *("People", "Teams", "Invitations", "API keys", "Permission groups"),
        *("Identity providers", "Groups of providers", "Directories (SCIM)", "Terms of use"),
    ]
    assert groups["Models and connections"] == ["Connections", "Models", "Routing policies"]


def test_a_list_is_called_on_its_page_as_in_its_group(client, home):
    assert "<h1>People</h1>" in client.get("/admin/accounts/user/").content.decode() if home() else False
    assert "Api key" not in client.get("/admin/accounts/apikey/").content.decode()


def test_the_page_of_an_app_shows_its_group(client, home):
    home()
    assert [group["name"] for group in client.get("/admin/search/").context["app_list"]] == ["Documents"]


def test_the_home_tells_of_a_missing_worker_and_of_one_that_runs(home):
    assert said(home())["Worker"] == ["fail: No worker is running. Uploaded documents wait until one is started."]
    Heartbeat.objects.create(worker="w", beat_at=timezone.now())
    assert said(home())["Worker"] == ["ok: Running"]


def test_the_home_tells_who_waits_and_what_failed(home, admin):
    shelf = Collection.objects.create(name="Policies", everyone=True)
    document(shelf, "queued")
    document(shelf, "working")
    document(shelf, "failed")
    told = said(home())
    assert told["Documents"] == ["warn: 1 document could not be read."]
    assert told["Reading"] == ["ok: 1 document waiting, 1 document being read."]
    assert "status__exact=failed" in home().content.decode()


def test_the_home_tells_of_answers_that_failed_today_only(client, home, admin):
    conversation = Conversation.objects.create(owner=admin, title="mine")
    for days in (0, 2):
        made = timezone.now() - timedelta(days=days)
        Message.objects.create(conversation=conversation, role="assistant", status="failed", created_at=made)
    page = home()
    assert said(page)["Answers"] == ["warn: 1 answer failed today."]
    [line] = [line for line in page.context["overview"] if line.about == "Answers"]
    listed = client.get(line.address)
    assert listed.status_code == 200
    assert listed.context["cl"].result_count == 1


def test_the_home_tells_of_budgets_near_their_end(home):
    Budget.objects.create(scope="site", period="month", amount="0", hard=True)
    budgets.forget()
    assert [line for line in said(home())["Budgets"] if line.startswith("fail: Budget")]


def test_the_home_names_collections_that_nobody_can_read(home):
    Collection.objects.create(name="Secret plans")
    assert said(home())["Collections"] == ["warn: Nobody can find the documents in “Secret plans” yet."]


def test_staff_learn_from_the_home_only_what_they_may_see(client, home):
    clerk = User.objects.create_user("clerk", is_staff=True)
    clerk.user_permissions.add(Permission.objects.get(codename="view_budget"))
    Collection.objects.create(name="Secret plans")
    client.force_login(clerk)
    page = client.get("/admin/")
    assert said(page) == {}
    assert "Secret plans" not in page.content.decode()
    assert "First steps" not in page.content.decode()


def test_first_steps_are_checked_now_and_go_when_all_are_done(home, admin):
    assert [one.is_done for one in home().context["steps"]] == [False, False, False]
    User.objects.create_user("bob")
    assert [one.is_done for one in home().context["steps"]] == [False, True, False]
    document(Collection.objects.create(name="Policies", everyone=True), "ready", uploaded_by=admin)
    assert [one.is_done for one in home().context["steps"]] == [False, True, True]


def test_the_documents_that_come_with_langai_do_not_count_as_uploaded(home):
    document(Collection.objects.create(name="Handbook", everyone=True), "ready")
    assert home().context["steps"][2].is_done is False


def test_first_steps_can_be_skipped_and_stay_reachable(client, home, admin):
    home()
    assert client.post("/admin/first-steps/skip/").url == "/admin/"
    page = home()
    assert page.context["steps"] == []
    assert 'href="/admin/first-steps/"' in page.content.decode()
    assert "Connect a model" in client.get("/admin/first-steps/").content.decode()
    assert client.get("/admin/first-steps/skip/").status_code == 405


def test_the_home_takes_few_queries(client, home, django_assert_max_num_queries):
    home()
    with django_assert_max_num_queries(45):
        client.get("/admin/")
