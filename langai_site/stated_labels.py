"""The label that somebody states with a request: one function for every door that takes one."""

from langai_site.errors import Invalid
from langai_site.sensitivity import Sensitivity

# Programs may send it with anything: with a question, a search, texts to embed or a document.
HEADER = "X-LangAI-Sensitivity"
HEADER_WORDS = "The label: public, internal or confidential. The highest that is stated anywhere counts."


def highest_stated(*names: object) -> Sensitivity | None:
    """Return the highest of the labels that are stated by their names; None where none is.

    `names` are whatever came in, one for each place where a label can be stated. Raises Invalid for anything but a
    label's name: what was meant to protect a text must never be passed over.
    """
    stated = [_named(name) for name in names if name is not None and name != ""]
    return max(stated, default=None)


def _named(name: object) -> Sensitivity:
    slug = name.strip().upper() if isinstance(name, str) else ""
    if slug not in Sensitivity.__members__:
        raise Invalid("There is no such label. Choose public, internal or confidential.")
    return Sensitivity[slug]
