from django.apps import AppConfig


class LangAIConfig(AppConfig):
    name = "langai_site"
    verbose_name = "LangAI"

    def ready(self) -> None:
        from langai_site import checks, health, registry

        assert checks.deployment
        registry.health_check("database", health.database)
        registry.health_check("cache", health.shared_cache)
        registry.health_check("worker", health.worker)
        registry.web_service("health checks", health.watch)
