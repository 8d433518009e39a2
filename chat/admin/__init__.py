"""The chat's admin pages: conversations, replies, label changes and routing policies."""

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from chat.admin.answer_tests import AnswerTestSettingsAdmin
from chat.admin.assistants import AssistantAdmin, PromptAdmin
from chat.admin.keeping import KeepingRuleAdmin
from chat.admin.metadata import MetadataAdmin
from chat.admin.policies import RoutingPolicyAdmin
from chat.admin.replies import LabelChangeAdmin, ReplyAdmin
from chat.admin.retention import RetentionRuleAdmin
from chat.models import AnswerTestSettings, Assistant, Conversation, LabelChange, Prompt, Reply, RoutingPolicy
from chat.models.keeping import KeepingRule
from chat.models.retention import RetentionRule

admin.site.register(RoutingPolicy, RoutingPolicyAdmin)
admin.site.register(Assistant, AssistantAdmin)
admin.site.register(Prompt, PromptAdmin)
admin.site.register(Reply, ReplyAdmin)
admin.site.register(KeepingRule, KeepingRuleAdmin)
admin.site.register(RetentionRule, RetentionRuleAdmin)
admin.site.register(AnswerTestSettings, AnswerTestSettingsAdmin)
admin.site.register(LabelChange, LabelChangeAdmin)


@admin.register(Conversation)
class ConversationAdmin(MetadataAdmin[Conversation]):
    list_display = ["started", "owner", "messages_count", "label", "source", "model", "updated_at", "short_id"]
    list_filter = ["label", "source", "created_at"]
    search_fields = ["id", "owner__username"]
    fields = ["id", "owner", "label", "source", "model", "keeping", "created_at", "updated_at", "deleted_at"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Conversation]:
        return super().get_queryset(request).select_related("owner").annotate(message_count=Count("messages"))

    @admin.display(description=_("started"), ordering="created_at")
    def started(self, conversation: Conversation) -> str:
        """Return when it began: its title is its owner's own words, which admins may not read."""
        return date_format(timezone.localtime(conversation.created_at), "j M Y, H:i")

    @admin.display(description=_("id"), ordering="id")
    def short_id(self, conversation: Conversation) -> str:
        return f"{str(conversation.pk)[:8]}…"

    @admin.display(description=_("messages"), ordering="message_count")
    def messages_count(self, conversation: Conversation) -> int:
        count: int = conversation.message_count  # type: ignore[attr-defined]  # of the query above
        return count
