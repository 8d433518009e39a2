"""The purposes for which a key can be used. They never allow more than its person may do."""

from enum import StrEnum


class Scope(StrEnum):
    CHAT = "chat"
    SEARCH = "search"
    DOCUMENTS = "documents"
    USAGE = "usage"
    ADMIN = "admin"


WORDS = {
    Scope.CHAT: "ask models, and read, export and delete your conversations",
    Scope.SEARCH: "search documents, and turn texts into vectors",
    Scope.DOCUMENTS: "list documents, and upload and delete those that you manage",
    Scope.USAGE: "read what you have used",
    Scope.ADMIN: "read what everybody has used, if you may",
}
ALL = frozenset(Scope)
