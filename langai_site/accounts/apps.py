from django.apps import AppConfig

from langai_site import registry


class AccountsConfig(AppConfig):
    name = "langai_site.accounts"
    label = "accounts"

    def ready(self) -> None:
        from langai_site.accounts import senders

        registry.sender_check("accounts", senders.sender_of)
