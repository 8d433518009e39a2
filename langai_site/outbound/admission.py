"""Pure: decides whether a text may be given to a model, by the state at the moment of sending."""

from langai_site.errors import AboveCeilingError, ModelWithdrawnError, NotAdmittedError
from langai_site.outbound.types import ChatCall, EmbedCall, ModelInfo, Present
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, Sensitivity
from langai_site.sentences import sentence

LOCAL_ONLY = sentence(
    "admission.local_only",
    "%(model)s does not run in the building any more, so nothing was sent. Choose another local model.",
)
WITHDRAWN = sentence(
    "admission.withdrawn",
    "%(model)s was switched off or is no longer available to you, so nothing was sent. Choose another model.",
)
ABOVE_CEILING = {
    Sensitivity.PUBLIC: sentence(
        "admission.above.public", "%(model)s may not see public text, so nothing was sent. Choose a local model."
    ),
    Sensitivity.INTERNAL: sentence(
        "admission.above.internal", "%(model)s may not see internal text, so nothing was sent. Choose a local model."
    ),
    Sensitivity.CONFIDENTIAL: sentence(
        "admission.above.confidential",
        "%(model)s may not see confidential text, so nothing was sent. Choose a local model.",
    ),
}


def admit_chat(call: ChatCall, present: Present, *, hosted: bool) -> None:
    """Refuse a completion that may not be sent now; `hosted` says whether it leaves the building.

    Raises NotAdmittedError if its label has risen, ModelWithdrawnError, and AboveCeilingError, also if only models in
    the building may be asked and this is not one.
    """
    admit_model(call.model, call.label, present)
    if hosted and call.local_only:
        raise AboveCeilingError(LOCAL_ONLY(model=call.model.display_name), code="local_only")
    # If the caller meant to ask a local model, the ceiling of a hosted one does not apply: they did not agree to that.
    was_local = not call.model.hosted
    _refuse_above_ceiling(present.model or call.model, call.label, hosted, unexpected=hosted and was_local)


def admit_embedding(call: EmbedCall, present: Present, *, hosted: bool) -> None:
    """Refuse texts that may not be embedded there now. Raises NotAdmittedError and AboveCeilingError."""
    _refuse_risen(call.label, present)
    _refuse_above_ceiling(present.model or call.model, call.label, hosted, unexpected=hosted and not call.model.hosted)


def admit_model(model: ModelInfo, label: Sensitivity, present: Present) -> None:
    """Refuse an answer of `model` to text labelled `label`. Raises NotAdmittedError and ModelWithdrawnError.

    This alone is enough if nothing is sent: for a built-in model, or an answer that already exists.
    """
    _refuse_risen(label, present)
    if present.model is None:
        raise ModelWithdrawnError(WITHDRAWN(model=model.display_name))


def _refuse_risen(label: Sensitivity, present: Present) -> None:
    if present.label > label:
        raise NotAdmittedError


def _refuse_above_ceiling(model: ModelInfo, label: Sensitivity, hosted: bool, *, unexpected: bool) -> None:
    """Refuse text above the ceiling. `unexpected`: the model was taken for local, so it may see only public text."""
    if label > (Sensitivity.PUBLIC if unexpected else _ceiling(model, hosted)):
        raise AboveCeilingError(ABOVE_CEILING[Sensitivity(label)](model=model.display_name))


def _ceiling(model: ModelInfo, hosted: bool) -> Sensitivity:
    """Return what the model may see: everything if it is local, unless a lower ceiling was set."""
    if hosted:
        return min(model.ceiling, HIGHEST_FOR_HOSTED)
    return Sensitivity.CONFIDENTIAL if model.hosted else model.ceiling
