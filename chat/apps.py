from django.apps import AppConfig


class ChatConfig(AppConfig):
    name = "chat"

    def ready(self) -> None:
        from chat import measures
        from chat.services import closed_accounts, conversations, label_rises, passing, runner, sources
        from langai_site import registry

        def live_replies() -> int:
            return runner.live_count() + passing.live_count()

        registry.long_text("/v1/chat/completions")
        registry.web_service("stop flags", runner.watch_stops)
        registry.web_service("lost replies", runner.sweep)
        registry.web_service("raised labels", label_rises.keep_raising)
        registry.quotations(label_rises)
        registry.web_service("closed accounts", closed_accounts.keep_looking)
        registry.web_drain("live replies", runner.drain)
        registry.web_drain("answers that are kept nowhere", passing.drain)
        registry.measure(*measures.ALL)
        registry.gauge(registry.Gauge("langai_live_replies", "Replies in the making", live_replies))
        registry.titles_of_conversations("chat", conversations.titles)
        registry.worker_job("deleted conversations", seconds=60, run=conversations.purge_deleted)
        registry.worker_job("replaced versions", seconds=3600, run=sources.discard_uncited)
