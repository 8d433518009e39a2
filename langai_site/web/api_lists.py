"""Lists in what programs send: the first wrong item ends the check, where pydantic would make an error of each."""

from typing import Annotated, TypeVar

from pydantic import FailFast

Item = TypeVar("Item")


class _FirstError(FailFast):
    """Hashable, as what stands in a union must be."""

    __hash__ = object.__hash__


Listed = Annotated[list[Item], _FirstError()]
