from django.apps import AppConfig

from langai_site import registry


class AccountsConfig(AppConfig):
    name = "langai_site.accounts"
    label = "accounts"

    def ready(self) -> None:
        from allauth.account.signals import password_changed
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.db.models.signals import post_delete, post_save

        from langai_site.accounts import devices, drafts, endings, overview, person_socket, senders, tokens
        from langai_site.accounts.models import User

        # A person who changes their password stays signed in in the browser they use for it.
        for signal in (user_logged_in, password_changed):
            signal.connect(devices.remember)
        user_logged_out.connect(endings.on_sign_out)
        user_logged_out.connect(drafts.forget)
        post_save.connect(endings.on_save, sender=User)
        post_delete.connect(endings.on_delete, sender=User)
        overview.register()
        registry.sender_check("accounts", senders.sender_of)
        registry.web_service("sign-ins of sockets", person_socket.keep_checking)
        registry.nightly_job("expired tokens", tokens.discard_expired)
