import pytest

from langai_site.accounts.models import Team, User
from search.access import readable_collections, reader_of
from search.models import Collection


def names(user):
    return [collection.name for collection in readable_collections(user)]


@pytest.fixture
def people(db):
    alice, bob, charlie = (User.objects.create_user(name) for name in ("alice", "bob", "charlie"))
    admin = User.objects.create_superuser("admin")
    sales = Team.objects.create(name="Sales")
    bob.teams.add(sales)
    private = Collection.objects.create(name="Alice's")
    private.users.add(alice)
    team = Collection.objects.create(name="Sales")
    team.teams.add(sales)
    Collection.objects.create(name="Handbook", everyone=True)
    Collection.objects.create(name="Nobody's")
    return alice, bob, charlie, admin


def test_each_person_reads_what_is_open_to_them_their_team_or_everyone(people):
    alice, bob, charlie, _admin = people
    assert names(alice) == ["Alice's", "Handbook"]
    assert names(bob) == ["Handbook", "Sales"]
    assert names(charlie) == ["Handbook"]


def test_being_admin_adds_nothing(people):
    assert names(people[3]) == ["Handbook"]


def test_who_is_named_twice_finds_a_collection_once(people):
    bob = people[1]
    Collection.objects.get(name="Sales").users.add(bob)
    Collection.objects.get(name="Sales").teams.add(*[Team.objects.create(name="More")])
    assert names(bob) == ["Handbook", "Sales"]


def test_leaving_a_team_closes_its_collections_at_the_next_question(people, settings, add):
    settings.CHROMA_URL = ""
    bob = people[1]
    sales = Collection.objects.get(name="Sales")
    add(sales)
    assert reader_of(bob).collections == (sales.pk,)
    bob.teams.clear()
    assert reader_of(bob).collections == ()


def test_collections_that_hold_nothing_are_not_searched(people):
    assert reader_of(people[0]).collections == ()
