"""A form that was opened before a label, a ceiling or readers changed does not undo that change."""

import pytest
from django.contrib.auth.models import Permission
from lxml import html

from langai_site.accounts.models import Team, User
from langai_site.models import SensitivePattern
from langai_site.outbound.models import Connection, Model
from search.models import Collection

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC, INTERNAL, CONFIDENTIAL = 0, 10, 20


@pytest.fixture
def page(client, alice):
    client.force_login(alice)
    return client


@pytest.fixture
def model():
    values = {"display_name": "X", "provider": "openai", "available": True, "ceiling": INTERNAL}
    return Model.objects.create(name="openai/x", **values)


def form_of(answer, action=None):
    """Return what the form of a page that says what it showed would send, without its buttons."""
    forms = html.fromstring(answer.content.decode()).forms
    marked = (form for form in forms if {"seen", "on", "form-TOTAL_FORMS"} & set(form.fields.keys()))
    (form,) = (form for form in marked if form.action == action)
    sent: dict[str, list[str]] = {}
    for name, value in form.form_values():
        sent.setdefault(name, []).append(value)
    return sent


def change(row, **values):
    type(row)._base_manager.filter(pk=row.pk).update(**values)


def now(row, *names):
    row.refresh_from_db()
    return tuple(getattr(row, name) for name in names)


CASES = {
    "a document": ("/admin/documents/document/{pk}/change/", {"title": "Other"}, {"sensitivity": CONFIDENTIAL}),
    "a collection": ("/admin/search/collection/{pk}/change/", {"name": "Other"}, {"sensitivity": CONFIDENTIAL}),
    "its readers": ("/admin/search/collection/{pk}/change/", {"name": "Other"}, {"everyone": False}),
    "a ceiling": ("/admin/outbound/model/{pk}/change/", {"display_name": "Other"}, {"ceiling": PUBLIC}),
    "a model that is off": ("/admin/outbound/model/{pk}/change/", {"display_name": "Other"}, {"enabled": False}),
    "a connection": ("/admin/outbound/connection/{pk}/change/", {"name": "Other"}, {"embedder_ceiling": PUBLIC}),
    "a pattern": ("/admin/langai_site/sensitivepattern/{pk}/change/", {"name": "Other"}, {"label": CONFIDENTIAL}),
    "a document in the Library": ("/documents/{pk}/", {"title": "Other"}, {"sensitivity": CONFIDENTIAL}),
    "a collection in the Library": (
        "/library/{pk}/settings/",
        {"name": "Other"},
        {"sensitivity": CONFIDENTIAL},
    ),
}


def row_of(kind, policies, upload, model):
    if "document" in kind:
        return upload()
    if "collection" in kind or "readers" in kind:
        Collection.objects.filter(pk=policies.pk).update(everyone=True, sensitivity=INTERNAL)
        return policies
    if "pattern" in kind:
        return SensitivePattern.objects.create(name="Project", kind="word", pattern="Falcon", label=INTERNAL)
    if "connection" in kind:
        return Connection.objects.create(
            **{"name": "Ours", "slug": "ours", "kind": "ollama", "address": "http://127.0.0.1:9"},
            **{"enabled": False, "embedder_ceiling": INTERNAL},
        )
    return model


@pytest.mark.parametrize("kind", CASES)
def test_a_form_opened_before_a_change_does_not_undo_it(kind, page, policies, upload, model, alice):
    address, edited, changed = CASES[kind]
    row = row_of(kind, policies, upload, model)
    policies.owners.add(alice)
    address = address.format(pk=row.pk)
    sent = form_of(page.get(address))
    change(row, **changed)
    answer = page.post(address, sent | edited)
    assert answer.status_code in (200, 409)
    assert "while th" in answer.content.decode()
    assert now(row, *changed) == tuple(changed.values())
    assert "Other" not in now(row, *edited)
    # The page now shows what it is, so whoever saves it again keeps that.
    assert page.post(address, form_of(answer) | edited).status_code == 302
    assert now(row, *changed, *edited) == (*changed.values(), *edited.values())


def test_teams_that_were_taken_away_meanwhile_do_not_come_back(page, model, policies):
    team = Team.objects.create(name="Finance")
    for row, address in ((model, "/admin/outbound/model/"), (policies, "/admin/search/collection/")):
        row.teams.add(team, Team.objects.create(name=f"Sales {row.pk} of {address}"))
        change(policies, everyone=False)
        sent = form_of(page.get(f"{address}{row.pk}/change/"))
        assert len(sent["teams"]) == 2
        row.teams.remove(team)
        answer = page.post(f"{address}{row.pk}/change/", sent)
        assert "changed while the page was open" in answer.content.decode()
        assert team not in row.teams.all()
        assert len(form_of(answer)["teams"]) == 1


@pytest.mark.parametrize("taken", ["users", "teams"])
def test_readers_of_ones_own_collection_who_were_taken_away_meanwhile_do_not_come_back(taken, page, alice):
    bob, team = User.objects.create_user("bob"), Team.objects.create(name="Finance")
    own = Collection.objects.create(name="Mine", kind=Collection.Kind.OWN, holder=alice)
    own.owners.add(alice)
    own.users.add(bob)
    own.teams.add(team)
    address, action = f"/library/{own.pk}/settings/", f"/library/{own.pk}/share/"
    sent = form_of(page.get(address), f"{action}#share")
    getattr(own, taken).clear()
    answer = page.post(action, sent)
    assert answer.status_code == 409
    assert "changed while the page was open" in answer.content.decode()
    assert not getattr(own, taken).exists()
    assert page.post(action, form_of(answer, f"{action}#share")).status_code == 302
    assert not getattr(own, taken).exists()
    assert own.users.exists() or own.teams.exists()


def test_an_account_that_was_closed_and_a_member_who_left_do_not_come_back(page):
    bob, team = User.objects.create_user("bob"), Team.objects.create(name="Finance")
    team.members.add(bob)
    addresses = (f"/admin/accounts/user/{bob.pk}/change/", f"/admin/accounts/team/{team.pk}/change/")
    sent = [form_of(page.get(address)) for address in addresses]
    change(bob, is_active=False)
    team.members.remove(bob)
    for address, form in zip(addresses, sent, strict=True):
        answer = page.post(address, form)
        assert "changed while the page was open" in answer.content.decode()
    assert now(bob, "is_active") == (False,)
    assert not team.members.exists()
    assert page.post(addresses[0], form_of(page.get(addresses[0])) | {"first_name": "Bob"}).status_code == 302
    assert now(bob, "is_active", "first_name") == (False, "Bob")


def test_who_may_only_look_sees_pages_without_the_hidden_field(client, model):
    team, pattern = Team.objects.create(name="Finance"), row_of("a pattern", None, None, model)
    viewer = User.objects.create_user("viewer", is_staff=True)
    viewer.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(viewer)
    for address in (
        f"/admin/accounts/team/{team.pk}/change/",
        f"/admin/accounts/user/{viewer.pk}/change/",
        f"/admin/langai_site/sensitivepattern/{pattern.pk}/change/",
        f"/admin/outbound/model/{model.pk}/change/",
    ):
        answer = client.get(address)
        assert (answer.status_code, 'name="seen"' in answer.content.decode()) == (200, False)


def test_a_list_changes_what_was_touched_alone(page, model):
    other = Model.objects.create(name="openai/y", display_name="Y", provider="openai", available=True)
    sent = form_of(page.get("/admin/outbound/model/"))
    change(model, enabled=False)
    rank = next(name for name in sent if name.endswith("-rank"))
    assert page.post("/admin/outbound/model/", sent | {rank: "7", "_save": "Save"}).status_code == 302
    assert not now(model, "enabled")[0]
    assert 7 in (*now(model, "rank"), *now(other, "rank"))


def test_a_choice_of_models_switches_none_on_again(page, model):
    ours = Connection.objects.create(
        name="Ours", slug="ours", kind="compatible", address="http://127.0.0.1:9", listed=[]
    )
    one, two = (
        Model.objects.create(name=f"ours/{name}", display_name=name, provider="ours", available=True, enabled=enabled)
        for name, enabled in (("one", True), ("two", False))
    )
    address = f"/admin/outbound/connection/{ours.pk}/models/"
    sent = form_of(page.get(address))
    change(one, enabled=False)
    assert page.post(address, sent | {"models": ["ours/one", "ours/two"]}).status_code == 302
    assert now(one, "enabled") + now(two, "enabled") == (False, True)


def test_programs_that_do_not_say_what_they_saw_are_not_refused(page, model, policies, upload):
    document = upload()
    answer = page.post(f"/admin/documents/document/{document.pk}/change/", {"title": "T", "sensitivity": INTERNAL})
    assert answer.status_code == 302
    assert now(document, "sensitivity") == (INTERNAL,)
