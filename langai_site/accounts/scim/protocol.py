"""The wire format of SCIM: reads requests, and writes resources, lists and errors."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from django.http import HttpRequest, HttpResponse
from pydantic import ValidationError
from scim2_models import (
    BaseModel,
    Context,
    Error,
    InvalidSyntaxException,
    InvalidValueException,
    ListResponse,
    PatchOp,
    Resource,
    ResponseParameters,
    SCIMException,
    ScimPolicy,
    SearchRequest,
    User,
)

from langai_site.accounts.scim.door import CONTENT_TYPE

R = TypeVar("R", bound=Resource[Any])

# Without an extension: what one says, such as a department or a manager, is not kept.
Person: Any = User
# Resources on one page of a list, and operations in one PATCH.
PAGE, OPERATIONS_MAX = 200, 1_000
# What directories send besides the RFC: attributes of their own, removals that name values, as Entra's, and paths to
# entries that are not there yet.
TOLERANT = ScimPolicy(
    unknown=ScimPolicy.Unknown.ignore,
    remove_value_as_filter=ScimPolicy.RemoveValue.apply,
    unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create,
)


def body_of(request: HttpRequest) -> dict[str, Any]:
    """Return the JSON object of a request. Raises SCIMException."""
    try:
        found = json.loads(request.body or b"{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise InvalidSyntaxException(detail="The body is not a JSON object.")
    return found


def resource_of(model: type[R], request: HttpRequest, *, is_new: bool) -> R:
    """Return the resource that a request sends. Raises SCIMException."""
    context = Context.RESOURCE_CREATION_REQUEST if is_new else Context.RESOURCE_REPLACEMENT_REQUEST
    return _validated(model, body_of(request), context)


def patched(model: type[R], request: HttpRequest, before: R) -> R:
    """Return a copy of a resource as a PATCH request changes it. Raises SCIMException."""
    body = body_of(request)
    operations = body.get("Operations", body.get("operations"))
    if isinstance(operations, list) and len(operations) > OPERATIONS_MAX:
        raise InvalidValueException(detail=f"A request can have at most {OPERATIONS_MAX} operations.")
    patch: Any = _validated(PatchOp[model], body, Context.RESOURCE_PATCH_REQUEST)  # type: ignore[valid-type]
    after = before.model_copy(deep=True)
    with TOLERANT:
        patch.patch(after)
    return after


def search_of(model: type[R], request: HttpRequest) -> SearchRequest[R]:
    """Return the filter and the page that a list request asks for. Raises SCIMException."""
    asked = ("filter", "startIndex", "count", "attributes", "excludedAttributes")
    values = {name: request.GET[name] for name in asked if request.GET.get(name)}
    return _validated(SearchRequest[model], values, Context.SEARCH_REQUEST)  # type: ignore[valid-type]


M = TypeVar("M", bound=BaseModel)


def _validated(model: type[M], values: dict[str, Any], context: Context) -> M:
    try:
        return model.model_validate(values, scim_ctx=context, scim_policy=TOLERANT)
    except ValidationError as error:
        raise SCIMException.from_error(Error.from_validation_error(error.errors()[0])) from None


def listed(model: type[R], asked: SearchRequest[R], found: Sequence[R], total: int) -> HttpResponse:
    """Return a page of a list; `total` are all that match."""
    response = ListResponse[model](  # type: ignore[valid-type]
        total_results=total,
        start_index=(asked.start_index_0 or 0) + 1,
        items_per_page=len(found),
        resources=list(found),
    )
    return _json(response.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked))


def shown(model: type[R], request: HttpRequest, resource: R, status: int = 200) -> HttpResponse:
    """Return one resource, without the attributes that the request excludes."""
    values = {name: request.GET[name] for name in ("attributes", "excludedAttributes") if request.GET.get(name)}
    asked = _validated(ResponseParameters[model], values, Context.DEFAULT)  # type: ignore[valid-type]
    content = resource.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE, response_parameters=asked)
    response = _json(content, status)
    if resource.meta and resource.meta.location:
        response["Location"] = str(resource.meta.location)
    return response


def plain(message: BaseModel, status: int = 200) -> HttpResponse:
    """Return an error, or what describes the service."""
    return _json(message.model_dump(scim_ctx=Context.RESOURCE_QUERY_RESPONSE), status)


def failed(error: SCIMException) -> HttpResponse:
    return _json(error.to_error().model_dump(), int(error.status or 400))


def refused(status: int, detail: str) -> HttpResponse:
    return _json(Error(status=status, detail=detail).model_dump(), status)


def _json(content: object, status: int = 200) -> HttpResponse:
    return HttpResponse(json.dumps(content, default=str), status=status, content_type=CONTENT_TYPE)
