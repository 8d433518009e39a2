from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from langai_site import registry


class OutboundConfig(AppConfig):
    name = "langai_site.outbound"
    label = "outbound"
    verbose_name = gettext_lazy("Models and connections")

    def ready(self) -> None:
        from langai_site.outbound import access, catalogue, diagnosis, door, last_teams, overview
        from langai_site.outbound.connections import reading
        from langai_site.outbound.event_feed import feeding

        reading.register()
        diagnosis.register()
        overview.register()
        feeding.register()
        registry.display_names(catalogue.display_names)
        last_teams.register()
        registry.access_guard("outbound", registry.AccessGuard("models", access.closed_teams, access.exceeds))
        registry.health_check("llm", catalogue.health)
        registry.web_service("connections", reading.keep_fresh)
        registry.web_service("model catalogue", catalogue.keep_fresh)
        registry.web_service("client warm-up", door.warm)
