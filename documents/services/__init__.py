"""The actions of people who manage documents."""

from documents.services.handbook import HANDBOOK, HANDBOOK_FOLDER, load_handbook
from documents.services.lifecycle import delete, forget_previous, keep_previous, relabel, retry
from documents.services.syncing import DesiredDocument, SyncResult, bring_to, put
from documents.services.uploads import read_again, replace, upload

__all__ = [
    "HANDBOOK",
    "HANDBOOK_FOLDER",
    "DesiredDocument",
    "SyncResult",
    "bring_to",
    "delete",
    "forget_previous",
    "keep_previous",
    "load_handbook",
    "put",
    "read_again",
    "relabel",
    "replace",
    "retry",
    "upload",
]
