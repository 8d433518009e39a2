"""The tables of the chat, in one module for each part of it."""

from chat.models.answer_tests import AnswerTestCollection, AnswerTestSettings, CaseAnswer
from chat.models.assistants import Assistant, AssistantUse, AssistantVersion
from chat.models.changes import ChangeNotice, PassageChange, Replacement
from chat.models.citations import Citation, GivenDocument
from chat.models.comparisons import ComparedReply, ModelComparison
from chat.models.conflicts import DismissedConflict, FigureConflict, FiguresRead, StatedFigure
from chat.models.conversations import Conversation, ConversationQuerySet, LabelChange
from chat.models.evaluation import EvalCase
from chat.models.feedback import Feedback
from chat.models.folders import Folder, ListChange
from chat.models.gaps import GapQuestion, KnowledgeGap
from chat.models.keeping import KeepingRule
from chat.models.messages import (
    Attachment,
    Message,
    MessageQuerySet,
    MessageWords,
    Reply,
    ReplyHtml,
    SentMessage,
    SharedHtml,
    text_of,
    thinking_of,
)
from chat.models.policies import RoutingPolicy, RoutingRule
from chat.models.prompts import Prompt, PromptVersion
from chat.models.retention import RetentionRule
from chat.models.reviews import ReviewCell, ReviewColumn, ReviewRow, ReviewTable
from chat.models.shares import Share
from chat.models.transfers import Transfer
from chat.models.verified import VerifiedAnswer, VerifiedCitation, VerifiedNotice

__all__ = [
    "AnswerTestCollection",
    "AnswerTestSettings",
    "Assistant",
    "AssistantUse",
    "AssistantVersion",
    "Attachment",
    "CaseAnswer",
    "ChangeNotice",
    "Citation",
    "ComparedReply",
    "Conversation",
    "ConversationQuerySet",
    "DismissedConflict",
    "EvalCase",
    "Feedback",
    "FigureConflict",
    "FiguresRead",
    "Folder",
    "GapQuestion",
    "GivenDocument",
    "KeepingRule",
    "KnowledgeGap",
    "LabelChange",
    "ListChange",
    "Message",
    "MessageQuerySet",
    "MessageWords",
    "ModelComparison",
    "PassageChange",
    "Prompt",
    "PromptVersion",
    "Replacement",
    "Reply",
    "ReplyHtml",
    "RetentionRule",
    "ReviewCell",
    "ReviewColumn",
    "ReviewRow",
    "ReviewTable",
    "RoutingPolicy",
    "RoutingRule",
    "SentMessage",
    "Share",
    "SharedHtml",
    "StatedFigure",
    "Transfer",
    "VerifiedAnswer",
    "VerifiedCitation",
    "VerifiedNotice",
    "text_of",
    "thinking_of",
]
