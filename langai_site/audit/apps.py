from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "langai_site.audit"
    label = "audit"
    verbose_name = "Audit log"
