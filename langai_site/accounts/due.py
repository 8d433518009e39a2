"""What people have to do before they go on: a page of its own leads there, and programs get a code."""

from langai_site.errors import LangAIError


class DueError(LangAIError):
    """Somebody has to do something on the page `page` first; with `goes_on`, that leads back to where they were."""

    page, goes_on = "", False
