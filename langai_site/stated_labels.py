"""The label that somebody states with a request: one function for every door that takes one."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches

from langai_site.errors import Invalid
from langai_site.sensitivity import Sensitivity

# Programs may send it with anything: with a question, a search, texts to embed or a document.
HEADER = "X-LangAI-Sensitivity"
HEADER_WORDS = "The label: public, internal or confidential. The highest that is stated anywhere counts."

# Names of fields as `_plain_name` writes them. These state a label, and so do theirs with another case or other dashes.
_NAMES = ("sensitivity", "label", "sensitivitylabel", "xlangaisensitivity", "langaisensitivity")
# These may be meant to, and so may what is spelled nearly like `sensitivity` or begins like it.
_DOUBTFUL = ("labels", "classification", "confidential", "confidentiality")
_NEARLY = 0.8
# Comparing spellings takes time, and the event loop waits for it.
MOST_FIELDS = 200


def labels_in(fields: Iterable[tuple[str, object]], place: str = "") -> Iterator[object]:
    """Yield what those of `fields` hold that state a label. Others may have any name and any value.

    Raises Invalid for a field that may be meant to state one, because its text would otherwise go where it must not.
    `place` stands before the names in the message, such as `metadata.`.
    """
    for count, (name, value) in enumerate(fields, 1):
        if count > MOST_FIELDS:
            raise Invalid(f"{place or 'The body'} has too many fields. Send at most {MOST_FIELDS}.")
        if value is None or value == "":
            continue
        plain = _plain_name(name)
        if plain in _NAMES:
            yield value
        elif _may_be_meant(plain):
            raise Invalid(f"{place}{name[:40]}: this field is not known. State the label as “sensitivity”.")


def _may_be_meant(plain: str) -> bool:
    if plain in _DOUBTFUL or plain.startswith("sensitiv"):
        return True
    return bool(get_close_matches(plain, _NAMES[:1], cutoff=_NEARLY))


def _plain_name(name: str) -> str:
    return re.sub(r"[\W_]", "", name[:100]).lower()


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
