"""Writes and reads test cases in the layout of BEIR: corpus.jsonl, queries.jsonl and qrels/test.tsv in a ZIP file.

A query's `metadata` has `must_contain` and `label`, which BEIR does not know. Synchronous.
"""

import csv
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any

from django.db import transaction
from django.db.models import QuerySet, Sum
from django.db.models.functions import Length
from django.utils.translation import gettext as _

from chat.evaluation.cases import MOST, MOST_DOCUMENTS, QUESTION_MAX, of_collection
from chat.evaluation.editing import WORD_MAX, WORDS_MAX
from chat.models import EvalCase
from chat.verified.access import access_owned_collection
from langai_site import detectors
from langai_site.accounts.models import User
from langai_site.audit.recording import record
from langai_site.errors import ConflictError, InvalidError
from langai_site.sensitivity import Sensitivity, highest
from langai_site.web.stated_labels import highest_stated
from search.models import Collection, Page, Source

CORPUS, QUERIES, QRELS = "corpus.jsonl", "queries.jsonl", "qrels/test.tsv"
# Characters of all documents that an export holds; larger collections are exported without texts.
TEXTS_MAX = 20_000_000
# Megabytes of an archive that is uploaded, and bytes of one file in it, unpacked.
FILE_MAX_MB = 25
ENTRY_MAX = 50_000_000
DAMAGED = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError)


@dataclass
class ImportReport:
    """What an import did with each question, in numbers."""

    added: int = 0
    changed: int = 0
    without_document: int = 0
    unreadable: int = 0
    too_many: int = 0


def write(user: User, collection_id: int, file: IO[bytes], *, texts: bool) -> Collection:
    """Write the test cases of a collection to its owner, with its documents or only their titles.

    Raises NotFoundError, and ConflictError if the documents have too much text.
    """
    found = of_collection(user, collection_id)
    sources = Source.objects.live().filter(collection=collection_id).order_by("pk")
    if texts and (_characters(sources) > TEXTS_MAX):
        raise ConflictError(
            _("The documents of this collection have more than 20 million characters. Export the questions alone.")
        )
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        _write_lines(archive, CORPUS, _corpus(sources, texts=texts))
        _write_lines(archive, QUERIES, map(_query, found.rows))
        with archive.open(QRELS, "w") as raw, io.TextIOWrapper(raw, "utf-8", newline="") as out:
            table = csv.writer(out, delimiter="\t", lineterminator="\n")
            table.writerow(["query-id", "corpus-id", "score"])
            table.writerows([row.pk, document, 1] for row in found.rows for document in row.documents)
    record("case.export", "collection", collection_id)
    return found.collection


def _characters(sources: QuerySet[Source]) -> int:
    pages = Page.objects.filter(source__in=sources).order_by()
    return int(pages.aggregate(total=Sum(Length("text")))["total"] or 0)


def _write_lines(archive: zipfile.ZipFile, name: str, rows: Iterable[Mapping[str, object]]) -> None:
    with archive.open(name, "w", force_zip64=True) as raw, io.TextIOWrapper(raw, "utf-8", newline="\n") as out:
        out.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _corpus(sources: QuerySet[Source], *, texts: bool) -> Iterator[Mapping[str, object]]:
    for source in sources:
        text = "\n\n".join(source.pages.order_by("number").values_list("text", flat=True)) if texts else ""
        yield {"_id": str(source.document), "title": source.title, "text": text}


def _query(row: EvalCase) -> Mapping[str, object]:
    metadata = {"must_contain": row.must_contain, "label": Sensitivity(row.label).name.lower()}
    return {"_id": str(row.pk), "text": row.question, "metadata": metadata}


def read(user: User, collection_id: int, file: IO[bytes]) -> ImportReport:
    """Add the questions of an archive as test cases; one that is there already gets what the archive says.

    Documents are found by their ids, or by their titles. Raises NotFoundError and InvalidError.
    """
    collection, report = access_owned_collection(user, collection_id), ImportReport()
    try:
        with zipfile.ZipFile(file) as archive:
            titles = {str(row["_id"]): str(row.get("title", "")) for row in _lines(archive, CORPUS) if "_id" in row}
            documents = _documents(collection, _judgements(archive), titles)
            found = _cases(user, collection, _lines(archive, QUERIES), documents, report)
    except DAMAGED:
        raise InvalidError(_("This is not a whole ZIP file with queries.jsonl and qrels in it.")) from None
    if found is None:
        raise InvalidError(_("This file has no queries.jsonl with questions in it."))
    _keep(collection, found)
    return report


def _lines(archive: zipfile.ZipFile, name: str) -> Iterator[dict[str, Any]]:
    """Yield the JSON objects of a file, which may lie in one folder; nothing if it is not there."""
    for line in _text_lines(archive, name):
        try:
            row = json.loads(line)
        except (ValueError, RecursionError):
            row = {}
        if isinstance(row, dict) and line.strip():
            yield row


def _text_lines(archive: zipfile.ZipFile, name: str) -> Iterator[str]:
    """Yield the lines of a file one by one. Raises InvalidError once it turns out to be too large."""
    found = [one for one in archive.infolist() if one.filename == name or one.filename.endswith(f"/{name}")]
    if not found:
        return
    read = 0
    with archive.open(found[0]) as entry:
        while line := entry.readline(ENTRY_MAX):
            read += len(line)
            if read >= ENTRY_MAX:
                words = _("“%(name)s” is too large. Export it without the documents' texts.")
                raise InvalidError(words % {"name": name})
            yield line.decode("utf-8-sig", "replace")


def _judgements(archive: zipfile.ZipFile) -> dict[str, list[str]]:
    """Return the ids of the documents that answer each question, from all files of judgements."""
    names = [one.filename for one in archive.infolist() if one.filename.endswith(".tsv") and "qrels/" in one.filename]
    found: dict[str, list[str]] = {}
    for name in names[:10]:
        for row in csv.reader(_text_lines(archive, name), delimiter="\t"):
            if len(row) == 3 and row[2].strip().isdigit() and int(row[2][:9]) > 0:
                found.setdefault(row[0], []).append(row[1])
    return found


def _documents(
    collection: Collection, judged: Mapping[str, list[str]], titles: Mapping[str, str]
) -> dict[str, dict[str, str]]:
    """Return the documents of the collection, with their titles, by question."""
    live = Source.objects.live().filter(collection=collection).order_by("pk").values_list("document", "title")
    by_id = {str(document): title for document, title in live}
    by_title = {title: pk for pk, title in by_id.items()}
    found: dict[str, dict[str, str]] = {}
    for question, ids in judged.items():
        known = (one if one in by_id else by_title.get(titles.get(one, "")) for one in ids)
        found[question] = {pk: by_id[pk] for pk in list(dict.fromkeys(filter(None, known)))[:MOST_DOCUMENTS]}
    return found


def _cases(
    user: User,
    collection: Collection,
    queries: Iterable[dict[str, Any]],
    documents: Mapping[str, dict[str, str]],
    report: ImportReport,
) -> dict[str, dict[str, Any]] | None:
    """Return the values of the test cases by their questions, no more than may be kept; None if there are no queries.

    A file can hold very many lines, so nothing is written before all of them are read.
    """
    there = set(EvalCase.objects.filter(collection=collection).values_list("question", flat=True))
    known, found, is_empty = set(there), dict[str, dict[str, Any]](), True
    for row in queries:
        is_empty = False
        question = " ".join(str(row.get("text", "")).replace("\0", "").split())
        if not question or len(question) > QUESTION_MAX:
            report.unreadable += 1
            continue
        extra = row["metadata"] if isinstance(row.get("metadata"), dict) else {}
        expected, words = documents.get(str(row.get("_id")), {}), _words(extra)
        if not (expected or words):
            report.without_document += 1
        elif question not in known and len(known) >= MOST:
            report.too_many += 1
        else:
            label = highest(_stated(extra), found.get(question, {}).get("label", Sensitivity.PUBLIC))
            found[question] = {"documents": expected, "must_contain": words, "label": label, "author": user}
            known.add(question)
    for question, values in found.items():
        seen = [one.label for one in detectors.scan(question)]
        values |= {"label": highest(collection.sensitivity, values["label"], *seen), "run_requested": True}
    report.changed = len(found.keys() & there)
    report.added = len(found) - report.changed
    return None if is_empty else found


@transaction.atomic
def _keep(collection: Collection, found: Mapping[str, dict[str, Any]]) -> None:
    for question, values in found.items():
        EvalCase.objects.update_or_create(collection=collection, question=question, defaults=values)
    record("case.import", "collection", collection.pk)


def _words(metadata: Mapping[str, Any]) -> list[str]:
    found = metadata.get("must_contain")
    lines = [" ".join(str(one).split())[:WORD_MAX] for one in found] if isinstance(found, list) else []
    return list(dict.fromkeys(filter(None, lines)))[:WORDS_MAX]


def _stated(metadata: Mapping[str, Any]) -> Sensitivity:
    """Return the label that the file says. Raises InvalidError."""
    return highest_stated(metadata.get("label")) or Sensitivity.PUBLIC
