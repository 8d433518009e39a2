"""The part of a request's body in OpenAI's formats that states a label. Other unknown fields are ignored."""

from collections.abc import Mapping
from typing import Any, Self

from ninja import Field, Schema
from pydantic import ModelWrapValidatorHandler, PrivateAttr, field_validator, model_validator

from langai_site.sensitivity import Sensitivity
from langai_site.web.stated_labels import as_object, highest_stated, labels_in


class LabelledBody(Schema):
    sensitivity: str | None = Field(None, description="The label: public, internal or confidential.")
    metadata: dict[str, Any] | None = Field(None, description="`sensitivity`: a label. Also as text, in JSON.")
    extra_body: dict[str, Any] | None = Field(None, description="What some clients send it in: `sensitivity`.")

    # The body as it was sent, because a label may be in a field that no schema names. Pydantic's own way to keep
    # such fields does not work here: it does not see them once Ninja has wrapped the body.
    _sent: Mapping[str, object] = PrivateAttr(default_factory=dict)

    @field_validator("metadata", "extra_body", mode="before")
    @classmethod
    def _from_text(cls, value: object) -> object:
        return as_object(value)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_sent(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        body = handler(values)
        if isinstance(values, Mapping):
            body._sent = values
        return body

    def label(self, header: str) -> Sensitivity | None:
        """Return the highest label that the header or the body states, wherever it does. Raises InvalidError."""
        return highest_stated(header, *labels_in(self._sent.items()))
