from django.apps import AppConfig


class AccountsConfig(AppConfig):
    name = "langai_site.accounts"
    label = "accounts"
