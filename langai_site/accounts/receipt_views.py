"""The page with a person's deletion receipts, and the receipts as files."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from langai_site.accounts import deletion_receipts
from langai_site.accounts.session import signed_in

LISTED = 200


@require_safe
def listed(request: HttpRequest) -> HttpResponse:
    """List what the person deleted and what is proven of it."""
    receipts = deletion_receipts.listed(signed_in(request).pk)[:LISTED]
    return render(request, "accounts/receipts.html", {"receipts": receipts, "listed": LISTED})


@require_safe
def download(request: HttpRequest, receipt: UUID) -> HttpResponse:
    """Send a receipt as JSON. It holds digests, counts and times."""
    found = deletion_receipts.document(signed_in(request).pk, receipt)
    answer = JsonResponse(found, json_dumps_params={"indent": 1})
    answer["Content-Disposition"] = f'attachment; filename="deletion-{receipt}.json"'
    return answer
