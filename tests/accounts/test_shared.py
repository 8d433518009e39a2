"""Shared things: every combination of owner, readers, teams, editors and withdrawal, against what is promised."""

from itertools import product

import pytest
from django.utils import timezone

from chat.models import Prompt
from langai_site.accounts.models import Team, User

pytestmark = pytest.mark.django_db

WAYS = ("owner", "everyone", "team", "other_team", "named", "editor", "withdrawn")


@pytest.fixture
def people():
    team, other = Team.objects.create(name="Sales"), Team.objects.create(name="Law")
    names = ("reader", "maker", "colleague")
    reader, maker, colleague = (User.objects.create_user(name) for name in names)
    reader.teams.add(team)
    # Somebody in both teams must find each thing once.
    colleague.teams.add(team, other)
    admin = User.objects.create_superuser("admin")
    return {"reader": reader, "maker": maker, "colleague": colleague, "admin": admin, "team": team, "other": other}


def made(people, **ways):
    number = Prompt.objects.count()
    prompt = Prompt.objects.create(
        owner=people["reader"] if ways["owner"] else people["maker"],
        command=f"p{number}",
        everyone=ways["everyone"],
        withdrawn_at=timezone.now() if ways["withdrawn"] else None,
    )
    prompt.teams.add(*([people["team"]] if ways["team"] else []), *([people["other"]] if ways["other_team"] else []))
    if ways["named"]:
        prompt.users.add(people["reader"])
    if ways["editor"]:
        prompt.editors.add(people["reader"])
    return prompt


def test_every_combination_opens_exactly_what_it_promises(people):
    for values in product((False, True), repeat=len(WAYS)):
        ways = dict(zip(WAYS, values, strict=True))
        prompt = made(people, **ways)
        mine, in_force = ways["owner"], not ways["withdrawn"]
        by_team = ways["team"] or ways["other_team"]
        expected = {
            "reader": mine or (in_force and (ways["everyone"] or ways["team"] or ways["named"] or ways["editor"])),
            "colleague": in_force and (ways["everyone"] or by_team),
            "admin": in_force and ways["everyone"],
        }
        one = Prompt.objects.filter(pk=prompt.pk)
        for name, may_read in expected.items():
            assert one.readable_by(people[name].id).count() == may_read, (name, ways)
        assert one.editable_by(people["reader"].id).count() == (mine or (ways["editor"] and in_force)), ways
        assert not one.editable_by(people["admin"].id).exists()
        assert one.of(people["reader"].id).count() == mine
    for name in ("reader", "colleague", "admin"):
        readable = Prompt.objects.readable_by(people[name].id).values("pk")
        assert not Prompt.objects.editable_by(people[name].id).exclude(pk__in=readable).exists()


def test_leaving_a_team_ends_access_to_what_it_opened(people):
    prompt = Prompt.objects.create(owner=people["maker"], command="mail")
    prompt.teams.add(people["team"])
    assert list(Prompt.objects.readable_by(people["reader"].id)) == [prompt]
    people["reader"].teams.remove(people["team"])
    assert list(Prompt.objects.readable_by(people["reader"].id)) == []
