"""Makes and changes review tables, and is the only access to them. Synchronous."""

from collections.abc import Collection as Several
from collections.abc import Iterable, Mapping
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from chat.models import ReviewCell, ReviewColumn, ReviewRow, ReviewTable
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError, NotFoundError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.usage.spending import reservations
from search.access import library_collections
from search.models import Collection, Source

GONE = gettext_noop("This review table does not exist, or it belongs to somebody else.")
NO_COLLECTION = gettext_noop("This collection does not exist, or you may not read it.")
MOST_TABLES, MOST_ROWS, MOST_COLUMNS = 100, 500, 20
NAME_MAX, COLUMN_MAX, QUESTION_MAX, CORRECTION_MAX = 120, 80, 1_000, 2_000
State = ReviewCell.State


def access_table(user: User, table_id: UUID, *, lock: bool = False) -> ReviewTable:
    """Return a table to its owner. Raises NotFoundError."""
    rows = ReviewTable.objects.of(user.pk)
    found = (rows.select_for_update() if lock else rows).filter(pk=table_id).first()
    if found is None:
        raise NotFoundError(_(GONE))
    return found


def of_person(user: User) -> list[ReviewTable]:
    """Return the tables of a person, newest first."""
    return list(ReviewTable.objects.of(user.pk).select_related("collection")[:MOST_TABLES])


def readable_sources(user: User, documents: Several[UUID]) -> dict[UUID, Source]:
    """Return the searched versions of those documents that the person may read now, by the documents' ids."""
    live = Source.objects.live().filter(document__in=documents, collection__in=library_collections(user))
    return {source.document: source for source in live.select_related("collection")}


@transaction.atomic
def create(user: User, name: str, collection_id: int) -> ReviewTable:
    """Make a table with the documents of a collection. Raises NotFoundError, InvalidError, ConflictError."""
    collection = library_collections(user).filter(pk=collection_id).first()
    if collection is None:
        raise NotFoundError(_(NO_COLLECTION))
    if ReviewTable.objects.of(user.pk).count() >= MOST_TABLES:
        raise ConflictError(_("You have %(most)s review tables. Delete one first.") % {"most": MOST_TABLES})
    table = ReviewTable.objects.create(owner=user, name=_short(name, NAME_MAX), collection=collection)
    if not _add_documents(table, collection):
        raise ConflictError(_("This collection has no documents that can be searched yet."))
    record("review.add", "review", table.pk)
    return table


@transaction.atomic
def add_new_documents(user: User, table_id: UUID) -> int:
    """Add the documents that have come to the table's collection since; return how many. Raises NotFoundError."""
    table = access_table(user, table_id, lock=True)
    collection = library_collections(user).filter(pk=table.collection_id or 0).first()
    if collection is None:
        raise NotFoundError(_(NO_COLLECTION))
    return _add_documents(table, collection)


def _add_documents(table: ReviewTable, collection: Collection) -> int:
    present = set(table.rows.values_list("document", flat=True))
    live = Source.objects.live().filter(collection=collection).order_by("title", "pk")
    new = [document for document in live.values_list("document", flat=True) if document not in present]
    if len(present) + len(new) > MOST_ROWS:
        words = _("A review table can have %(most)s documents, and this collection has more. Move some of them.")
        raise ConflictError(words % {"most": MOST_ROWS})
    rows = ReviewRow.objects.bulk_create([ReviewRow(table=table, document=document) for document in new])
    _add_cells(rows, table.columns.all())
    return len(new)


def _add_cells(rows: Iterable[ReviewRow], columns: Iterable[ReviewColumn]) -> None:
    across = list(columns)
    ReviewCell.objects.bulk_create([ReviewCell(row=row, column=column) for row in rows for column in across])


@transaction.atomic
def remove_row(user: User, table_id: UUID, row_id: int) -> None:
    """Take a document out of a table. Raises NotFoundError."""
    table = access_table(user, table_id, lock=True)
    if not table.rows.filter(pk=row_id).delete()[0]:
        raise NotFoundError(_("This row does not exist any more."))


@transaction.atomic
def rename(user: User, table_id: UUID, name: str) -> None:
    """Give a table another name. Raises NotFoundError, InvalidError."""
    table = access_table(user, table_id, lock=True)
    table.name = _short(name, NAME_MAX)
    table.save(update_fields=["name"])


@transaction.atomic
def save_column(user: User, table_id: UUID, column_id: int | None, name: str, question: str, kind: str) -> ReviewColumn:
    """Add a column, or change one; its cells keep their answers until they are asked again.

    Raises NotFoundError, InvalidError, and ConflictError while the table runs, or for one column too many.
    """
    table = _at_rest(user, table_id)
    if kind not in ReviewColumn.Kind.values:
        raise InvalidError(_("Choose one of the types."))
    name, question = _short(name, COLUMN_MAX), _short(question, QUESTION_MAX)
    label = highest(Sensitivity.PUBLIC, *(found.label for found in detectors.scan(f"{name}\n{question}")))
    values: Mapping[str, str | Sensitivity] = {"name": name, "question": question, "kind": kind, "label": label}
    if column_id is None:
        if table.columns.count() >= MOST_COLUMNS:
            raise ConflictError(_("A review table can have %(most)s questions.") % {"most": MOST_COLUMNS})
        column = ReviewColumn.objects.create(table=table, **values)
        _add_cells(table.rows.all(), [column])
        return column
    column = access_column(table, column_id)
    for field, value in values.items():
        setattr(column, field, value)
    column.save()
    return column


def access_column(table: ReviewTable, column_id: int) -> ReviewColumn:
    """Return a column of the table. Raises NotFoundError."""
    found = table.columns.filter(pk=column_id).first()
    if found is None:
        raise NotFoundError(_("This question does not exist any more."))
    return found


@transaction.atomic
def remove_column(user: User, table_id: UUID, column_id: int) -> None:
    """Remove a question with its answers. Raises NotFoundError, and ConflictError while the table runs."""
    access_column(_at_rest(user, table_id), column_id).delete()


def _at_rest(user: User, table_id: UUID) -> ReviewTable:
    table = access_table(user, table_id, lock=True)
    if table.status == ReviewTable.Status.RUNNING:
        raise ConflictError(_("Stop the table before you change its questions."))
    return table


@transaction.atomic
def delete(user: User, table_id: UUID) -> None:
    """Delete a table with all its answers. Raises NotFoundError."""
    table = access_table(user, table_id, lock=True)
    reservations.close(table.hold, [])
    table.delete()
    record("review.delete", "review", table_id)


def access_cell(user: User, table_id: UUID, cell_id: int, *, lock: bool = False) -> tuple[ReviewCell, Source]:
    """Return a cell of the person's table with its document as searched now. Raises NotFoundError.

    It is not shown to somebody who may no longer read the document.
    """
    rows = ReviewCell.objects.select_for_update(of=("self",)) if lock else ReviewCell.objects.all()
    mine = rows.filter(pk=cell_id, row__table=table_id, row__table__in=ReviewTable.objects.of(user.pk))
    cell = mine.select_related("row__table", "column").first()
    source = readable_sources(user, [cell.row.document]).get(cell.row.document) if cell else None
    if cell is None or source is None:
        raise NotFoundError(_("This cell does not exist, or you may not read its document any more."))
    return cell, source


@transaction.atomic
def correct(user: User, table_id: UUID, cell_id: int, text: str | None) -> None:
    """Put a person's words in place of the model's; None takes them away again.

    They stay when the table is filled again, and are marked once the document or the question has changed. Raises
    NotFoundError, InvalidError.
    """
    cell, source = access_cell(user, table_id, cell_id, lock=True)
    if text is None:
        cell.correction, cell.corrected_by, cell.corrected_at = None, None, None
    else:
        cell.correction, cell.corrected_by, cell.corrected_at = _short(text, CORRECTION_MAX), user, timezone.now()
        cell.label = highest(Sensitivity(cell.label), *(found.label for found in detectors.scan(text)))
        if cell.source_id is None:
            cell.source, cell.fingerprint = source, cell.column.fingerprint
        cell.corrected_source, cell.corrected_fingerprint = cell.source_id, cell.fingerprint
    fields = ("correction", "corrected_by", "corrected_at", "corrected_source", "corrected_fingerprint", "label")
    cell.save(update_fields=[*fields, "source", "fingerprint"])


def _short(text: str, most: int) -> str:
    line = " ".join(text.replace("\0", "").split())
    if not line or len(line) > most:
        raise InvalidError(_("Write between 1 and %(most)s characters.") % {"most": most})
    return line
