"""Replies and label changes in admin: what a turn cost and why, without any of its text."""

from collections.abc import Iterable

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from chat.admin.metadata import MetadataAdmin
from chat.conversations import labels
from chat.models import LabelChange, Reply
from chat.pages import receipt_text
from chat.routing import wordings
from chat.turns.receipt import Receipt
from chat.values import LEVEL_WORDS, Level
from langai_site.numbers import decimal, grouped
from langai_site.sentences import drawn

_READ = ("id", "conversation_id", "created_at", "status", "error_code", "label", "model", "receipt")
_OWNER = ("conversation__owner__username", "conversation__owner__first_name", "conversation__owner__last_name")
NONE = "-"
NOTE = gettext_lazy("In the same words as under the answer, without the titles of documents.")


class ReplyAdmin(MetadataAdmin[Reply]):
    """Receipts. Columns with texts are not even read."""

    list_display = [
        *("created_at", "owner", "status", "label", "complexity", "answered_by", "rule", "tokens", "cost", "duration"),
        "conversation_in_short",
    ]
    list_filter = ["status", "label", "model", "created_at"]
    search_fields = ["id", "conversation__id", "conversation__owner__username"]
    search_help_text = gettext_lazy("The id of a reply or of a conversation, or a user's name.")
    date_hierarchy = "created_at"
    ordering = ["-created_at"]
    show_full_result_count = False
    fieldsets = [
        (None, {"fields": ["id", "created_at", "owner", "conversation_link", "status", "error_code"]}),
        (
            gettext_lazy("Label and complexity"),
            {"fields": ["label", "label_causes", "complexity", "complexity_causes"], "description": NOTE},
        ),
        (
            gettext_lazy("Route"),
            {"fields": ["requested", "answered_by", "name", "route", "rule", "policy", "not_used", "failures"]},
        ),
        (gettext_lazy("Usage"), {"fields": ["tokens", "prompt", "cost", "price", "first_word", "duration"]}),
    ]

    class Media:
        css = {"all": ["admin/metadata.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: Reply | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reply]:
        # What another program answered is imported: it cost nothing here.
        replies = super().get_queryset(request).filter(role=Reply.Role.ASSISTANT, conversation__imported_from="")
        return replies.select_related("conversation__owner").only(*_READ, *_OWNER)

    @admin.display(description=gettext_lazy("owner"), ordering="conversation__owner__username")
    def owner(self, reply: Reply) -> str:
        return str(reply.conversation.owner)

    @admin.display(description=gettext_lazy("Conversation"))
    def conversation_link(self, reply: Reply) -> str:
        return _linked(reply, str(reply.conversation_id))

    @admin.display(description=gettext_lazy("Conversation"))
    def conversation_in_short(self, reply: Reply) -> str:
        return _linked(reply, f"{str(reply.conversation_id)[:8]}…")

    @admin.display(description=gettext_lazy("Because"))
    def label_causes(self, reply: Reply) -> str:
        return _lines(drawn(labels.unquoted(cause.words)) for cause in _receipt(reply).label_causes)

    @admin.display(description=gettext_lazy("complexity"))
    def complexity(self, reply: Reply) -> str:
        level = _receipt(reply).complexity
        return str(LEVEL_WORDS[Level(level)]) if level in list(Level) else level or NONE

    @admin.display(description=gettext_lazy("Because"))
    def complexity_causes(self, reply: Reply) -> str:
        return _lines(map(drawn, _receipt(reply).complexity_causes))

    @admin.display(description=gettext_lazy("Requested model"))
    def requested(self, reply: Reply) -> str:
        asked = _receipt(reply).request
        return asked.requested if asked else NONE

    @admin.display(description=gettext_lazy("Model"), ordering="model")
    def answered_by(self, reply: Reply) -> str:
        receipt = _receipt(reply)
        return receipt.model or (NONE if receipt.is_empty else pgettext("model", "none"))

    @admin.display(description=gettext_lazy("Its name in LiteLLM"))
    def name(self, reply: Reply) -> str:
        return _receipt(reply).name or NONE

    @admin.display(description=gettext_lazy("Chosen"))
    def route(self, reply: Reply) -> str:
        return drawn(_receipt(reply).route) or NONE

    @admin.display(description=gettext_lazy("rule"))
    def rule(self, reply: Reply) -> str:
        return drawn(wordings.rule(_receipt(reply).rule)) or NONE

    @admin.display(description=gettext_lazy("Policy version"))
    def policy(self, reply: Reply) -> str:
        return str(_receipt(reply).policy or NONE)

    @admin.display(description=gettext_lazy("Not used"))
    def not_used(self, reply: Reply) -> str:
        return _lines(f"{other.model}: {drawn(other.why)}" for other in _receipt(reply).rejected)

    @admin.display(description=gettext_lazy("What servers said"))
    def failures(self, reply: Reply) -> str:
        return _lines(_receipt(reply).failures or ())

    @admin.display(description=gettext_lazy("tokens"))
    def tokens(self, reply: Reply) -> str:
        receipt = _receipt(reply)
        return NONE if receipt.is_empty else receipt_text.tokens(receipt)

    @admin.display(description=gettext_lazy("Allowed for"))
    def prompt(self, reply: Reply) -> str:
        asked = _receipt(reply).request
        if not asked:
            return NONE
        words = _("%(tokens_in)s tokens in at most, %(tokens_out)s out")
        return words % {"tokens_in": grouped(asked.prompt_tokens), "tokens_out": grouped(asked.max_tokens)}

    @admin.display(description=gettext_lazy("cost"))
    def cost(self, reply: Reply) -> str:
        receipt = _receipt(reply)
        return NONE if receipt.is_empty else receipt_text.cost(receipt.cost)

    @admin.display(description=gettext_lazy("Price version"))
    def price(self, reply: Reply) -> str:
        return _receipt(reply).price or NONE

    @admin.display(description=gettext_lazy("First word after"))
    def first_word(self, reply: Reply) -> str:
        return _seconds(_receipt(reply).first_token_ms)

    @admin.display(description=gettext_lazy("duration"))
    def duration(self, reply: Reply) -> str:
        receipt = _receipt(reply)
        return NONE if receipt.is_empty else _seconds(receipt.duration_ms)


class LabelChangeAdmin(MetadataAdmin[LabelChange]):
    """Which labels were raised or lowered, and why."""

    list_display = ["at", "username", "before", "after", "because", "conversation"]
    list_filter = ["at", "before", "after"]
    search_fields = ["conversation", "username"]
    date_hierarchy = "at"
    show_full_result_count = False
    fields = ["at", "username", "conversation", "before", "after", "because"]

    class Media:
        css = {"all": ["admin/metadata.css"]}

    def has_delete_permission(self, request: HttpRequest, obj: LabelChange | None = None) -> bool:
        return False

    @admin.display(description=gettext_lazy("because"))
    def because(self, change: LabelChange) -> str:
        """Return the cause. The reason that an owner gave for lowering a label is meant to be read here."""
        lowered = change.after < change.before
        return labels.reason_of(change.cause) if lowered else drawn(labels.unquoted(change.cause))


def _linked(reply: Reply, words: str) -> SafeString:
    address = reverse("admin:chat_conversation_change", args=[reply.conversation_id])
    return format_html('<a href="{}">{}</a>', address, words)


def _receipt(reply: Reply) -> Receipt:
    return Receipt.from_json(reply.receipt)


def _lines(words: Iterable[str]) -> str:
    return "\n".join(words) or NONE


def _seconds(milliseconds: int | None) -> str:
    return NONE if milliseconds is None else f"{decimal(milliseconds / 1000, 2)} s"
