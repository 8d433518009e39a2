"""Figures that two documents give differently: which are found, who sees them, and which stay dismissed."""

import pytest
from django.core.files.base import ContentFile
from django.urls import reverse

from chat.conflicts import finding
from chat.models import FigureConflict, FiguresRead, StatedFigure
from documents import services
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.handbook import read_all

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("_stores")]

RULE = "Every employee is entitled to {} days of annual leave. Ask your manager in time."


def kept(collection, admin, title, text):
    file = ContentFile(text.encode(), f"{title}.txt")
    return services.upload(collection=collection, file=file, user=admin, title=title)


def read_figures():
    read_all()
    while finding.run():
        pass


@pytest.fixture
def other(bob):
    """A collection that bob owns, and nobody else reads."""
    made = Collection.objects.create(name="Finance", sensitivity=Sensitivity.CONFIDENTIAL)
    made.owners.add(bob)
    return made


@pytest.fixture
def pair(shared, other, admin):
    documents = kept(shared, admin, "Leave policy", RULE.format(25)), kept(other, admin, "HR answers", RULE.format(28))
    read_figures()
    return documents


@pytest.fixture
def seen(client):
    def page(person):
        client.force_login(person)
        return " ".join(client.get(reverse("chat:conflicts")).text.split())

    return page


def test_owners_see_a_conflict_only_if_they_may_read_both_documents(seen, client, alice, bob, other, pair):
    page = seen(bob)
    for shown in ("Leave policy", "HR answers", "<mark>25 days</mark>", "<mark>28 days</mark>", "Confidential"):
        assert shown in page
    assert page.count("you look after it") == 1
    assert "HR answers" not in seen(alice)
    conflict = FigureConflict.objects.get()
    assert client.post(reverse("chat:conflict-dismiss", args=[conflict.pk])).status_code == 404
    # A reader who looks after neither sees nothing, and an owner of one sees both as soon as they may read both.
    other.everyone = True
    other.save()
    assert "HR answers" in seen(alice)
    Collection.owners.through.objects.all().delete()
    assert "HR answers" not in seen(alice)


def test_a_dismissed_pair_comes_back_when_a_sentence_changes(seen, client, bob, pair):
    seen(bob)
    conflict = FigureConflict.objects.get()
    client.post(reverse("chat:conflict-dismiss", args=[conflict.pk]))
    assert "1 pair that is not a conflict" in seen(bob)
    # A new version with the same sentence changes nothing; one with another sentence is a conflict again.
    for text, note in ((RULE.format(28) + " More.", True), (RULE.format(30), False)):
        services.replace(pair[1], file=ContentFile(text.encode(), "x.txt"), user=None)
        read_figures()
        pair[1].refresh_from_db()
        assert FigureConflict.objects.count() == 1
        assert ("1 pair that is not a conflict" in seen(bob)) is note
    assert "<mark>30 days</mark>" in seen(bob)


def test_a_dismissal_can_be_taken_back(seen, client, bob, pair):
    seen(bob)
    address = [FigureConflict.objects.get().pk]
    for name, note in (("dismiss", True), ("dismiss", True), ("restore", False), ("restore", False)):
        client.post(reverse(f"chat:conflict-{name}", args=address))
        assert ("1 pair that is not a conflict" in seen(bob)) is note


def test_a_conflict_ends_with_the_correction(pair):
    services.replace(pair[0], file=ContentFile(RULE.format(28).encode(), "x.txt"), user=None)
    read_figures()
    assert not FigureConflict.objects.exists()
    assert set(StatedFigure.objects.values_list("source__version", "source__live")) == {(1, True), (2, True)}
    services.delete(pair[1])
    read_figures()
    assert StatedFigure.objects.count() == 1


def test_the_same_label_in_many_forms_is_no_conflict(shared, admin):
    for number, title in enumerate(("Alpha", "Beta", "Gamma", "Delta", "Epsilon")):
        kept(shared, admin, title, f"Contract volume: {number + 3} days of work are planned for the customer.")
        read_figures()
    assert StatedFigure.objects.count() == 5
    assert not FigureConflict.objects.exists()


def test_people_see_their_own_collections_and_never_each_others(shared, alice, bob, admin):
    mine, theirs = (
        Collection.objects.create(name="Mine", kind=Collection.Kind.OWN, holder=person) for person in (alice, bob)
    )
    for collection, days in ((mine, 25), (theirs, 28)):
        kept(collection, admin, "Notes", RULE.format(days))
    read_figures()
    assert FiguresRead.objects.count() == 2
    assert not FigureConflict.objects.exists()
    kept(shared, admin, "Leave policy", RULE.format(30))
    read_figures()
    assert FigureConflict.objects.count() == 2
