"""Extractors that misbehave, run in the real extraction process."""

import ctypes
import os
import time
from pathlib import Path

from documents.extraction.types import Extracted, Limits


def extract(path: Path, limits: Limits) -> Extracted:
    """Do what the file says."""
    return globals()[path.read_text()]()


def eat_memory() -> Extracted:
    hoard = []
    while True:
        hoard.append(bytearray(16 * 1024 * 1024))


def spin() -> Extracted:
    while True:
        pass


def sleep() -> Extracted:
    time.sleep(3600)
    return Extracted("", ())


def crash() -> Extracted:
    ctypes.string_at(0)
    return Extracted("", ())


def raise_error() -> Extracted:
    raise ValueError("private detail")


def write_endlessly() -> Extracted:
    return Extracted("x" * 20_000_000, ("text",))


def tell_environment() -> Extracted:
    return Extracted("", ("\n".join(f"{name}={value}" for name, value in os.environ.items()),))


def tell_modules() -> Extracted:
    import sys

    return Extracted("", ("\n".join(sys.modules),))
