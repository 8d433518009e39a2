"""Dated prices by the version that an entry names."""

from langai_site.usage.types import Price


def price_of(version: str) -> Price | None:
    """The price of that version; None where there never was one."""
    return None
