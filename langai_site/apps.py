from django.apps import AppConfig


class LangAIConfig(AppConfig):
    name = "langai_site"
    verbose_name = "LangAI"
