"""Own collections that are shared, proposed to everyone or handed over."""

import pytest

from documents.models import ShareProposal
from documents.services import own, quotas, sharing
from documents.services.own import CollectionDescription
from langai_site.accounts.models import Team, User
from langai_site.errors import ForbiddenError
from langai_site.sensitivity import Sensitivity
from search.access import library_collections
from search.models import Collection
from tests.documents.library_pages import at, brought, signed_in_as

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_address_that_two_people_have_names_nobody(page, bob, notes):
    for name in ("carol", "dave"):
        User.objects.create_user(name, email="desk@example.org")
    refused = page.post(at("share", notes.pk), {"people": "desk@example.org"})
    assert (refused.status_code, "Several people have the e-mail address" in refused.content.decode()) == (400, True)
    page.post(at("hand-over", notes.pk), {"person": "Desk@example.org"})
    assert not notes.users.exists()
    assert list(notes.owners.all()) == [bob]


def test_it_is_shared_at_once_with_people_and_own_teams(page, bob, carol, notes):
    mine, foreign = Team.objects.create(name="Mine"), Team.objects.create(name="Foreign")
    bob.teams.add(mine)
    form = {"teams": [mine.pk, foreign.pk], "people": "carol, "}
    page.post(at("share", notes.pk), form)
    assert (list(notes.teams.all()), list(notes.users.all())) == ([mine], [carol])
    refused = page.post(at("share", notes.pk), {"people": "carol, dave"})
    assert (refused.status_code, "There is no account “dave”" in refused.content.decode()) == (400, True)
    page.post(at("share", notes.pk), {"people": ""})
    assert notes not in library_collections(carol)


def test_a_proposal_holds_once_an_admin_accepts_it(page, bob, carol, alice, notes, settings):
    settings.OWN_COLLECTIONS_SHARING = "proposal"
    dave = User.objects.create_user("dave")
    notes.users.add(dave)
    page.post(at("share", notes.pk), {"people": "carol"})
    # Whom it takes away stops reading at once.
    assert [notes in library_collections(person) for person in (carol, dave)] == [False, False]
    assert "Waiting for an admin: carol" in page.get(at("settings", notes.pk)).content.decode()
    proposal = ShareProposal.objects.get()
    assert page.post(at("decide", proposal.pk), {"decision": "accept"}).status_code == 403
    admin = signed_in_as(alice)
    assert "proposed by bob" in admin.get(at("people")).content.decode()
    admin.post(at("decide", proposal.pk), {"decision": "decline", "reason": "Too early."})
    assert "Too early." in page.get(at("settings", notes.pk)).content.decode()
    page.post(at("share", notes.pk), {"people": "carol"})
    admin.post(at("decide", ShareProposal.objects.get().pk), {"decision": "accept"})
    assert notes in library_collections(carol)


def test_sharing_can_be_switched_off(bob, carol, notes, settings):
    settings.OWN_COLLECTIONS_SHARING = "nobody"
    with pytest.raises(ForbiddenError, match="cannot share collections here"):
        sharing.share(bob, notes.pk, teams=[], people=[carol])


def test_it_is_handed_over_with_all_rights_and_its_share_of_the_quota(page, bob, carol, notes, settings):
    brought(page, notes)
    own.create(carol, CollectionDescription("Notes", "", Sensitivity.PUBLIC))
    settings.OWN_COLLECTIONS_FILES = 1
    page.post(at("hand-over", notes.pk), {"person": "carol", "stays": "1"})
    notes.refresh_from_db()
    assert (notes.holder, notes.name, list(notes.owners.all())) == (carol, "Notes (2)", [carol])
    assert page.get(at("collection", notes.pk)).status_code == 200
    assert page.get(at("settings", notes.pk)).status_code == 403
    assert (quotas.quota_of(bob.pk).files, quotas.quota_of(carol.pk).files) == (0, 1)
    brought(page, own.create(bob, CollectionDescription("More", "", Sensitivity.PUBLIC)))
    refused = page.post(at("hand-over", Collection.objects.get(name="More").pk), {"person": "carol"})
    assert "carol has no room for it" in refused.content.decode()


def test_an_admin_hands_over_what_somebody_left(bob, carol, alice, notes, client):
    User.objects.filter(pk=bob.pk).update(is_active=False)
    client.force_login(alice)
    assert "1 collection belongs to somebody who has left" in client.get("/admin/").content.decode()
    client.post(at("reassign", notes.pk), {"person": "carol"})
    assert notes in library_collections(carol)
    bob.delete()
    gone = own.create(carol, CollectionDescription("Gone", "", Sensitivity.PUBLIC))
    carol.delete()
    assert sharing.left_behind() == 2
    sharing.reassign(alice, gone.pk, alice)
    assert gone in library_collections(alice)
