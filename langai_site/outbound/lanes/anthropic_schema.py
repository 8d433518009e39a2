"""Pure: turns a JSON schema into one that Anthropic takes as the format of an answer.

It refuses objects that may have more properties, and most limits. Like its own libraries, this puts what is refused
into descriptions, where the model still reads it.

Rules: platform.claude.com/docs/en/build-with-claude/structured-outputs.
"""

import json
from collections.abc import Mapping
from typing import Any

KEPT = frozenset({"type", "enum", "const", "default", "title", "description", "required", "$ref"})
# Keywords with one schema, a list of schemas, or a schema for each name.
ONE = frozenset({"items"})
LISTS = {"anyOf": "anyOf", "oneOf": "anyOf", "allOf": "allOf"}
NAMED = frozenset({"properties", "$defs", "definitions"})
BESIDE_A_REFERENCE = frozenset({"$ref", "$defs", "definitions"})
# Keywords that say nothing to a model.
DROPPED = frozenset({"$schema", "$id", "$comment", "additionalProperties"})
FORMATS = frozenset({"date-time", "time", "date", "duration", "email", "hostname", "uri", "ipv4", "ipv6", "uuid"})
# A schema inside that many others is left as it is.
DEEPEST = 50
Json = dict[str, Any]


def closed(schema: Mapping[str, Any], depth: int = 0) -> Json:
    """Return a copy of the schema whose objects have no further properties, with refused keywords in descriptions."""
    if depth > DEEPEST:
        return dict(schema)
    if "$ref" in schema:
        # Nothing but definitions may stand beside a reference.
        schema = {name: value for name, value in schema.items() if name in BESIDE_A_REFERENCE}
    kept: Json = {}
    refused: Json = {}
    for name, value in schema.items():
        if name in LISTS and isinstance(value, list):
            kept.setdefault(LISTS[name], []).extend(_closed(one, depth) for one in value)
        elif name in NAMED and isinstance(value, Mapping):
            kept[name] = {key: _closed(one, depth) for key, one in value.items()}
        elif name in ONE and isinstance(value, Mapping):
            kept[name] = _closed(value, depth)
        elif _is_kept(name, value):
            kept[name] = value
        elif name not in DROPPED or isinstance(value, Mapping):
            refused[name] = value
    if _is_object(kept):
        kept = {"type": "object", **kept, "additionalProperties": False}
    if refused:
        kept["description"] = _described(kept.get("description"), refused)
    return kept


def _closed(value: Any, depth: int) -> Any:  # noqa: ANN401 - JSON that a program wrote
    return closed(value, depth + 1) if isinstance(value, Mapping) else value


def _is_kept(name: str, value: Any) -> bool:  # noqa: ANN401 - JSON that a program wrote
    if name == "format":
        return isinstance(value, str) and value in FORMATS
    if name == "minItems":
        return value in (0, 1)
    return name in KEPT


def _is_object(schema: Json) -> bool:
    kinds = schema.get("type")
    if kinds is None:
        return "properties" in schema
    return kinds == "object" or (isinstance(kinds, list) and "object" in kinds)


def _described(description: object, refused: Json) -> str:
    rules = "{" + ", ".join(f"{name}: {_text(value)}" for name, value in refused.items()) + "}"
    return f"{description}\n\n{rules}" if description else rules


def _text(value: Any) -> str:  # noqa: ANN401 - JSON that a program wrote
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
