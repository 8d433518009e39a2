from django.apps import AppConfig

from langai_site import registry


class UsageConfig(AppConfig):
    name = "langai_site.usage"
    label = "usage"

    def ready(self) -> None:
        from langai_site.usage import measures

        registry.measure(*measures.ALL)
