from django.apps import AppConfig


class LangAIConfig(AppConfig):
    name = "langai_site"
    verbose_name = "LangAI"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from langai_site import checks, health, registry
        from langai_site.detectors import patterns
        from langai_site.models import SensitivePattern

        assert checks.deployment
        for changed in (post_save, post_delete):
            changed.connect(patterns.on_change, sender=SensitivePattern)
        registry.health_check("database", health.database)
        registry.health_check("cache", health.shared_cache)
        registry.health_check("worker", health.worker)
        registry.web_service("health checks", health.watch)
