"""`manage.py doctor`: tests every configured part now. Apps register their parts in `registry.doctor_checks`."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connections

from langai_site.registry import DoctorCheck, DoctorFinding, Verdict
from langai_site.telemetry.doctor.secrets import without_secrets


@dataclass(frozen=True)
class DoctorRow:
    """A part and the result of its check."""

    part: str
    status: Verdict
    found: str
    advice: str


class _Examination(threading.Thread):
    """One running check. A daemon thread, so that a check that hangs does not delay the end of the command."""

    def __init__(self, part: str, check: DoctorCheck) -> None:
        super().__init__(name=f"doctor {part}", daemon=True)
        self.part, self.check = part, check
        self.finding = DoctorFinding("fail", f"no answer within {check.seconds:g} s", check.advice)
        self.deadline = time.monotonic() + check.seconds

    def run(self) -> None:
        try:
            self.finding = self.check.run()
        except Exception as error:  # whatever exception a part's client raises is the finding
            self.finding = DoctorFinding("fail", _reason(error), self.check.advice)
        finally:
            connections.close_all()

    def row(self) -> DoctorRow:
        """Return the result so far; wait for it until the deadline."""
        self.join(max(0.0, self.deadline - time.monotonic()))
        found = self.finding
        return DoctorRow(self.part, found.status, without_secrets(found.found), without_secrets(found.advice))


def examine(checks: Mapping[str, DoctorCheck]) -> Sequence[DoctorRow]:
    """Run all checks in parallel; return rows in their order. Takes as long as the slowest is allowed to."""
    examinations = [_Examination(part, check) for part, check in checks.items()]
    for examination in examinations:
        examination.start()
    return [examination.row() for examination in examinations]


def _reason(error: Exception) -> str:
    """Return one line: the type of failure, and its library's message."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
