"""`manage.py doctor`: every part that is set up, tried now. Apps register their parts in `registry.doctor_checks`."""

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from django.db import connections

from langai_site.registry import DoctorCheck, DoctorFinding, Verdict
from langai_site.telemetry.doctor.secrets import without_secrets


@dataclass(frozen=True)
class DoctorRow:
    """A part and what was found of it."""

    part: str
    status: Verdict
    found: str
    advice: str


class _Examination(threading.Thread):
    """One check at work. A daemon: a check that hangs must not hold up the end of the command."""

    def __init__(self, part: str, check: DoctorCheck) -> None:
        super().__init__(name=f"doctor {part}", daemon=True)
        self.part, self.check = part, check
        self.finding = DoctorFinding("fail", f"no answer within {check.seconds:g} s", check.advice)
        self.deadline = time.monotonic() + check.seconds

    def run(self) -> None:
        try:
            self.finding = self.check.run()
        except Exception as error:  # whatever a part's client raises is what is wrong with it
            self.finding = DoctorFinding("fail", _reason(error), self.check.advice)
        finally:
            connections.close_all()

    def row(self) -> DoctorRow:
        """What was found by now, or by the deadline."""
        self.join(max(0.0, self.deadline - time.monotonic()))
        found = self.finding
        return DoctorRow(self.part, found.status, without_secrets(found.found), without_secrets(found.advice))


def examine(checks: Mapping[str, DoctorCheck]) -> Sequence[DoctorRow]:
    """Run all checks side by side; rows in their order. It takes no longer than the slowest is allowed to."""
    examinations = [_Examination(part, check) for part, check in checks.items()]
    for examination in examinations:
        examination.start()
    return [examination.row() for examination in examinations]


def _reason(error: Exception) -> str:
    """One line: the kind of failure, and what its library says of it."""
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0]}" if lines else type(error).__name__
