"""The interface between a turn and the model that answers it."""

from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Protocol

from langai_site.database.writer import in_database_thread
from langai_site.outbound.admission import admit_model
from langai_site.outbound.requirements import NONE, Requirements
from langai_site.outbound.types import ChatMessage, Ledger, ModelInfo, ModelOutput, Present, ReadPresent
from langai_site.sensitivity import Sensitivity
from langai_site.usage.types import Caller
from search.types import Hit


@dataclass(frozen=True)
class Numbered:
    """A passage with the number by which the answer cites it."""

    number: int
    hit: Hit


@dataclass(frozen=True)
class ModelQuestion:
    """One question for one model: the prompt as messages, and its parts for a model that needs no prompt.

    `label` is the highest label of everything in `messages`. `written` is the part of the answer that already exists if
    an interrupted answer is continued. `documents` is false if the person chose to search none. `temperature`: None
    leaves it to the model. `route` tells the ledger why this model is asked. `local_only`: no model outside the
    building may get it. `is_temporary`: the answer may not be cached. `requirements` are what it wants besides text,
    and `files` has the bytes of its pictures by their ids. `read_present` reads the present state at the moment of
    sending.
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
    is_temporary: bool = False
    requirements: Requirements = NONE
    files: Mapping[str, bytes] = field(default_factory=dict, hash=False)
    read_present: ReadPresent = field(kw_only=True, compare=False)

    async def admitted(self) -> Present:
        """Return the present state if an answer that needs no call may be given.

        Raises NotAdmittedError, ModelWithdrawnError.
        """
        present = await in_database_thread(self.read_present)
        admit_model(self.model, self.label, present)
        return present


class Provider(Protocol):
    def stream(self, ask: ModelQuestion, ledger: Ledger) -> AsyncGenerator[ModelOutput, None]:
        """Yield answer and thoughts as they come, and hand over exactly one ledger entry at the end, however it ends.

        `ask.read_present` is called right before anything is read or sent, and refuses what may no longer be sent.
        Raises ProviderError with what to tell the person; closing the generator stops the model at once.
        """
        ...

    def max_cost(self, ask: ModelQuestion) -> Decimal | None:
        """Return the highest price of the answer in US dollars; None if the model has no price."""
        ...
