"""Lists a connection's models, or says in one clear line why its server does not."""

import asyncio
from collections.abc import Iterable
from dataclasses import replace

from django.utils.text import capfirst
from django.utils.translation import gettext as _

from langai_site.outbound import abilities, endpoints, http_clients, listings, litellm_prices, price_list
from langai_site.outbound.connections import addresses, problems, resolving
from langai_site.outbound.connections.kinds import Kind
from langai_site.outbound.connections.known import Known
from langai_site.outbound.connections.problems import ListingError, Problem, short_text
from langai_site.outbound.endpoints import Endpoint
from langai_site.outbound.listings import OfferedModel, UnlistedError
from langai_site.words import gettext_noop

FIRST_RANK = 300


async def offers(connection: Known) -> list[OfferedModel]:
    """Return its models under their names in LangAI, in the server's order. Raises ListingError."""
    if connection.key_problem:
        problem = connection.key_problem
        raise ListingError(
            Problem(
                problem.partition(":")[0],
                f"{capfirst(short_text(problem))}.",
            )
        )
    if connection.kind == Kind.OTHER:
        found = await asyncio.to_thread(_known_to_litellm, connection.provider)
    else:
        found = await _ask(connection)
    chats = [offer for offer in found if not listings.NOT_FOR_CHAT.search(offer.name)]
    if not chats and not connection.embedder:
        host = addresses.server(connection.address) or connection.name
        raise ListingError(
            Problem(
                gettext_noop("lists no model"),
                _("%(host)s lists no model for chats. Load a model there.") % {"host": host},
            )
        )
    return [
        replace(
            offer,
            name=f"{connection.slug}/{offer.name}",
            provider=connection.slug,
            rank=FIRST_RANK,
            window=offer.window if connection.kind != Kind.AZURE else 0,
        )
        for offer in chats
    ]


async def _ask(connection: Known) -> list[OfferedModel]:
    endpoint = _endpoint(connection)
    await asyncio.to_thread(_refuse_metadata, endpoint.url)
    await asyncio.to_thread(http_clients.certificates, endpoint.direct)
    try:
        return await _models(connection.kind, endpoint)
    except UnlistedError as error:
        problem = problems.of_error(
            error.__cause__,
            connection.address,
            has_key=bool(connection.key),
            wants_v1=connection.kind in (Kind.COMPATIBLE, Kind.OPENAI),
        )
        raise ListingError(problem) from error


def _endpoint(connection: Known) -> Endpoint:
    """Return where to ask for the list, even if the connection is switched off. Raises ListingError."""
    if not connection.address:
        raise ListingError(Problem(gettext_noop("no address"), _("Write the server's address.")))
    if connection.kind == Kind.AZURE:
        # The older API has the list at the same place as the newer one.
        connection = replace(connection, address=connection.address.partition("?")[0])
    return endpoints.endpoint_in(replace(connection, enabled=True), "")


def _refuse_metadata(url: str) -> None:
    """Raise ListingError if the host's name resolves to an address where clouds hand out credentials."""
    if resolving.is_metadata_service(url):
        raise ListingError(Problem(gettext_noop("is a metadata service"), _(addresses.METADATA), is_final=True))


async def _models(kind: Kind, endpoint: Endpoint) -> list[OfferedModel]:
    headers = listings.headers_of(endpoint)
    if kind == Kind.OLLAMA:
        return await listings.ollama_models(endpoint)
    if kind == Kind.ANTHROPIC:
        body = await listings.ask(f"{endpoint.url}/v1/models?limit=1000", headers=headers)
        rows = listings.rows_of(body, "data", "id")
        return [
            OfferedModel(
                str(row["id"]),
                str(row.get("display_name") or row["id"]),
                "",
                0,
                window=_window(row),
                abilities=abilities.of_server(row),
            )
            for row in rows
        ]
    if kind == Kind.GEMINI:
        body = await listings.ask(f"{endpoint.url}/v1beta/models?pageSize=1000", headers=headers)
        return [_gemini(row) for row in listings.rows_of(body, "models", "name") if _is_for_chat(row)]
    if kind == Kind.AZURE:
        body = await listings.ask(f"{endpoint.url}/models", headers=headers)
        rows = listings.rows_of(body, "data", "id")
        able = (row for row in rows if (row.get("capabilities") or {}).get("chat_completion", True))
        return [OfferedModel(str(row["id"]), str(row["id"]), "", 0) for row in able]
    return await listings.openai_models(endpoint)


def _window(row: dict[str, object]) -> int:
    return listings.count_of(row, "max_input_tokens", *listings.WINDOWS)


def _is_for_chat(row: dict[str, object]) -> bool:
    methods = row.get("supportedGenerationMethods")
    return not isinstance(methods, list) or "generateContent" in methods


def _gemini(row: dict[str, object]) -> OfferedModel:
    name = str(row["name"]).removeprefix("models/")
    return OfferedModel(
        name,
        str(row.get("displayName") or name),
        "",
        0,
        window=listings.count_of(row, "inputTokenLimit"),
        abilities=abilities.of_server(row),
    )


def _known_to_litellm(provider: str) -> list[OfferedModel]:
    return [OfferedModel(name, name, "", 0) for name in price_list.chat_models(litellm_prices.rows(), provider)]


def names(found: Iterable[OfferedModel]) -> list[dict[str, object]]:
    """Return models as a connection's row stores them: under the server's names."""
    return [
        {
            "name": offer.name.removeprefix(f"{offer.provider}/"),
            "display_name": offer.display_name[:200],
            "window": offer.window,
            "size": offer.size,
            "abilities": abilities.stored(offer.abilities),
        }
        for offer in found
    ]
