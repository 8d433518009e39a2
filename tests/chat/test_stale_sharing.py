"""A sharing form that was opened before readers were taken away, or a link was closed, does not bring them back."""

import pytest
from django.urls import reverse
from lxml import html

from chat.assistants import editing
from chat.assistants.editing import AssistantForm
from chat.saved_prompts import saved
from chat.saved_prompts.saved import PromptForm
from chat.shares import links
from chat.shares.links import ShareForm
from langai_site.accounts.models import Team, User
from langai_site.accounts.sharing import Audience
from tests.chat.factories import long_conversation
from tests.chat.test_exports import client_of

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def carol(db):
    return User.objects.create_user("carol", password="a long enough one")


@pytest.fixture
def team(alice):
    team = Team.objects.create(name="Sales")
    team.members.add(alice)
    return team


def an_assistant(alice, audience):
    return editing.create(alice, AssistantForm("Harbour"), audience), "chat:assistant-change"


def a_prompt(alice, audience):
    return saved.create(alice, PromptForm("mail", "Mail", "Write a mail."), audience), "chat:prompt"


def a_link(alice, audience):
    talk, _messages = long_conversation(alice, 2)
    return links.create(alice, talk.id, ShareForm(audience, files=True)), "chat:share-settings"


def remove_user(thing, bob, team):
    thing.users.remove(bob)


def remove_team(thing, bob, team):
    thing.teams.remove(team)


def remove_editor(thing, bob, team):
    thing.editors.remove(bob)


def narrow(thing, bob, team):
    type(thing).objects.filter(pk=thing.pk).update(everyone=False)


def revoke(thing, bob, team):
    links.revoke(thing.owner, thing.pk)


def leave_files_out(thing, bob, team):
    type(thing).objects.filter(pk=thing.pk).update(includes_files=False)


def leave_sources_out(thing, bob, team):
    type(thing).objects.filter(pk=thing.pk).update(includes_sources=False)


def end_public(thing, bob, team):
    type(thing).objects.filter(pk=thing.pk).update(is_public=False)


NAMED, EDITED, ALL = {"users": ("bob", "carol")}, {"users": ("carol",), "editors": ("bob",)}, {"everyone": True}
CASES = [
    *((make, NAMED, remove_user) for make in (an_assistant, a_prompt, a_link)),
    *((make, {"users": ("carol",), "teams": True}, remove_team) for make in (an_assistant, a_prompt, a_link)),
    *((make, ALL, narrow) for make in (an_assistant, a_prompt, a_link)),
    *((make, EDITED, remove_editor) for make in (an_assistant, a_prompt)),
    *((a_link, NAMED, change) for change in (revoke, leave_files_out, leave_sources_out)),
    (a_link, {}, end_public),
]


def form_of(answer):
    """Return what the form with the hidden field of a page would send, without its buttons."""
    (form,) = (form for form in html.fromstring(answer.content.decode()).forms if "seen" in form.fields)
    sent = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def state_of(thing):
    thing.refresh_from_db()
    named = [sorted(getattr(thing, name).values_list("pk", flat=True)) for name in ("teams", "users", "editors")]
    return [thing.everyone, *named, thing.guarded()]


@pytest.mark.parametrize(("make", "audience", "change"), CASES)
def test_an_old_form_brings_back_nobody(make, audience, change, alice, bob, carol, team, settings):
    settings.PUBLIC_SHARES, settings.DEFAULT_SENSITIVITY = True, "public"
    audience = audience | ({"teams": (team.pk,)} if audience.get("teams") else {})
    thing, page = make(alice, Audience(**audience))
    if change is end_public:
        type(thing).objects.filter(pk=thing.pk).update(is_public=True)
    address, client = reverse(page, args=[thing.pk]), client_of(alice)
    old = form_of(client.get(address))
    change(thing, bob, team)
    now = state_of(thing)
    refused = client.post(address, old)
    assert refused.status_code == 409
    assert "changed while the page was open" in refused.content.decode()
    assert state_of(thing) == now
    # The page now shows how it is, so whoever saves it again keeps that. A link opens again only now.
    saved_again = client.post(address, form_of(refused))
    assert saved_again.status_code == 302
    assert state_of(thing) == (now if change is not revoke else [*now[:4], now[4] | {"is_revoked": False}])


def test_a_form_that_wants_what_is_there_already_is_saved(alice, bob, carol, team):
    prompt, page = a_prompt(alice, Audience(users=("bob", "carol")))
    address, client = reverse(page, args=[prompt.pk]), client_of(alice)
    old = form_of(client.get(address))
    prompt.users.remove(bob)
    assert client.post(address, old | {"people": ["carol"], "title": ["Letter"]}).status_code == 302
    prompt.refresh_from_db()
    assert (prompt.title, list(prompt.users.all())) == ("Letter", [carol])


@pytest.mark.parametrize("damaged", ["[" * 50_000, "[1]", "{", '"x"', '{"teams": {"a": 1}}'])
def test_a_damaged_field_is_no_error_of_the_server(damaged, alice, bob, carol):
    prompt, page = a_prompt(alice, Audience(users=("bob",)))
    sent = form_of(client_of(alice).get(reverse(page, args=[prompt.pk]))) | {"seen": damaged, "people": "carol"}
    assert client_of(alice).post(reverse(page, args=[prompt.pk]), sent).status_code in (302, 409)
