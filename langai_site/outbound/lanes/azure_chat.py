"""Pure: Azure OpenAI, which is OpenAI's chat completions with the key in another header."""

from dataclasses import replace

from langai_site.outbound.lanes import openai_request
from langai_site.outbound.lanes.openai_chat import Decoder as Decoder
from langai_site.outbound.lanes.quirks import USUAL, Quirks
from langai_site.outbound.lanes.requests import Load, Request, WireRequest, no_files


def build(request: Request, quirks: Quirks = USUAL, load: Load = no_files) -> WireRequest:
    """Return `request` in Azure's format; the path goes after an address that ends in /openai/v1 or in a deployment.

    `load` returns the bytes of pictures. Raises what `load` raises.
    """
    wire = openai_request.build(replace(request, key=""), quirks, load)
    return replace(wire, headers={**wire.headers, "api-key": request.key}) if request.key else wire
