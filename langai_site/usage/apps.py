from django.apps import AppConfig

from langai_site import registry


class UsageConfig(AppConfig):
    name = "langai_site.usage"
    label = "usage"

    def ready(self) -> None:
        registry.worker_job("ledger seals", seconds=10, run=_seal)
        registry.worker_job("monthly close", seconds=3600, run=_close_months)


# A job that returns something is run again at once: these have done all there is.


def _seal() -> None:
    from langai_site.usage import sealing

    sealing.seal()


def _close_months() -> None:
    from langai_site.usage import closing

    closing.close_months()
