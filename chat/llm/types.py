"""The seam between a turn and whatever answers it."""

from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from langai_site.database.writer import in_database_thread
from langai_site.outbound.admission import admit_model
from langai_site.outbound.types import ChatMessage, Ledger, ModelInfo, ModelOutput, Present, ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Hit


@dataclass(frozen=True)
class Numbered:
    """A passage under the number that the answer cites it by."""

    number: int
    hit: Hit


@dataclass(frozen=True)
class ModelQuestion:
    """One question for one model: the prompt as messages, and its parts for a model that needs no prompt.

    `label` is the highest label of everything in `messages`. `written` is the part of the answer that exists
    already, where an interrupted answer is continued. `documents` is false where the person chose to ask none.
    `temperature`: None leaves it to the model.
    `route` says for the ledger why this model is asked. `local_only`: no model outside the building may get it.
    `read_present` says what is true at the moment of sending.
    """

    model: ModelInfo
    messages: tuple[ChatMessage, ...]
    question: str
    passages: tuple[Numbered, ...]
    label: Sensitivity
    max_tokens: int
    caller: Caller
    written: str = ""
    documents: bool = True
    temperature: float | None = None
    route: str = ""
    local_only: bool = False
    read_present: ReadPresent = field(kw_only=True, compare=False)

    async def admitted(self) -> Present:
        """Return what is true now, if an answer that needs no call may be given.

        Raises NotAdmittedError, ModelWithdrawnError.
        """
        present = await in_database_thread(self.read_present)
        admit_model(self.model, self.label, present)
        return present


class Provider(Protocol):
    def stream(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
        """Yield answer and thoughts as they come; hand exactly one ledger entry over as it ends, however it ends.

        What may not be sent any more is refused before: `ask.read_present` is called right before anything is read or
        sent. Raises ProviderError, with what to tell the person; closing the generator stops the model at once.
        """
        ...

    def max_cost(self, ask: ModelQuestion) -> Decimal | None:
        """US dollars that the answer can cost at most; None where the model has no price."""
        ...
