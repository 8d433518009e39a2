"""Finds documents of the Library by the words of their titles and file names, for a person. Synchronous."""

from collections.abc import Sequence

from django.db.models import Q

from langai_site.accounts.models import User
from search.access import library_collections
from search.models import Source

# More words narrow nothing down.
WORDS = 8


def titled(user: User, words: Sequence[str], most: int) -> Sequence[Source]:
    """Return the newest documents whose title or file name has all of `words`, in any case, with their collection."""
    found = Source.objects.live().filter(collection__in=library_collections(user))
    for word in words[:WORDS]:
        found = found.filter(_has(word))
    return list(found.select_related("collection").order_by("-added_at")[:most])


def _has(word: str) -> Q:
    """Return the condition that a title has a word. SQLite ignores the case of ASCII alone, so others are spelt out."""
    spellings = {word, word.lower(), word.capitalize(), word.upper()}
    either = Q()
    for spelling in spellings if not word.isascii() else {word}:
        either |= Q(title__icontains=spelling) | Q(file_name__icontains=spelling)
    return either
