"""Loads the handbook about LangAI, so that there is something to ask about from the first start."""

import contextlib
from pathlib import Path

from django.conf import settings
from django.core.files import File

from documents.services.uploads import upload
from langai_site.errors import ConflictError
from langai_site.sensitivity import Sensitivity
from search.models import Collection

HANDBOOK = "LangAI handbook"
HANDBOOK_FOLDER = Path(__file__).parent.parent / "handbook"


def load_handbook() -> str:
    """Upload the handbook about LangAI once; return a line if it did. It stays deleted if an admin deletes it."""
    loaded = settings.DATA_DIR / "handbook.loaded"
    if loaded.exists():
        return ""
    collection, _ = Collection.objects.get_or_create(
        name=HANDBOOK,
        kind=Collection.Kind.LIBRARY,
        defaults={
            "description": "How to use LangAI.",
            "sensitivity": Sensitivity.PUBLIC,
            "everyone": True,
        },
    )
    for path in sorted(HANDBOOK_FOLDER.glob("*.md")):
        # The next start completes a first load that was interrupted.
        with path.open("rb") as file, contextlib.suppress(ConflictError):
            upload(collection=collection, file=File(file, name=path.name), user=None)
    loaded.touch()
    return "Handbook loaded."
