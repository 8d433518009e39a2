from django.apps import AppConfig


class OutboundConfig(AppConfig):
    name = "langai_site.outbound"
    label = "outbound"
