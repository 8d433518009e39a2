"""The composer's choice of a label follows what the detectors see, and never goes below what a person chose."""

import pytest
from django.urls import reverse
from selectolax.lexbor import LexborHTMLParser

from chat.conversations import labels
from chat.models import Conversation
from chat.pages.label_choice import LabelChoice, following
from langai_site import detectors
from langai_site.sensitivity import Sensitivity
from tests.chat.test_labels import CARD
from tests.chat.test_views import ask, client_of

PUBLIC, INTERNAL, CONFIDENTIAL = Sensitivity
RAISED = {"label": "confidential", "found": "confidential", "own": "internal"}


@pytest.mark.parametrize(
    ("form", "least", "found", "after"),
    [
        ({"label": "public"}, PUBLIC, PUBLIC, None),
        ({"label": "public"}, PUBLIC, CONFIDENTIAL, LabelChoice(CONFIDENTIAL, PUBLIC)),
        ({"label": "internal"}, PUBLIC, CONFIDENTIAL, LabelChoice(CONFIDENTIAL, INTERNAL)),
        ({"label": "confidential"}, PUBLIC, INTERNAL, None),
        (RAISED, PUBLIC, CONFIDENTIAL, None),
        (RAISED, PUBLIC, PUBLIC, LabelChoice(INTERNAL, INTERNAL)),
        # The person has chosen since: that stays, as far as the text allows.
        (RAISED | {"label": "public"}, PUBLIC, PUBLIC, None),
        (RAISED | {"label": "internal"}, PUBLIC, CONFIDENTIAL, LabelChoice(CONFIDENTIAL, INTERNAL)),
        # The conversation's label has risen since.
        (RAISED, CONFIDENTIAL, PUBLIC, None),
        ({}, INTERNAL, PUBLIC, None),
    ],
)
def test_it_follows(form, least, found, after):
    assert following(form, least, found) == after


def test_what_detectors_explain_is_not_called_the_persons_choice():
    found = detectors.detect(CARD)
    assert [cause.words for cause in labels.asked(PUBLIC, CONFIDENTIAL, found)] == [
        "a payment card number in your message"
    ]
    assert labels.words_of(labels.asked(PUBLIC, CONFIDENTIAL, ())) == labels.CHOSEN


@pytest.mark.django_db(transaction=True)
async def test_the_preview_raises_the_choice_and_takes_it_back(alice):
    client = await client_of(alice)

    async def shown(text, **form):
        form = {"text": text, "model": "auto", "label": "public"} | form
        return LexborHTMLParser((await client.post(reverse("chat:preview-new"), form)).content.decode())

    assert (await shown("How long is it?")).css_first("#label-choice") is None
    raised = await shown(f"Why was {CARD} declined?")
    assert raised.css_first("#label-choice").attributes["hx-swap-oob"] == "innerHTML"
    assert raised.css_first("#label-choice option[selected]").attributes["value"] == "confidential"
    hidden = {field.attributes["name"]: field.attributes["value"] for field in raised.css("#label-found input")}
    assert hidden == {"found": "confidential", "own": "public"}
    lowered = await shown("", label="confidential", **hidden)
    assert lowered.css_first("#label-choice option[selected]").attributes["value"] == "public"
    assert lowered.css("#label-found input") == []
    await ask(client, f"Why was {CARD} declined?", label="confidential", **hidden)
    assert (await Conversation.objects.aget()).label_cause == "a payment card number in your message"
