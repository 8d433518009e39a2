from django.apps import AppConfig
from django.db.models.signals import post_delete, post_save
from django.utils.translation import gettext_lazy

from langai_site import registry, stored_data


class UsageConfig(AppConfig):
    name = "langai_site.usage"
    label = "usage"
    verbose_name = gettext_lazy("Usage and budgets")

    def ready(self) -> None:
        from langai_site.usage import measures, overview, pseudonyms
        from langai_site.usage.ledger import backups, daily_heads
        from langai_site.usage.reports import rollup
        from langai_site.usage.spending import budgets, team_budgets

        guard = registry.AccessGuard("a budget", team_budgets.closed_teams, team_budgets.exceeds)
        registry.access_guard("usage", guard)
        registry.worker_job("ledger seals", seconds=10, run=_seal)
        registry.worker_job("usage reports", seconds=10, run=_roll_up)
        registry.worker_job("monthly close", seconds=3600, run=_close_months)
        registry.worker_job("budgets", seconds=60, run=_watch_budgets)
        registry.nightly_job("budget counters", budgets.reconcile_all)
        registry.nightly_job("usage reports", rollup.reconcile)
        registry.nightly_job("head of the chain", daily_heads.run)
        registry.doctor_check("head of the chain", daily_heads.finding, advice=daily_heads.ADVICE)
        registry.measure(*measures.ALL)
        overview.register()
        backups.register()
        stored_data.leavings["usage"] = stored_data.Leaving(pseudonyms.count, pseudonyms.replace)
        for signal in (post_save, post_delete):
            signal.connect(budgets.forget, sender="usage.Budget", dispatch_uid="budgets")


# A job that returns something is run again immediately; these return nothing, because they did everything there was.


def _seal() -> None:
    from langai_site.usage.ledger import sealing

    sealing.seal()
    sealing.seal_events()


def _roll_up() -> int:
    """Add one batch; while older entries are left, the job is run again immediately."""
    from langai_site.usage.reports import rollup

    return rollup.roll()


def _close_months() -> None:
    from langai_site.usage.ledger import closing

    closing.close_months()


def _watch_budgets() -> None:
    from langai_site.usage.spending import notices, reservations

    reservations.expire()
    notices.mail_warnings()
