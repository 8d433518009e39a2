from django.apps import AppConfig

from langai_site import registry


class DocumentsConfig(AppConfig):
    name = "documents"

    def ready(self) -> None:
        from documents import diagnosis, places

        diagnosis.register()
        places.register()
        registry.worker_job("documents", seconds=1, run=_work)
        registry.worker_job("documents-sweep", seconds=300, run=_sweep)
        registry.setup_step("handbook", _load_handbook)
        from documents import measures

        registry.measure(*measures.ALL)
        registry.shared_gauge(measures.UNREAD)
        registry.shared_gauge(measures.OLDEST)


def _work() -> bool:
    # Imported late here and below: only the worker needs what reads documents.
    from documents import tasks

    return tasks.run()


def _sweep() -> None:
    from documents import tasks

    tasks.sweep()


def _load_handbook() -> str:
    from documents import services

    return services.load_handbook()
