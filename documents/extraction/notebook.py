"""Reads notebooks of Jupyter: their texts, code and results."""

import json
from pathlib import Path
from typing import Any

from documents.extraction import markdown
from documents.extraction.encodings import clean, read_text
from documents.extraction.types import Extracted, ExtractionError, Limits, check_characters
from langai_site.words import gettext_noop

NOT_ONE = gettext_noop("This is not a notebook, though its name says so, or it is damaged. Save it again as .ipynb.")
LONGEST_RESULT = 5000


def extract(path: Path, limits: Limits) -> Extracted:
    try:
        value = json.loads(read_text(path))
    except json.JSONDecodeError as error:
        raise ExtractionError(NOT_ONE) from error
    cells = value.get("cells") if isinstance(value, dict) else None
    if not isinstance(cells, list):
        raise ExtractionError(NOT_ONE)
    text = "\n\n".join(filter(None, (_cell(cell) for cell in cells if isinstance(cell, dict))))
    check_characters(len(text), limits)
    return markdown.read(clean(text))


def _cell(cell: dict[str, Any]) -> str:
    source = _joined(cell.get("source")).strip("\n")
    if cell.get("cell_type") != "code" or not source.strip():
        return source
    outputs = cell.get("outputs")
    results = [_result(output) for output in outputs if isinstance(output, dict)] if isinstance(outputs, list) else []
    shown = "\n".join(filter(None, results))[:LONGEST_RESULT]
    return f"```\n{source}\n```" + (f"\n\nResult:\n\n```\n{shown}\n```" if shown else "")


def _result(output: dict[str, Any]) -> str:
    data = output.get("data")
    plain = data.get("text/plain") if isinstance(data, dict) else None
    return (_joined(output.get("text")) or _joined(plain)).rstrip()


def _joined(lines: Any) -> str:  # noqa: ANN401
    return "".join(map(str, lines)) if isinstance(lines, list) else str(lines or "")
