from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ChatConfig(AppConfig):
    name = "chat"
    verbose_name = _("Conversations")

    def ready(self) -> None:
        from django.conf import settings

        from chat import measures, overview, places
        from chat.api import stateless
        from chat.conversations import access, attachments, label_rises, ordering, removing
        from chat.history import rows as history_rows
        from chat.live import closed_accounts, expiring, leaving, raising, retaining, runner
        from chat.markdown import passages
        from chat.transfers import access as transfers
        from chat.transfers import jobs, moving_in, moving_saved
        from chat.turns import cited_sources, comparing_versions, sending
        from langai_site import document_uses, openwebui, registry, stored_data

        def live_replies() -> int:
            return runner.live_count() + stateless.live_count()

        for path in ("/v1/chat/completions", "/v1/responses"):
            registry.long_text(path, settings.DATA_UPLOAD_MAX_MEMORY_SIZE)
        registry.web_service("stop flags", runner.watch_stops)
        registry.web_service("lost replies", runner.sweep)
        registry.web_service("raised labels", raising.keep_raising)
        document_uses.quotations(label_rises)
        document_uses.draw_passages(passages.drawn_passage)
        overview.register()
        places.register()
        registry.web_service("closed accounts", closed_accounts.keep_looking)
        registry.web_drain("live replies", runner.drain)
        registry.web_drain("answers outside conversations", stateless.drain)
        registry.measure(*measures.ALL)
        registry.gauge(registry.Gauge("langai_live_replies", "Replies being written", live_replies))
        registry.titles_of_conversations("chat", access.titles)
        registry.worker_job("deleted conversations", seconds=60, run=removing.purge_deleted)
        registry.worker_job("changes of the list", seconds=600, run=ordering.purge)
        registry.worker_job("temporary conversations", seconds=30, run=expiring.purge)
        registry.nightly_job("retention", retaining.run)
        registry.worker_job("keys of messages", seconds=3600, run=sending.forget_old)
        registry.worker_job("attached files", seconds=300, run=attachments.sweep)
        openwebui.register("chats", moving_in.move)
        openwebui.register("prompts and assistants", moving_saved.move)
        registry.worker_job("exports and imports", seconds=2, run=jobs.run)
        registry.worker_job("old exports", seconds=3600, run=transfers.sweep)
        registry.worker_job("words of conversations", seconds=600, run=history_rows.fill)
        document_uses.after_replacement(comparing_versions.begin)
        document_uses.answer_counts(comparing_versions.answers_citing)
        registry.worker_job("changed passages", seconds=10, run=comparing_versions.compare)
        _register_for_holds()
        _register_for_receipts()
        stored_data.derived_models += ["chat.MessageWords", "chat.FiguresRead", "chat.StatedFigure"]
        stored_data.derived_models.append("chat.FigureConflict")
        stored_data.leavings["chat"] = stored_data.Leaving(leaving.count, leaving.remove)
        stored_data.leavings["transfers"] = stored_data.Leaving(lambda _user_id: {}, transfers.remove_all)
        stored_data.personal_paths["chat.Feedback"] = "reply__conversation__owner"
        registry.worker_job("replaced versions", seconds=3600, run=cited_sources.discard_uncited)
        _register_for_owners()


def _register_for_receipts() -> None:
    """Say what has to be searched for remainders of deleted conversations besides tables and files."""
    from chat.conversations import deletion_receipts
    from langai_site import stored_data

    stored_data.other_store_names.append("words of conversations")
    stored_data.other_stores.append(deletion_receipts.words)


def _register_for_holds() -> None:
    """Say whose each row is, so that a legal hold keeps it."""
    from chat.conversations import access
    from chat.models import (
        Assistant,
        Attachment,
        Conversation,
        EvalCase,
        Feedback,
        Folder,
        Message,
        Prompt,
        ReviewColumn,
        ReviewRow,
        ReviewTable,
        Share,
        Transfer,
    )
    from langai_site.accounts import holds

    for model in (Attachment, Conversation, Folder, Prompt, ReviewTable, Share, Transfer):
        holds.guard(model, holds.Guard(person=lambda row: row.owner_id))
    # A trial of a draft goes with the draft; the assistant itself stays.
    holds.guard(Assistant, holds.Guard(person=lambda row: None if row.trial_for_id else row.owner_id))
    holds.guard(Message, holds.Guard(person=lambda row: row.conversation.owner_id))
    holds.guard(Feedback, holds.Guard(person=lambda row: row.reply.conversation.owner_id))
    for part in (ReviewColumn, ReviewRow):
        holds.guard(part, holds.Guard(person=lambda row: row.table.owner_id))
    of_case = holds.Guard(person=lambda row: row.author_id, collection=lambda row: row.collection_id)
    holds.guard(EvalCase, of_case)
    holds.owner_of_conversation.append(access.owner_of)


def _register_for_owners() -> None:
    """Register what keeps verified answers, knowledge gaps, review tables and test cases up to date."""
    from chat.answer_tests import running as answer_tests
    from chat.conflicts import finding as conflicts
    from chat.evaluation import drafts, running
    from chat.gaps import clustering, testing
    from chat.reviews import filling
    from chat.verified import following, indexing
    from langai_site import document_uses, registry, stored_data

    document_uses.after_relabelling(following.follow)
    registry.worker_job("verified answers", seconds=5, run=indexing.run)
    registry.worker_job("knowledge gaps", seconds=30, run=clustering.run)
    registry.worker_job("tests of knowledge gaps", seconds=10, run=testing.run_requested)
    registry.nightly_job("knowledge gaps", testing.run_all)
    # At least half of the time it rests: reading figures is never urgent.
    registry.worker_job("figures of documents", seconds=5, run=conflicts.run, rest=1)
    registry.worker_job("review tables", seconds=2, run=filling.run)
    registry.worker_job("test cases of search", seconds=10, run=running.run)
    registry.nightly_job("test cases of search", running.request_all)
    registry.worker_job("answers to test cases", seconds=10, run=answer_tests.run)
    registry.nightly_job("answers to test cases", answer_tests.plan)
    registry.worker_job("test cases of drafts", seconds=3, run=drafts.run)
    registry.worker_job("verified answers to review", seconds=60, run=following.expire_due)
    stored_data.personal_paths["chat.GapQuestion"] = "reply__conversation__owner"
