"""Searches the files of a turn that are too long to be given whole."""

from dataclasses import replace
from functools import partial

from chat.turns import askable, prompts
from chat.turns.values import TurnRequest, TurnState
from langai_site.database.writer import apart
from search import services as search
from search.services.whole_pages import beginnings
from search.types import Filters, Findings, Hit


async def find(request: TurnRequest, state: TurnState) -> Findings:
    """Return the passages of long files that help to answer; if none is found, how the files begin."""
    files = request.given_files
    if not files.searched:
        return Findings()
    chars = askable.passages_chars(request)
    findings = await search.find_for_prompt(
        request.question,
        replace(request.reader, collections=(files.collection,)),
        label=request.label,
        filters=Filters(sources=files.searched),
        history=prompts.questions(request.history),
        budget_chars=chars,
        caller=request.caller,
        read_present=partial(state.read_question, request),
    )
    if findings.hits:
        return findings
    begun = await apart(_begun, request, chars // len(files.searched))
    return Findings(tuple(begun), findings.notice)


def _begun(request: TurnRequest, chars: int) -> list[Hit]:
    """Return the beginning of each file: `chars` characters of its first pages."""
    sources = request.given_files.searched
    return [hit for source in sources for hit in beginnings(request.reader.user_id, source, chars)]
