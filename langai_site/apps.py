from django.apps import AppConfig


class LangAIConfig(AppConfig):
    name = "langai_site"
    verbose_name = "LangAI"

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from langai_site import checks, exposition, health, metrics, observing, registry
        from langai_site.detectors import patterns
        from langai_site.models import SensitivePattern

        assert checks.deployment
        for changed in (post_save, post_delete):
            changed.connect(patterns.on_change, sender=SensitivePattern)
        registry.health_check("database", health.database)
        registry.health_check("cache", health.shared_cache)
        registry.health_check("worker", health.worker)
        registry.web_service("health checks", health.watch)
        registry.web_service("event loop", observing.watch_loop)
        registry.web_service("metrics", exposition.keep_published)
        registry.worker_job("metrics", seconds=exposition.EVERY, run=exposition.publish_worker)
        registry.measure(*observing.ALL)
        registry.gauge(metrics.CHECKS)
        registry.shared_gauge(metrics.WORKERS)
        registry.shared_gauge(metrics.WORKER_AGE)
