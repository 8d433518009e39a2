"""Pure: numbers as the language of the page writes them."""

from django.utils.formats import number_format
from django.utils.translation import gettext as _


def grouped(number: int) -> str:
    """Return a whole number with its thousands apart: 12,000 in English, 12.000 in German."""
    return number_format(number, force_grouping=True)


def decimal(number: float, places: int) -> str:
    """Return a number with so many decimal places."""
    return number_format(f"{number:.{places}f}")


def shortest(number: float) -> str:
    """Return a number without decimal places that say nothing: 2 rather than 2.0."""
    return number_format(f"{number:g}")


def dollars(amount: str) -> str:
    """Return an amount that is written with as many decimal places as it needs: $0.50 in English, 0,50 $ in German."""
    # Translators: the sign and the amount of US dollars.
    return _("$%(amount)s") % {"amount": number_format(amount, force_grouping=True)}
