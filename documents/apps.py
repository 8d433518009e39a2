from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy

from langai_site import attached_files, document_uses, openwebui, registry, stored_data

if TYPE_CHECKING:
    from django.db.models import QuerySet

    from documents.models import Document
    from langai_site.accounts.models import User


class DocumentsConfig(AppConfig):
    name = "documents"
    verbose_name = gettext_lazy("Documents")

    def ready(self) -> None:
        from documents import diagnosis, overview, places

        diagnosis.register()
        overview.register()
        places.register()
        # Two threads for files of any size, so that one file can be read while another is embedded, and one for small
        # files.
        registry.worker_job("documents", seconds=1, run=_work)
        registry.worker_job("more documents", seconds=1, run=_work)
        registry.worker_job("small documents", seconds=1, run=_work_on_small)
        registry.worker_job("deleted documents", seconds=60, run=_purge)
        registry.worker_job("documents-sweep", seconds=300, run=_sweep)
        registry.setup_step("handbook", _load_handbook)
        attached_files.register(_attached_files)
        document_uses.documents_looked_after(_looked_after)
        stored_data.leavings["documents"] = stored_data.Leaving(_count_own, _remove_own, _hand_over)
        stored_data.personal_files.append(_personal_files)
        _guard()
        openwebui.register("knowledge", _take_over_knowledge)
        from documents import measures

        registry.measure(*measures.ALL)
        registry.shared_gauge(measures.UNREAD)
        registry.shared_gauge(measures.OLDEST)


def _guard() -> None:
    """Say whose documents and collections are, so that a legal hold keeps them."""
    from documents.models import Document, KeptVersion
    from langai_site.accounts import holds
    from search.models import Collection

    holds.guard(Collection, holds.Guard(person=lambda row: row.holder_id, collection=lambda row: row.pk))
    holds.guard(
        Document,
        holds.Guard(person=lambda row: row.collection.holder_id, collection=lambda row: row.collection_id, hides=True),
    )
    holds.guard(
        KeptVersion,
        holds.Guard(
            person=lambda row: row.document.collection.holder_id, collection=lambda row: row.document.collection_id
        ),
    )


def _looked_after(person: "User") -> "QuerySet[Document, Any]":
    from documents.services import reviews

    return reviews.looked_after(person).values("pk")


def _work() -> bool:
    # Imported late here and below: only the worker needs the modules that read documents.
    from documents import lanes, tasks

    return tasks.run(lanes.ANY)


def _work_on_small() -> bool:
    from documents import lanes, tasks

    return tasks.run(lanes.SMALL)


def _sweep() -> None:
    from documents import cleanup

    cleanup.sweep()


def _purge() -> None:
    from documents.services import own

    own.purge()


def _load_handbook() -> str:
    from documents import services

    return services.load_handbook()


def _personal_files(user_id: int) -> Iterable[tuple[str, Path]]:
    from documents.services import personal_files

    return personal_files.of_person(user_id)


def _take_over_knowledge(moving: openwebui.MoveIn) -> None:
    from documents.services import moving_in

    moving_in.move(moving)


def _count_own(user_id: int) -> stored_data.Counts:
    from documents.services import leaving

    return leaving.count(user_id)


def _remove_own(user_id: int, pseudonym: str) -> stored_data.Counts:
    from documents.services import leaving

    return leaving.remove(user_id, pseudonym)


def _hand_over(user: "User", heir: "User") -> None:
    from documents.services import leaving

    leaving.hand_over(user, heir)


def _attached_files() -> attached_files.FileStore:
    from documents.services.attached_files import AttachedFileStore

    return AttachedFileStore()
