"""What is at the addresses of SCIM, below /scim/v2."""

from collections.abc import Callable
from functools import partial

from django.http import HttpRequest, HttpResponse
from scim2_models import (
    AuthenticationScheme,
    Bulk,
    ChangePassword,
    ETag,
    Filter,
    Group,
    ListResponse,
    Patch,
    ResourceType,
    Schema,
    SCIMException,
    ServiceProviderConfig,
    Sort,
)

from langai_site.accounts.models import ScimDirectory
from langai_site.accounts.scim import groups, people, protocol
from langai_site.accounts.scim.protocol import PAGE, Person
from langai_site.errors import LangAIError

# Programs read it, in English as all of SCIM.
HOW = "The token that an admin made for this directory."
CONFIG = ServiceProviderConfig(
    patch=Patch(supported=True),
    bulk=Bulk(supported=False, max_operations=0, max_payload_size=0),
    filter=Filter(supported=True, max_results=PAGE),
    change_password=ChangePassword(supported=False),
    sort=Sort(supported=False),
    etag=ETag(supported=False),
    authentication_schemes=[
        AuthenticationScheme(
            type=AuthenticationScheme.Type.oauthbearertoken,
            name="Bearer token",
            description=HOW,
            primary=True,
        )
    ],
)


def users(request: HttpRequest, directory: ScimDirectory) -> HttpResponse:
    """List the accounts that match a filter; a post makes one."""
    if request.method == "POST":
        made = people.create(directory, protocol.resource_of(Person, request, is_new=True))
        return protocol.shown(Person, request, made, 201)
    if request.method != "GET":
        return _not_allowed("GET, POST")
    asked = protocol.search_of(Person, request)
    return protocol.listed(Person, asked, *people.find(directory, asked))


def user(request: HttpRequest, directory: ScimDirectory, user: str) -> HttpResponse:
    """Show, replace, change or switch off an account."""
    if request.method == "DELETE":
        people.remove(directory, user)
        return HttpResponse(status=204)
    if request.method == "PUT":
        given = protocol.resource_of(Person, request, is_new=False)
        return protocol.shown(Person, request, people.change(directory, user, given))
    if request.method == "PATCH":
        changed = people.patch(directory, user, partial(protocol.patched, Person, request))
        return protocol.shown(Person, request, changed)
    if request.method != "GET":
        return _not_allowed("GET, PUT, PATCH, DELETE")
    return protocol.shown(Person, request, people.read(directory, user))


def all_groups(request: HttpRequest, directory: ScimDirectory) -> HttpResponse:
    """List the teams that the directory made and that match a filter; a post makes one."""
    if request.method == "POST":
        made = groups.create(directory, protocol.resource_of(Group, request, is_new=True))
        return protocol.shown(Group, request, made, 201)
    if request.method != "GET":
        return _not_allowed("GET, POST")
    asked = protocol.search_of(Group, request)
    members = "members" not in request.GET.get("excludedAttributes", "").lower()
    return protocol.listed(Group, asked, *groups.find(directory, asked, members=members))


def group(request: HttpRequest, directory: ScimDirectory, group: str) -> HttpResponse:
    """Show, replace, change or let go a team of the directory."""
    if request.method == "DELETE":
        groups.remove(directory, group)
        return HttpResponse(status=204)
    if request.method == "PUT":
        given = protocol.resource_of(Group, request, is_new=False)
        return protocol.shown(Group, request, groups.change(directory, group, given))
    if request.method == "PATCH":
        changed = groups.patch(directory, group, partial(protocol.patched, Group, request))
        return protocol.shown(Group, request, changed)
    if request.method != "GET":
        return _not_allowed("GET, PUT, PATCH, DELETE")
    return protocol.shown(Group, request, groups.read(directory, group))


def _not_allowed(methods: str) -> HttpResponse:
    response = protocol.refused(405, f"Use {methods} here.")
    response["Allow"] = methods
    return response


def config(_request: HttpRequest, _directory: ScimDirectory) -> HttpResponse:
    """Say what this service can do."""
    return protocol.plain(CONFIG)


def resource_types(_request: HttpRequest, _directory: ScimDirectory) -> HttpResponse:
    found = [ResourceType.from_resource(one) for one in (Person, Group)]
    return protocol.plain(ListResponse[ResourceType](total_results=len(found), resources=found))


def schemas(_request: HttpRequest, _directory: ScimDirectory) -> HttpResponse:
    found = [one.to_schema() for one in (Person, Group)]
    return protocol.plain(ListResponse[Schema](total_results=len(found), resources=found))


# What is at an address, and at one below it.
ROOMS: dict[str, Callable[[HttpRequest, ScimDirectory], HttpResponse]] = {
    "Users": users,
    "Groups": all_groups,
    "ServiceProviderConfig": config,
    "ResourceTypes": resource_types,
    "Schemas": schemas,
}
BELOW: dict[str, Callable[[HttpRequest, ScimDirectory, str], HttpResponse]] = {"Users": user, "Groups": group}


def answered(request: HttpRequest, directory: ScimDirectory, path: str) -> HttpResponse:
    """Answer a directory's request; every failure has SCIM's shape."""
    name, _, below = path.rstrip("/").partition("/")
    try:
        if below and name in BELOW:
            return BELOW[name](request, directory, below)
        if name in ROOMS and not below:
            return ROOMS[name](request, directory)
    except SCIMException as error:
        return protocol.failed(error)
    except LangAIError as error:
        return protocol.refused(error.status, error.message)
    return protocol.refused(404, "There is nothing at this address. Users and groups are at /scim/v2/Users and Groups.")
