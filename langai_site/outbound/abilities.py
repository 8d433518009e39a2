"""Pure: what a model can do besides text, as lists of models state it, and as an admin sets it."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from langai_site.sentences import joined, sentence
from langai_site.words import gettext_noop

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Ability(StrEnum):
    """An ability that some models have. DOCUMENTS: it reads PDF files. JSON: its answer keeps to a JSON schema."""

    VISION = "vision"
    TOOLS = "tools"
    THINKING = "thinking"
    DOCUMENTS = "documents"
    JSON = "json"


# The keys under which a row stores abilities, by their source.
FROM_LITELLM, FROM_SERVER = "litellm", "server"
# Whether a model has an ability. If one is missing here, it is unknown.
Abilities = Mapping[Ability, bool]

NAMES = {
    Ability.VISION: gettext_noop("vision"),
    Ability.TOOLS: gettext_noop("tools"),
    Ability.THINKING: gettext_noop("thinking"),
    Ability.DOCUMENTS: gettext_noop("documents"),
    Ability.JSON: gettext_noop("JSON"),
}
# The same as the name of a field.
TITLES: Mapping[Ability, "StrOrPromise"] = {
    Ability.VISION: gettext_lazy("Vision"),
    Ability.TOOLS: gettext_lazy("Tools"),
    Ability.THINKING: gettext_lazy("Thinking"),
    Ability.DOCUMENTS: gettext_lazy("Documents"),
    Ability.JSON: gettext_lazy("JSON"),
}
# Why a model without the ability is not asked.
LACKS = {
    Ability.VISION: sentence("lacks.vision", "cannot read pictures")(),
    Ability.TOOLS: sentence("lacks.tools", "cannot call tools")(),
    Ability.THINKING: sentence("lacks.thinking", "cannot think before it answers")(),
    Ability.DOCUMENTS: sentence("lacks.documents", "cannot read PDF files")(),
    Ability.JSON: sentence("lacks.json", "cannot follow a JSON schema")(),
}
# The names of abilities in servers' lists.
_WORDS: Mapping[Ability, tuple[str, ...]] = {
    Ability.VISION: ("vision", "image", "image_input", "multimodal"),
    Ability.TOOLS: ("tools", "tool_use", "function_calling", "tool_calling"),
    Ability.THINKING: ("thinking", "reasoning"),
    Ability.DOCUMENTS: ("file", "pdf", "pdf_input"),
    Ability.JSON: ("structured_outputs", "response_format", "json_schema"),
}
_ALL = frozenset(Ability)
# All that llama.cpp's list can have. An Ollama whose model has nothing more says the same of it.
LLAMA_CPP = {"completion", "multimodal"}
# If a server's list mentions any of these abilities, it names every one that the model has.
_OLLAMA = frozenset({Ability.VISION, Ability.TOOLS, Ability.THINKING})
_PARAMETERS = frozenset({Ability.TOOLS, Ability.THINKING, Ability.JSON})
_MODALITIES = frozenset({Ability.VISION, Ability.DOCUMENTS})
LITELLM = {
    "supports_vision": Ability.VISION,
    "supports_function_calling": Ability.TOOLS,
    "supports_reasoning": Ability.THINKING,
    "supports_pdf_input": Ability.DOCUMENTS,
    "supports_response_schema": Ability.JSON,
}


def of_litellm(row: Mapping[str, Any]) -> dict[Ability, bool]:
    """Return what a row of LiteLLM's list states; nothing if it names no ability at all."""
    if not any(key in row for key in LITELLM):
        return {}
    return {ability: row.get(key) is True for key, ability in LITELLM.items()}


def of_server(row: Mapping[str, Any]) -> dict[Ability, bool]:
    """Return what a server's row for one of its models states.

    Shapes: OpenRouter's `supported_parameters` and `architecture`, the objects of Mistral and Anthropic and the list of
    Ollama and llama.cpp under `capabilities`, and Gemini's `thinking`.
    """
    found = _of_capabilities(row.get("capabilities"))
    if isinstance(parameters := row.get("supported_parameters"), list):
        found |= _named(parameters, _PARAMETERS)
    architecture = row.get("architecture")
    modalities = architecture.get("input_modalities") if isinstance(architecture, Mapping) else None
    if isinstance(modalities, list):
        found |= _named(modalities, _MODALITIES)
    if isinstance(row.get("thinking"), bool):
        found[Ability.THINKING] = row["thinking"]
    return found


def _of_capabilities(value: object) -> dict[Ability, bool]:
    if isinstance(value, list):
        # llama.cpp says nothing of tools and thoughts, which depend on the template of the model.
        return _named(value, _OLLAMA if set(map(str, value)) - LLAMA_CPP else frozenset({Ability.VISION}))
    if not isinstance(value, Mapping):
        return {}
    stated = {str(name): _is_stated(one) for name, one in value.items()}
    return {
        ability: any(stated[word] is True for word in words if word in stated)
        for ability, words in _WORDS.items()
        if any(stated.get(word) is not None for word in words)
    }


def _is_stated(value: object) -> bool | None:
    """Return the value of `true`, or of Anthropic's `{"supported": true}`; None for anything else."""
    supported = value.get("supported") if isinstance(value, Mapping) else value
    return supported if isinstance(supported, bool) else None


def _named(words: Iterable[object], among: frozenset[Ability]) -> dict[Ability, bool]:
    given = {word for word in words if isinstance(word, str)}
    return {ability: not given.isdisjoint(_WORDS[ability]) for ability in sorted(among)}


def of_row(listed: object, own: object = None) -> dict[Ability, bool]:
    """Return a model's abilities from its row: its server overrides LiteLLM's list, and `own` overrides both."""
    listed = listed if isinstance(listed, Mapping) else {}
    return read(listed.get(FROM_LITELLM), listed.get(FROM_SERVER), own)


def read(*stored: object) -> dict[Ability, bool]:
    """Return the abilities in stored objects; a later object overrides an earlier one."""
    found: dict[Ability, bool] = {}
    for kept in stored:
        if isinstance(kept, Mapping):
            found |= {Ability(name): value for name, value in kept.items() if name in _ALL and isinstance(value, bool)}
    return found


def stored(abilities: Abilities) -> dict[str, bool]:
    """Return the abilities as a row stores them, always in the same order."""
    return {ability.value: abilities[ability] for ability in Ability if ability in abilities}


def from_server(abilities: Abilities) -> dict[str, dict[str, bool]]:
    """Return a server's statements as a row stores them; empty if it states nothing."""
    return {FROM_SERVER: stored(abilities)} if abilities else {}


def words(abilities: Abilities) -> tuple[str, ...]:
    """Return the names of the abilities that a model is known to have."""
    return tuple(_(NAMES[ability]) for ability in Ability if abilities.get(ability))


def lacking(needed: Iterable[Ability], abilities: Abilities) -> list[Ability]:
    """Return which of these the model is known not to have."""
    wanted = set(needed)
    return [ability for ability in Ability if ability in wanted and abilities.get(ability) is False]


def why_lacking(missing: Iterable[Ability]) -> str:
    """Return why a model is left out, like "cannot read pictures, cannot call tools"."""
    return joined((LACKS[ability] for ability in missing), ", ")
