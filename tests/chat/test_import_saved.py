"""Prompts and model presets of Open WebUI become a person's own prompts and assistants, once."""

import pytest
from django.urls import reverse

from chat.models import Assistant, Conversation, Prompt
from chat.saved_prompts import saved, variables
from chat.transfers import saved_items
from chat.transfers.readers import openwebui_saved, placeholders
from langai_site.sensitivity import Sensitivity
from search.models import Collection
from tests.chat.exports import openwebui, webui_preset, webui_prompt
from tests.chat.import_reports import imported, left_out
from tests.chat.test_exports import client_of

SELECT = '{{urgency | select:options=["low","high: now"]:default="low"}}'


@pytest.mark.parametrize(
    ("there", "here", "lost"),
    [
        ("Hi {{name}}, {{ name }}!", "Hi {{name}}, {{name}}!", []),
        ('{{x | text:placeholder="a: b, {c}":required}}', '{{x | text:placeholder="a: b, {c}":required}}', []),
        ('{{x | text:placeholder="a: b":required}}', "{{x}}", ["DETAILS"]),
        ("{{x | textarea:required}} {{when | date}}", "{{x: long text}} {{when: date}}", []),
        ("{{n | number:min=1}} {{r | range}} {{m | month}}", "{{n: number}} {{r: number}} {{m}}", ["DETAILS"]),
        (SELECT, "{{urgency: low | high: now}}", ["DETAILS"]),
        ("{{c | checkbox}}", "{{c: true | false}}", []),
        ('{{c | select:options=["one"]}} {{d | select:options=[1}}', "{{c}} {{d}}", ["CHOICES", "CHOICES"]),
        ('{{c | select:options=["a|b","c"]}}', "{{c: a b | c}}", []),
        ("{{CLIPBOARD}} by {{USER_NAME}}", "{{clipboard: long text}} by {{user name}}", ["FILLED_IN", "FILLED_IN"]),
        ("{{user.name}} {{user name}}", "{{user name}} {{user name 2}}", []),
        ("{{Name}} {{name}} {{1}}", "{{Name}} {{name 2}} {{value 1}}", []),
        ("{{time: now}} {{#each}} {{}}", "{{time now}} {{#each}} {{}}", []),
        ("{{" + "x" * 60 + "}}", "{{" + "x" * 40 + "}}", []),
    ],
)
def test_variables_are_translated(there, here, lost):
    text, found = placeholders.translated(there)
    assert (text, [reason for reason, _name in found]) == (here, [getattr(placeholders, name) for name in lost])
    variables.variables(text)


@pytest.mark.django_db(transaction=True)
class TestImport:
    def test_prompts_become_own_ones_and_what_does_not_fit_is_counted(self, alice, bob):
        saved.create(alice, saved.PromptForm("mail", "Mine", "Mine"))
        saved.create(bob, saved.PromptForm("long", "Bob's", "Bob's"))
        rows = [
            webui_prompt("p1", "/mail", "To {{who | text:required}} with {{CLIPBOARD}}", tags=["x"]),
            webui_prompt("p2", "Löng Name!", "As {{a: b}}", access_grants=[{"principal_id": "*"}]),
            webui_prompt("p3", "empty", " "),
            webui_prompt("p4", "huge", "x" * 9_000),
            {"command": "old", "title": "An old one", "content": "Hello"},
        ]
        row = imported(alice, rows, "prompts.json", Sensitivity.INTERNAL)
        assert row.report["prompts"] == {"found": 5, "imported": 3, "same": 0, "broken": 2}
        assert "assistants" not in row.report
        made = {one.command: one.text for one in Prompt.objects.of(alice.pk)}
        assert made == {
            "mail": "Mine",
            "mail-2": "To {{who}} with {{clipboard: long text}}",
            "löng-name": "As {{a b}}",
            "old": "Hello",
        }
        assert left_out(row) == {
            placeholders.FILLED_IN: 1,
            openwebui_saved.TAGS: 1,
            openwebui_saved.SHARING: 1,
            openwebui_saved.NO_TEXT: 1,
            saved_items.COMMANDS: 2,
            saved_items.UNLABELLED: 3,
            "The text has 9,000 characters; 8,000 are allowed.": 1,
        }
        assert not Prompt.objects.shared().exists()

    def test_presets_become_own_assistants(self, alice):
        library = Collection.objects.create(name="Rules", everyone=True)
        Collection.objects.create(name="Secrets")
        full = webui_preset(
            params={"system": "You help {{USER_NAME}}.", "temperature": 0.5, "max_tokens": 10**9, "top_p": 0.1},
            meta={
                "description": "x" * 300,
                "profile_image_url": "data:image/png;base64,AAAA",
                "suggestion_prompts": [{"content": f"Q{number}?"} for number in range(9)],
                "knowledge": [{"name": "Rules"}, {"name": "Secrets"}],
                "toolIds": ["search"],
            },
        )
        old = {"id": "m", "info": webui_preset("inner", name="Inner")}
        base = webui_preset("base", base_model_id=None)
        row = imported(alice, [full, old, base, webui_preset("x", name=" ")], "models.json", Sensitivity.CONFIDENTIAL)
        assert row.report["assistants"] == {"found": 4, "imported": 2, "same": 0, "broken": 2}
        one = Assistant.objects.get(name="Helper")
        assert (one.instructions, one.model, one.options) == ("You help {{USER_NAME}}.", "auto", {"temperature": 0.5})
        assert (one.collections, one.label, one.owner) == ([library.pk], Sensitivity.CONFIDENTIAL, alice)
        assert (len(one.purpose), one.starters) == (200, [f"Q{number}?" for number in range(6)])
        assert Assistant.objects.get(name="Inner").collections == []
        assert left_out(row) == {
            saved_items.GONE_MODEL: 2,
            saved_items.SHORTENED: 1,
            saved_items.PARAMETER: 1,
            saved_items.NO_COLLECTION: 1,
            saved_items.STARTERS: 3,
            placeholders.IN_INSTRUCTIONS: 1,
            openwebui_saved.PARAMETERS: 1,
            openwebui_saved.TOOLS: 1,
            openwebui_saved.PICTURE: 1,
            openwebui_saved.NO_BASE: 1,
            "Give the assistant a name.": 1,
        }

    def test_a_second_import_adds_nothing_even_after_changes(self, alice, bob):
        rows = [openwebui(), webui_prompt(), webui_preset()]
        imported(alice, rows)
        prompt = Prompt.objects.get()
        saved.change(alice, prompt.pk, saved.PromptForm("letter", "Mine now", "Changed"))
        row = imported(alice, rows)
        assert row.report["prompts"] == row.report["assistants"] == {"found": 1, "imported": 0, "same": 1, "broken": 0}
        assert (Prompt.objects.get().text, Assistant.objects.count(), Conversation.objects.count()) == ("Changed", 1, 1)
        imported(bob, rows)
        assert (Prompt.objects.of(bob.pk).count(), Assistant.objects.of(bob.pk).count()) == (1, 1)

    def test_the_pages_say_what_became_of_them(self, alice):
        row = imported(alice, [webui_prompt("p1", "<script>"), webui_preset()])
        client = client_of(alice)
        page = client.get(reverse("chat:transfer", args=[row.pk])).content.decode()
        assert "1 found, 1 imported" in page
        assert "0 conversations" not in page
        assert "&lt;script&gt;" in page
        assert "/&lt;script&gt;" in page
        listed = client.get(reverse("chat:transfers")).content.decode()
        assert "1 of 1 prompt imported, 1 of 1 assistant imported" in listed
