"""Pages of assistants, prompts, links, transfers and policies are German throughout for readers of German."""

from functools import cache

import polib
import pytest
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.routing import policies
from chat.saved_prompts import saved
from chat.saved_prompts.saved import PromptForm
from chat.shares import links
from chat.shares.links import ShareForm
from langai_site.accounts.sharing import Audience
from langai_site.models import SensitivePattern
from langai_site.processes import catalogues
from tests.chat.factories import long_conversation
from tests.chat.test_assistants import made
from tests.chat.test_labels import CARD

pytestmark = pytest.mark.django_db(transaction=True)
GERMAN = {"Accept-Language": "de"}
SPOKEN = ("aria-label", "title", "placeholder")


@cache
def english() -> frozenset[str]:
    """The English of all entries whose German is another."""
    entries = polib.pofile(str(catalogues.SOURCES / "de" / "LC_MESSAGES" / "django.po"))
    return frozenset(entry.msgid for entry in entries if entry.msgstr and entry.msgstr != entry.msgid)


def said(page):
    """Everything that the main part of a page says, in one piece for each of its texts."""
    tree = LexborHTMLParser(page.text)
    found = tree.css_first("main") if tree.css_first("#content") is None else tree.css_first("#content")
    assert found is not None
    for node in found.traverse(include_text=True):
        if node.tag == "-text":
            yield " ".join((node.text_content or "").split())
        else:
            yield from (value for name, value in node.attributes.items() if value and name in SPOKEN)


def test_no_page_shows_the_english_of_an_entry(client, admin, first):
    client.force_login(admin)
    assistant = made(admin, everyone=True)
    prompt = saved.create(admin, PromptForm("post", "Letter", f"Dear {{{{person}}}}, {CARD}"))
    talk, _messages = long_conversation(admin, 4)
    share = links.create(admin, talk.pk, ShareForm(Audience(everyone=True), days=7))
    draft = policies.draft_of(first, by=admin)
    names = {admin.username, *draft.rules.values_list("name", flat=True)}
    SensitivePattern.objects.create(name="falcon", pattern="falcon")
    pages = {
        reverse("chat:assistants"): "Neuer Assistent",
        reverse("chat:assistant", args=[assistant.pk]): "Gut bewertet",
        reverse("chat:assistant-change", args=[assistant.pk]): "Einstiegsfragen",
        reverse("chat:prompt", args=[prompt.pk]): "Kartennummer",
        reverse("chat:share-settings", args=[share.pk]): "Zeigt 4 Nachrichten",
        reverse("chat:shared", args=[share.token]): "geteilt von",
        reverse("chat:transfers"): "Assistenten importieren",
        f"/admin/chat/routingpolicy/{draft.pk}/change/": "Was geschehen würde",
        f"/admin/chat/routingpolicy/{draft.pk}/activate/": "Entwurf",
        "/admin/langai_site/sensitivepattern/": "Regulärer Ausdruck",
    }
    for address, words in pages.items():
        page = client.get(address, headers=GERMAN)
        found = list(said(page))
        assert any(words in text for text in found), (address, words)
        assert english() & set(found) <= names, address
