from django.apps import AppConfig


class UsageConfig(AppConfig):
    name = "langai_site.usage"
    label = "usage"
