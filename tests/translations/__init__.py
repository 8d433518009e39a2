"""Guards of the translations: what is marked, what is translated, and what pages show."""

from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
CATALOGUES = sorted((ROOT / "langai_site" / "locale").glob("*/LC_MESSAGES/django.po"))

# Parts whose words stay English, by the beginning of their path.
ENGLISH = (
    # The description of the API, which programs use in English.
    *(
        "templates/api",
        "langai_site/accounts/api.py",
        "langai_site/accounts/uploads_api.py",
        "langai_site/accounts/doors.py",
        "langai_site/accounts/tokens.py",
    ),
    *("langai_site/web/api_errors.py", "langai_site/web/labelled_body.py", "langai_site/web/long_bodies.py"),
    *("langai_site/web/stated_labels.py", "langai_site/telemetry/metrics_view.py"),
    *("chat/api", "chat/turns/sending.py", "documents/api.py", "documents/care.py", "documents/services/syncing.py"),
    *("documents/upload_form.py", "search/api", "search/services/api_embeddings.py", "langai_site/usage/api.py"),
    # What a column keeps, for those who read the code: no page shows these rows' fields.
    *("chat/models", "search/models.py", "search/label_records.py", "documents/models.py", "langai_site/usage/models"),
    *("langai_site/accounts/models.py", "langai_site/outbound/models.py"),
    # What a server did wrong, for the log.
    "langai_site/outbound/lanes",
    # What commands print for operators.
    *("documents/services/moving_in.py", "langai_site/usage/audit_pages/verify.py"),
    *("langai_site/usage/management", "langai_site/usage/figures.py"),
    *(
        "langai_site/backup",
        "langai_site/database_move",
        "langai_site/openwebui.py",
        "langai_site/accounts/moving_in.py",
    ),
)


def is_excused(path: Path) -> bool:
    """Return whether words in this file need no mark."""
    return str(path.relative_to(ROOT)).startswith(ENGLISH)
