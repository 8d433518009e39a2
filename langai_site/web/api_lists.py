"""Lists in request bodies: the first wrong item ends the check, where pydantic would make an error of each."""

from typing import Annotated, TypeVar

from pydantic import FailFast

Item = TypeVar("Item")


class _FirstError(FailFast):
    """Like FailFast, but hashable, which pydantic requires within a union."""

    __hash__ = object.__hash__


Listed = Annotated[list[Item], _FirstError()]
