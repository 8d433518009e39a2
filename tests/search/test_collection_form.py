"""A collection's form asks who may read it, and nobody makes one that nobody can find without being told."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from langai_site.accounts.models import Team, User
from search.access import readable_collections, unread_collections
from search.models import Collection

pytestmark = pytest.mark.django_db

ADD, LIST = "/admin/search/collection/add/", "/admin/search/collection/"


@pytest.fixture
def admin():
    return User.objects.create_superuser("admin")


@pytest.fixture
def bob():
    return User.objects.create_user("bob")


@pytest.fixture
def finance(bob):
    team = Team.objects.create(name="Finance")
    team.members.add(bob)
    return team


@pytest.fixture
def page(client, admin):
    client.force_login(admin)
    return client


def save(page, address=ADD, **fields):
    form = {"name": "Policies", "description": "", "sensitivity": "10", "_asks_readers": "1"} | fields
    answer = page.post(address, form, follow=True)
    found = answer.context.get("adminform") if answer.context else None
    return answer, dict(found.form.errors) if found and found.form.is_bound else {}


def of(name="Policies") -> Collection:
    return Collection.objects.get(name=name)


def names(rows) -> list[str]:
    return [str(row) for row in rows.all()]


def test_whoever_makes_a_collection_owns_it_and_finds_it(page, admin):
    save(page, readers="owners")
    assert names(of().owners) == ["admin"]
    assert of() in readable_collections(admin)


def test_the_question_must_be_answered(page):
    assert save(page)[1] == {"readers": ["Choose who may read it."]}
    assert not Collection.objects.exists()


@pytest.mark.parametrize("answer", ["teams", "people"])
def test_an_answer_needs_the_list_that_belongs_to_it(page, answer):
    assert list(save(page, readers=answer)[1]) == ["teams" if answer == "teams" else "users"]


def test_each_answer_opens_the_collection_to_those_it_names(page, bob, finance):
    save(page, name="All", readers="everyone", users=[bob.pk])
    save(page, name="Team", readers="teams", teams=[finance.pk])
    save(page, name="Person", readers="people", users=[bob.pk], teams=[finance.pk])
    save(page, name="Mine", readers="owners", users=[bob.pk], teams=[finance.pk])
    assert [of("All").everyone, names(of("All").users)] == [True, []]
    assert names(of("Team").teams) == ["Finance"]
    assert [names(of("Person").users), names(of("Person").teams)] == [["bob"], []]
    assert [names(of("Mine").users), names(of("Mine").teams), of("Mine").everyone] == [[], [], False]


@pytest.mark.parametrize("answer", ["everyone", "teams", "people", "owners"])
def test_the_form_of_an_existing_collection_has_the_answer_that_describes_it(page, bob, finance, answer):
    made = Collection.objects.create(name="Policies", everyone=answer == "everyone")
    made.teams.set([finance] if answer == "teams" else [])
    made.users.set([bob] if answer in ("teams", "people") else [])
    form = page.get(f"{LIST}{made.pk}/change/").context["adminform"].form
    assert form["readers"].initial == answer


def test_saving_an_unchanged_answer_takes_nothing_away(page, bob, finance):
    made = Collection.objects.create(name="Policies", everyone=True)
    made.teams.add(finance)
    save(page, f"{LIST}{made.pk}/change/", readers="everyone", teams=[finance.pk], description="new")
    assert [of().description, of().everyone, names(of().teams)] == ["new", True, ["Finance"]]


def test_programs_that_send_the_fields_of_before_are_understood(page, bob):
    page.post(ADD, {"name": "Policies", "sensitivity": "10", "everyone": "on", "users": [bob.pk]})
    assert [of().everyone, names(of().users), names(of().owners)] == [True, ["bob"], []]


def test_a_collection_without_active_readers_is_named_as_such(page, admin, bob, finance):
    made = Collection.objects.create(name="Policies")
    assert list(unread_collections(Collection.objects.all())) == [made]
    made.teams.add(finance)
    assert not unread_collections(Collection.objects.all())
    User.objects.filter(pk=bob.pk).update(is_active=False)
    assert list(unread_collections(Collection.objects.all())) == [made]
    made.owners.add(admin)
    assert not unread_collections(Collection.objects.all())


@pytest.mark.parametrize("address", [LIST, f"{LIST}?readers=nobody", "/library/"])
def test_lists_say_that_nobody_finds_the_documents(page, address):
    Collection.objects.create(name="Lost papers")
    Collection.objects.create(name="Menu", everyone=True)
    html = page.get(address).content.decode()
    assert "Nobody can find these documents yet" in html
    assert "Lost papers" in html
    assert ("Menu" in html) == ("nobody" not in address)


def test_the_upload_page_says_it_and_so_does_an_upload(page):
    made = Collection.objects.create(name="Lost papers")
    html = page.get("/admin/documents/document/add/").content.decode()
    assert "Lost papers (internal) · nobody can find these documents yet" in html
    data = {"collection": made.pk, "sensitivity": 0, "uploads": [SimpleUploadedFile("a.txt", b"Some text.")]}
    answer = page.post("/admin/documents/document/add/", data, follow=True)
    assert any("choose who may read it" in str(message) for message in answer.context["messages"])


def test_readers_do_not_learn_of_collections_that_they_do_not_manage(client, bob):
    Collection.objects.create(name="Lost papers")
    client.force_login(bob)
    assert "Lost papers" not in client.get("/library/").content.decode()


def test_the_lists_are_boxes_that_need_no_script(page, bob, finance):
    html = page.get(ADD).content.decode()
    assert html.count('type="checkbox" name="teams"') == 1
    assert html.count('type="checkbox" name="users"') == 2
    assert "selectfilter" not in html
