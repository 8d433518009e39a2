from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from langai_site import openwebui, registry


class AccountsConfig(AppConfig):
    name = "langai_site.accounts"
    label = "accounts"
    verbose_name = gettext_lazy("Accounts")

    def ready(self) -> None:
        from allauth.account.signals import password_changed
        from allauth.account.signals import user_logged_in as logged_in_through_allauth
        from allauth.mfa import signals as factors
        from allauth.mfa.models import Authenticator
        from allauth.socialaccount.signals import social_account_added
        from django.contrib.auth.signals import user_logged_in, user_logged_out
        from django.db.models.signals import m2m_changed, post_delete, post_save

        from langai_site.accounts import (
            audit_signals,
            browser_sessions,
            devices,
            drafts,
            endings,
            holds,
            leaving,
            moving_in,
            overview,
            person_socket,
            providers,
            roles,
            second_factor,
            senders,
            terms,
        )
        from langai_site.accounts.models import Team, User

        # A person who changes their password stays signed in in the browser they use for it.
        for signal in (user_logged_in, password_changed):
            signal.connect(devices.remember)
        user_logged_out.connect(endings.on_sign_out)
        user_logged_out.connect(drafts.forget)
        post_save.connect(endings.on_save, sender=User)
        post_delete.connect(endings.on_delete, sender=User)
        user_logged_in.connect(browser_sessions.on_sign_in)
        password_changed.connect(browser_sessions.on_new_password)
        user_logged_out.connect(browser_sessions.on_sign_out)
        logged_in_through_allauth.connect(providers.on_sign_in)
        social_account_added.connect(providers.on_link)
        user_logged_in.connect(audit_signals.on_sign_in)
        user_logged_out.connect(audit_signals.on_sign_out)
        password_changed.connect(audit_signals.on_password)
        factors.authenticator_added.connect(audit_signals.on_factor_added)
        factors.authenticator_removed.connect(audit_signals.on_factor_removed)
        factors.authenticator_reset.connect(audit_signals.on_codes)
        factors.authentication_failed.connect(audit_signals.on_wrong_code)
        post_save.connect(second_factor.on_team, sender=Team)
        m2m_changed.connect(second_factor.on_membership, sender=User.teams.through)
        for signal in (post_save, post_delete):
            signal.connect(second_factor.on_factor, sender=Authenticator)
        post_save.connect(terms.on_person, sender=User)
        holds.register()
        overview.register()
        openwebui.register("people", moving_in.move)
        registry.setup_step("roles", roles.make_groups)
        registry.sender_check("accounts", senders.sender_of)
        registry.web_service("sign-ins of sockets", person_socket.keep_checking)
        registry.worker_job("account deletions", seconds=30, run=leaving.carry_out)
        _register_nightly_jobs()


def _register_nightly_jobs() -> None:
    from langai_site.accounts import browser_sessions, deletion_receipts, second_factor, terms, tokens, uploads_api

    uploads_api.register()
    registry.nightly_job("expired tokens", tokens.discard_expired)
    registry.nightly_job("ended sessions", browser_sessions.discard_ended)
    registry.nightly_job("second factors", second_factor.refresh)
    registry.nightly_job("terms of use", terms.refresh)
    registry.nightly_job("deletion receipts", deletion_receipts.check)
