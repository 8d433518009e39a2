import json
import sys
from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from langai_site.audit.recording import record
from langai_site.errors import InvalidError, LangAIError
from langai_site.sensitivity import Sensitivity
from langai_site.usage import months
from langai_site.usage.ledger import verification
from langai_site.usage.ledger.label_proof import compare_labels
from langai_site.usage.ledger.verification import Head, LedgerQuestion
from langai_site.usage.models import UsageEntry

LISTED = 100


class Command(BaseCommand):
    help = (
        "Check that no entry of the ledger was changed, deleted, inserted or moved, and that no call was labelled "
        "lower than the documents it carried were then; with --from, --to, --label or --hosted, tell what went out. "
        "Exit code 1: something is wrong, or something went out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--head", help="a file of --export-head or AUDIT_HEAD_FILE, or a hash: is it the same?")
        parser.add_argument("--export-head", action="store_true", help="print the head, and all else on stderr")
        parser.add_argument("--from", dest="start", help="2026-03-01, or 2026-03-01T08:00")
        parser.add_argument("--to", dest="end", help="2026-03-31, which is included, or 2026-03-31T18:00")
        parser.add_argument("--label", choices=[label.name.lower() for label in Sensitivity], help="this and above")
        parser.add_argument("--hosted", action="store_true", help="only what went to hosted models")
        parser.add_argument("--sent", help="a JSON file of messages or texts: which calls sent exactly these?")

    def handle(self, *args: object, **options: Any) -> None:  # noqa: ANN401 - as argparse gives them
        self.report = self.stderr if options["export_head"] else self.stdout
        try:
            bad = self._check_chain(_heads(options["head"]))
            question = _question(options)
            bad |= self._compare_labels(question)
            bad |= self._answer(question)
            bad |= self._prove(options["sent"])
        except LangAIError as error:
            raise CommandError(error.message) from None
        if options["export_head"]:
            record("ledger.export")
            self.stdout.write(verification.head().as_json())
        if bad:
            sys.exit(1)

    def _check_chain(self, exported: Sequence[Head]) -> bool:
        bad = False
        for finding in verification.findings(*exported):
            bad = True
            self.report.write(f"Entry {finding.entry}: {finding.text}" if finding.entry else finding.text)
        entries, events = verification.pseudonymised()
        if entries or events:
            renamed = f"{entries:,} entries and {events:,} events of the audit log have a pseudonym"
            self.report.write(f"{renamed}: their people's accounts were deleted.")
        if not bad:
            self.report.write(f"The chain is whole: {verification.head().sequence:,} entries are as they were sealed.")
        return bad

    def _compare_labels(self, question: LedgerQuestion | None) -> bool:
        proof = compare_labels(question.start, question.end) if question else compare_labels()
        for finding in proof.findings:
            self.report.write(f"Entry {finding.entry}: {finding.text}")
        for line in proof.lines():
            self.report.write(line)
        return bool(proof.findings)

    def _answer(self, question: LedgerQuestion | None) -> bool:
        if question is None:
            return False
        found = verification.went_out(question)
        count = found.count()
        self.report.write(f"{'Yes' if count else 'No'}: {count:,} calls {_question_text(question)}.")
        self._list(list(found[:LISTED]), count)
        return bool(count)

    def _prove(self, path: str | None) -> bool:
        if path is None:
            return False
        found = list(verification.with_content(_parts(_read(path)))[:LISTED])
        self.report.write("These calls sent exactly that:" if found else "No call sent exactly that.")
        self._list(found, len(found))
        return False

    def _list(self, entries: list[UsageEntry], count: int) -> None:
        for entry in entries:
            left = entry.sent_at or entry.at
            self.report.write(
                f"Entry {entry.pk}: {left:%Y-%m-%d %H:%M:%S} UTC, {entry.get_label_display().lower()}, "
                f"{entry.model}, {entry.username or 'nobody'}, {entry.bytes_sent:,} bytes, {entry.status}"
            )
        if count > len(entries):
            self.report.write(f"… and {count - len(entries):,} more.")


def _question(options: dict[str, Any]) -> LedgerQuestion | None:
    if not any(options[name] for name in ("start", "end", "label", "hosted")):
        return None
    return LedgerQuestion(
        start=months.read_moment(options["start"]) if options["start"] else None,
        end=months.read_moment(options["end"], end=True) if options["end"] else None,
        label=Sensitivity[(options["label"] or "confidential").upper()],
        hosted=options["hosted"],
    )


def _question_text(question: LedgerQuestion) -> str:
    where = "to hosted models" if question.hosted else "to any model"
    since = f" from {question.start:%Y-%m-%d %H:%M %Z}" if question.start else ""
    until = f" until {question.end:%Y-%m-%d %H:%M %Z}" if question.end else ""
    return f"labelled {question.label.label.lower()} or above went {where}{since}{until}"


def _heads(value: str | None) -> list[Head]:
    if value is None:
        return []
    return verification.read_heads(_read(value) if Path(value).is_file() else value)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read: {error}") from None


def _parts(text: str) -> list[dict[str, str] | str]:
    try:
        parts = json.loads(text)
    except ValueError:
        parts = None
    if not isinstance(parts, list):
        raise InvalidError("The file is not a JSON list of messages or texts.")
    return parts
