"""Saved prompts: their variables, who may use and change them, their versions and their pages."""

import uuid

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from chat.models import Message, Prompt
from chat.saved_prompts import saved
from chat.saved_prompts.saved import PromptForm
from chat.saved_prompts.variables import ValuesError, Variable, VariableKind, filled, variables
from langai_site.accounts.models import Team
from langai_site.accounts.sharing import Audience
from langai_site.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity
from tests.chat.test_labels import CARD

MAIL = "A {{tone: formal | friendly}} mail to {{customer}}, on {{matter: long text}} by {{due: date}}. {{customer}}!"
VALUES = {"tone": "formal", "customer": "Ada", "matter": "late\nparcels", "due": "2026-12-01"}
HTMX = {"HX-Request": "true"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Nothing {to fill} in", ()),
        ("{{ name }} and {{name}}", (Variable("name"),)),
        ("{{Full name: text}}", (Variable("Full name"),)),
        ("{{a: x | y|x}} {{a}}", (Variable("a", VariableKind.CHOICE, ("x", "y")),)),
        ("{{a}} {{a: number}}", (Variable("a", VariableKind.NUMBER),)),
        ("{{a: Long  Text}}{{b:date}}", (Variable("a", VariableKind.LONG), Variable("b", VariableKind.DATE))),
        ("{{größe}} {{ user.name }} {{#each}} {{1st}} {{}}", (Variable("größe"),)),
    ],
)
def test_variables_are_found_once_each_and_other_templates_are_left_alone(text, found):
    assert variables(text) == found


@pytest.mark.parametrize("text", ["{{a: colour}}", "{{a: x |}}", "{{a: x | y}} {{a: date}}", "{{a|b}} {{a: date | }}"])
def test_a_variable_that_cannot_be_understood_is_refused_with_what_to_write(text):
    with pytest.raises(InvalidError, match=r"[Ww]rite"):
        variables(text)


def test_values_are_put_in_and_never_filled_in_themselves():
    assert filled(MAIL, VALUES) == "A formal mail to Ada, on late\nparcels by 2026-12-01. Ada!"
    assert filled("{{a}} {{b}}", {"a": "{{b}}", "b": "x"}) == "{{b}} x"


@pytest.mark.parametrize(
    ("kind", "value"),
    [("text", " "), ("text", "x" * 501), ("x | y", "z"), ("date", "30.11.2026"), ("number", "many"), ("number", "NaN")],
)
def test_each_value_that_cannot_be_used_is_named(kind, value):
    with pytest.raises(ValuesError) as refused:
        filled("{{good}} {{bad: " + kind + "}}", {"good": "y", "bad": value})
    assert list(refused.value.problems) == ["bad"]


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text):
    try:
        asked = variables(text)
    except InvalidError:
        return
    assert filled(text, {one.name: "x" for one in asked}) == text or asked


@pytest.fixture
def sales(alice, bob):
    team = Team.objects.create(name="Sales")
    alice.teams.add(team)
    bob.teams.add(team)
    return team


def made(person, command="mail", text=MAIL, **audience):
    return saved.create(person, PromptForm(command, "A mail", text), Audience(**audience))


def test_a_private_prompt_is_its_owners_alone(alice, bob, admin):
    prompt = made(alice)
    for other in (bob, admin):
        for act in (saved.access_prompt, saved.delete):
            with pytest.raises(NotFoundError):
                act(other.pk, prompt.pk)
        for act in (saved.copy, lambda person, pk: saved.change(person, pk, PromptForm("x", "", "y"))):
            with pytest.raises(NotFoundError):
                act(other, prompt.pk)
        with pytest.raises(NotFoundError):
            saved.restore(other, prompt.pk, 1)
        assert saved.listed(other.pk) == []


def test_a_reader_uses_and_copies_but_changes_nothing(alice, bob, sales):
    prompt = made(alice, teams=(sales.pk,))
    assert [(row.prompt, row.is_mine, row.owner) for row in saved.listed(bob.pk)] == [(prompt, False, "alice")]
    with pytest.raises(ForbiddenError):
        saved.change(bob, prompt.pk, PromptForm("mail", "", "Mine"))
    with pytest.raises(ForbiddenError):
        saved.delete(bob.pk, prompt.pk)
    with pytest.raises(ForbiddenError):
        saved.restore(bob, prompt.pk, 1)
    copies = [saved.copy(bob, prompt.pk), saved.copy(bob, prompt.pk)]
    assert [(one.command, one.owner, one.text) for one in copies] == [("mail", bob, MAIL), ("mail-2", bob, MAIL)]
    bob.teams.clear()
    with pytest.raises(NotFoundError):
        saved.access_prompt(bob.pk, prompt.pk)


def test_a_command_is_unique_for_each_owner_only(alice, bob):
    made(alice)
    made(bob, everyone=True)
    assert [row.owner for row in saved.listed(alice.pk, "/mail")] == ["alice", "bob"]
    with pytest.raises(InvalidError, match="/mail already"):
        made(alice, "/Mail")
    other = made(alice, "letter")
    with pytest.raises(InvalidError, match="/mail already"):
        saved.change(alice, other.pk, PromptForm("mail", "", "x"))


@pytest.mark.parametrize(
    ("command", "text"), [("two words", "x"), ("", "x"), ("a/b", "x"), ("a", " "), ("a", "x" * 8001)]
)
def test_nonsense_makes_no_prompt(alice, command, text):
    with pytest.raises(InvalidError):
        made(alice, command, text)
    assert not Prompt.objects.exists()


def test_an_editor_makes_versions_and_nobody_overwrites_unseen(alice, bob):
    prompt = made(alice, editors=("bob",))
    saved.change(bob, prompt.pk, PromptForm("mail", "A mail", "Second", version=1), Audience(everyone=True))
    with pytest.raises(ConflictError):
        saved.change(alice, prompt.pk, PromptForm("mail", "A mail", "Unseen", version=1))
    prompt.refresh_from_db()
    # An editor changes the text, not who may use it.
    assert (prompt.text, prompt.version, prompt.everyone) == ("Second", 2, False)
    saved.change(alice, prompt.pk, PromptForm("mail", "A mail", "Second", version=2))
    saved.restore(alice, prompt.pk, 1)
    assert [(one.number, one.text, str(one.by)) for one in saved.versions(prompt)] == [
        (3, MAIL, "alice"),
        (2, "Second", "bob"),
        (1, MAIL, "alice"),
    ]


@pytest.mark.parametrize(
    ("setting", "audience", "is_allowed"),
    [
        ("everyone", {"everyone": True}, True),
        ("teams", {"everyone": True}, False),
        ("teams", {"users": ("bob",)}, True),
        ("nobody", {"users": ("bob",)}, False),
        ("nobody", {}, True),
    ],
)
def test_an_admin_decides_how_far_people_share(alice, bob, settings, setting, audience, is_allowed):
    settings.SHARING = setting
    if is_allowed:
        made(alice, **audience)
    else:
        with pytest.raises(ForbiddenError):
            made(alice, **audience)
        assert not Prompt.objects.exists()


def test_nobody_shares_with_a_foreign_team_or_an_unknown_person(alice, bob):
    foreign = Team.objects.create(name="Law")
    prompt = made(alice, teams=(foreign.pk,))
    assert not prompt.teams.exists()
    with pytest.raises(InvalidError, match="no account “carol”"):
        made(alice, "other", users=("carol",))


# The pages


@pytest.fixture
def pages(client, alice):
    client.force_login(alice)
    return client


FORM = {"command": "mail", "title": "A mail", "text": MAIL, "share": "me"}
LIST = reverse("chat:prompts")


@pytest.mark.parametrize(("setting", "share"), [("nobody", {}), ("teams", {"share": "everyone"})])
@pytest.mark.django_db(transaction=True)
def test_what_was_shared_before_it_was_switched_off_stays_shared(pages, alice, settings, setting, share):
    prompt = made(alice, everyone=True)
    settings.SHARING = setting
    edit = reverse("chat:prompt", args=[prompt.pk])
    form = LexborHTMLParser(pages.get(edit).text).css("main [name=share]")
    assert [one.attributes["value"] for one in form if "checked" in one.attributes] == list(share.values())
    said = {name: value for name, value in FORM.items() if name != "share"}
    assert pages.post(edit, {**said, **share, "version": 1}).status_code == 302
    prompt.refresh_from_db()
    assert prompt.everyone
    assert pages.post(edit, {**FORM, "version": 1}).status_code == 302
    prompt.refresh_from_db()
    assert not prompt.everyone


@pytest.mark.django_db(transaction=True)
def test_a_prompt_is_made_filled_and_sent_without_a_script(pages, alice):
    assert pages.post(LIST, FORM).status_code == 302
    prompt = Prompt.objects.get()
    assert "/mail" in pages.get(LIST).text
    use = reverse("chat:prompt-use", args=[prompt.pk])
    asked = LexborHTMLParser(pages.get(use).text)
    assert [one.attributes["name"] for one in asked.css("main [name^=value-]")] == [f"value-{at}" for at in range(4)]
    values = {f"value-{at}": value for at, value in enumerate(VALUES.values())}
    refused = pages.post(use, values | {"value-3": "soon"})
    assert refused.status_code == 400
    # What was filled in is still there.
    assert LexborHTMLParser(refused.text).css_first("[name=value-1]").attributes["value"] == "Ada"
    page = LexborHTMLParser(pages.post(use, values).text)
    composer = page.css_first("#composer")
    assert composer.css_first("#text").text() == filled(MAIL, VALUES)
    assert composer.attributes["action"] == reverse("chat:start")


@pytest.mark.django_db(transaction=True)
def test_the_composer_gets_the_list_the_form_and_the_text_as_parts(pages, alice, bob):
    plain = made(bob, "hello", "Good <b>morning</b>\n", everyone=True)
    prompt = made(alice)
    offered = LexborHTMLParser(pages.get(reverse("chat:prompts-offered"), headers=HTMX).text)
    assert [one.attributes["data-word"] for one in offered.css("[role=option]")] == ["mail", "hello"]
    part = pages.get(reverse("chat:prompt-use", args=[prompt.pk]), headers=HTMX).text
    assert "<html" not in part
    assert "value-3" in part
    text = LexborHTMLParser(pages.get(reverse("chat:prompt-use", args=[plain.pk]), headers=HTMX).text)
    assert text.css_first("[data-filled]").text().strip() == "Good <b>morning</b>"


@pytest.mark.django_db(transaction=True)
def test_the_filled_text_is_scanned_like_any_text(pages, alice):
    prompt = made(alice, text="Is this card good: {{card}}?")
    page = LexborHTMLParser(pages.post(reverse("chat:prompt-use", args=[prompt.pk]), {"value-0": CARD}).text)
    pages.post(reverse("chat:start"), {"text": page.css_first("#text").text()})
    assert Message.objects.get(role="user").label == Sensitivity.CONFIDENTIAL


@pytest.mark.django_db(transaction=True)
def test_a_refused_form_stays_filled_and_strangers_find_nothing(pages, alice, bob):
    made(alice)
    again = LexborHTMLParser(pages.post(LIST, FORM | {"title": "Another", "share": "some", "people": "carol"}).text)
    assert "already" in again.css_first("[role=alert]").text()
    assert again.css_first("[name=title]").attributes["value"] == "Another"
    theirs = made(bob)
    for name in ("prompt", "prompt-use"):
        assert pages.get(reverse(f"chat:{name}", args=[theirs.pk])).status_code == 404
    for name, more in (("prompt-copy", ()), ("prompt-delete", ()), ("prompt-restore", (1,)), ("prompt", ())):
        assert pages.post(reverse(f"chat:{name}", args=[theirs.pk, *more]), FORM).status_code == 404
    assert pages.get(reverse("chat:prompt", args=[uuid.uuid4()])).status_code == 404
