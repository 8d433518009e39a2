"""A worker that dies, as by `kill -9`, at its N-th change of a document's row."""

import os
import signal
from typing import Any

from documents import tasks
from documents.claims import Claim, claim


class DoomedClaim(Claim):
    """Works like any claim until its process is killed."""

    def __init__(self, held: Claim, changes: int) -> None:
        super().__init__(held.document, held.holder)
        self.left = changes

    def update(self, **values: Any) -> None:
        if self.left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        self.left -= 1
        super().update(**values)


def work(changes: int) -> None:
    held = claim("doomed")
    assert held is not None
    tasks.work_on(DoomedClaim(held, changes))
    # Libraries' threads can hold up the interpreter's end.
    os._exit(0)
