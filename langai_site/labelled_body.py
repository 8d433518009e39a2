"""The part of a request's body in OpenAI's formats that states a label. What else is unknown in it is passed over."""

from collections.abc import Mapping
from typing import Any, Self

from ninja import Field, Schema
from pydantic import ModelWrapValidatorHandler, PrivateAttr, model_validator

from langai_site.sensitivity import Sensitivity
from langai_site.stated_labels import highest_stated, labels_in


class LabelledBody(Schema):
    sensitivity: str | None = Field(None, description="The label: public, internal or confidential.")
    metadata: dict[str, Any] | None = Field(None, description="`sensitivity`: a label.")
    extra_body: dict[str, Any] | None = Field(None, description="What some clients send it in: `sensitivity`.")

    # The fields that no schema names, because a label may stand there under another name. Pydantic's own way to keep
    # them does not work here: it does not see them once Ninja has wrapped the body.
    _others: Mapping[str, object] = PrivateAttr(default_factory=dict)

    @model_validator(mode="wrap")
    @classmethod
    def _keep_others(cls, values: object, handler: ModelWrapValidatorHandler[Self]) -> Self:
        body = handler(values)
        if isinstance(values, Mapping):
            body._others = {name: value for name, value in values.items() if name not in cls.model_fields}
        return body

    def label(self, header: str) -> Sensitivity | None:
        """Return the highest label that the header or the body states. Raises Invalid."""
        places = {"": self._others, "metadata.": self.metadata or {}, "extra_body.": self.extra_body or {}}
        others = (label for place, values in places.items() for label in labels_in(values.items(), place))
        return highest_stated(header, self.sensitivity, *others)
