"""The purposes for which a key can be used. They never allow more than its person may do."""

from enum import StrEnum

from django.utils.translation import gettext_lazy


class Scope(StrEnum):
    CHAT = "chat"
    SEARCH = "search"
    DOCUMENTS = "documents"
    USAGE = "usage"
    ADMIN = "admin"


WORDS = {
    Scope.CHAT: gettext_lazy("ask models, and read, export and delete your conversations"),
    Scope.SEARCH: gettext_lazy("search documents, and turn texts into vectors"),
    Scope.DOCUMENTS: gettext_lazy("list documents, and upload and delete those that you manage"),
    Scope.USAGE: gettext_lazy("read what you have used"),
    Scope.ADMIN: gettext_lazy("read what everybody has used, if you may"),
}
ALL = frozenset(Scope)
