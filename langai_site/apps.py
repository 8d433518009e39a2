import importlib

from django.apps import AppConfig
from django.conf import settings
from django.utils.translation import gettext_lazy

from langai_site import generics, registry

# Imported for its effect on Django's classes.
assert generics


class LangAIConfig(AppConfig):
    name = "langai_site"
    verbose_name = gettext_lazy("Safety")

    def ready(self) -> None:
        from django.db.models.signals import post_delete, post_save

        from langai_site import checks, registry
        from langai_site.admin_home import overview
        from langai_site.backup import schedule
        from langai_site.detectors import patterns
        from langai_site.models import SensitivePattern
        from langai_site.telemetry import health, metrics, metrics_view
        from langai_site.web import announcements, request_metrics

        assert checks.deployment
        for changed in (post_save, post_delete):
            changed.connect(patterns.on_change, sender=SensitivePattern)
        registry.health_check("database", health.database)
        registry.health_check("cache", health.shared_cache)
        registry.health_check("worker", health.worker)
        registry.web_service("health checks", health.watch)
        registry.web_service("announcements", announcements.watch)
        registry.web_service("event loop", request_metrics.watch_loop)
        registry.web_service("metrics", metrics_view.keep_published)
        registry.worker_job("metrics", seconds=metrics_view.EVERY, run=metrics_view.publish_worker)
        registry.measure(*request_metrics.ALL)
        registry.gauge(metrics.CHECKS)
        registry.shared_gauge(metrics.WORKERS)
        registry.shared_gauge(metrics.WORKER_AGE)
        registry.overview("site", overview.of_the_site)
        _register_doctor_checks()
        schedule.register()
        if settings.REDIS_URL:
            # On one thread: its modules import one another, and two threads that import them at the same time fail.
            importlib.import_module("redis.asyncio")


def _register_doctor_checks() -> None:
    from langai_site.processes import private_files
    from langai_site.telemetry.doctor import machine, secrets, stores

    redis = "Check REDIS_URL and that the server runs."
    mend = "Give it to the account that LangAI runs as, or set DATA_DIR to another folder."
    registry.doctor_check("settings", machine.configuration, advice="Run manage.py check --deploy.")
    registry.doctor_check("secrets", secrets.permissions, advice=mend)
    registry.doctor_check("private files", private_files.finding, advice=mend)
    registry.doctor_check("folders", machine.folders, advice=mend)
    registry.doctor_check("database", stores.database, advice="Check DATABASE_URL and that the server runs.")
    registry.doctor_check("clock", stores.clock, advice="Repair the database first.")
    registry.doctor_check("cache", stores.cache, advice=redis)
    registry.doctor_check("channel layer", stores.channel_layer, advice=redis)
    registry.doctor_check("worker", stores.worker, advice="Repair the database first.")
    registry.doctor_check("mail", machine.mail, advice="Check EMAIL_URL: the server, its port and the password.")
