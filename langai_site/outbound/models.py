from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy

from langai_site.accounts.models import Team
from langai_site.outbound import parameters, stored_quirks
from langai_site.outbound.connections import addresses, kinds
from langai_site.sensitivity import HIGHEST_FOR_HOSTED, LABEL_CHOICES, Sensitivity


def valid_parameters(value: Any) -> None:  # noqa: ANN401 - whatever JSON was written
    """Raise ValidationError unless `value` is an object of parameters that may be sent."""
    try:
        parameters.checked(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def valid_extra_body(value: Any) -> None:  # noqa: ANN401 - whatever JSON was written
    """Raise ValidationError unless `value` is an object of fields that may be added to a request."""
    try:
        parameters.checked_body(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def valid_extra_headers(value: Any) -> None:  # noqa: ANN401 - whatever JSON was written
    """Raise ValidationError unless `value` is an object of headers that may be added to a request."""
    try:
        parameters.checked_headers(value)
    except ValueError as error:
        raise ValidationError(str(error)) from error


def valid_address(value: str) -> None:
    """Raise ValidationError unless `value` is an address that may be connected."""
    try:
        addresses.checked(value)
    except addresses.AddressError as error:
        raise ValidationError(str(error)) from error


class SealedField(models.TextField[str, str]):
    """Encrypted text that no export contains."""

    def value_to_string(self, obj: models.Model) -> str:
        return ""


class Connection(models.Model):
    """A server with models, and the key to it. `slug` begins the names of its models and never changes.

    Whether it is local is derived from its address at every call. `listed` is what the last refresh found, one object
    for each model; `problem` is empty if the server answered.
    """

    kind = models.CharField(
        gettext_lazy("kind"), max_length=20, choices=kinds.CHOICES, default=kinds.Kind.COMPATIBLE.value
    )
    provider = models.CharField(
        gettext_lazy("provider"),
        max_length=50,
        blank=True,
        help_text=gettext_lazy("Only for another provider: LiteLLM's name of it, such as cohere_chat or bedrock."),
    )
    name = models.CharField(
        gettext_lazy("name"), max_length=100, unique=True, help_text=gettext_lazy("As people see it.")
    )
    slug = models.SlugField(
        gettext_lazy("prefix"),
        max_length=50,
        unique=True,
        help_text=gettext_lazy("Begins the names of its models, as in office/qwen3. It cannot be changed later."),
    )
    address = models.CharField(
        gettext_lazy("address"),
        max_length=500,
        blank=True,
        validators=[valid_address],
        help_text=gettext_lazy("Such as http://gpu.example.org:8000/v1. Empty: the provider's usual address."),
    )
    sealed_key = SealedField(default="", blank=True, editable=False)
    key_variable = models.CharField(
        gettext_lazy("key from the environment"),
        max_length=100,
        blank=True,
        help_text=gettext_lazy(
            "Instead of a key: a variable's name, such as GROQ_API_KEY, where LangAI runs. GROQ_API_KEY_FILE can "
            "name a file."
        ),
    )
    extra_headers = models.JSONField(
        gettext_lazy("extra headers"),
        default=dict,
        blank=True,
        validators=[valid_extra_headers],
        help_text=gettext_lazy(
            'Headers for every request, as a JSON object, such as {"X-Title": "LangAI"}. Never keys.'
        ),
    )
    embedder = models.CharField(
        gettext_lazy("embedder for search"),
        max_length=200,
        blank=True,
        help_text=gettext_lazy(
            "The server's name of a model that turns texts into vectors, such as nomic-embed-text. Search uses one "
            "embedder: the one that is set here last, or the one of the environment if none is."
        ),
    )
    embedder_ceiling = models.PositiveSmallIntegerField(
        gettext_lazy("it may see up to"),
        choices=LABEL_CHOICES,
        default=Sensitivity.CONFIDENTIAL.value,
        help_text=gettext_lazy(
            "Texts with a higher label are embedded on this machine, and so is confidential text if the server is not "
            "local."
        ),
    )
    enabled = models.BooleanField(gettext_lazy("enabled"), default=True)
    listed = models.JSONField(default=list, editable=False)
    problem = models.CharField(max_length=200, default="", blank=True, editable=False)

    class Meta:
        verbose_name = gettext_lazy("connection")
        verbose_name_plural = gettext_lazy("connections")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Model(models.Model):
    """A language model that can be asked: its roles, the highest label it may see, and who may use it.

    Whether it is local is derived from its endpoint at every call, never stored. What a refresh finds (`available`,
    `listed_window`, `listed_abilities`) and what an admin sets are separate columns, except `roles`, which stays empty
    until one of the two sets it.
    """

    name = models.CharField(
        gettext_lazy("name"),
        max_length=200,
        unique=True,
        help_text=gettext_lazy(
            "A prefix and the server's own name for it: openai/…, anthropic/…, or the prefix of a connection."
        ),
    )
    display_name = models.CharField(
        gettext_lazy("display name"), max_length=200, help_text=gettext_lazy("As people see it.")
    )
    provider = models.CharField(gettext_lazy("provider"), max_length=50, editable=False)
    ceiling = models.PositiveSmallIntegerField(
        gettext_lazy("ceiling"),
        choices=[(value, name) for value, name in LABEL_CHOICES if value <= HIGHEST_FOR_HOSTED],
        default=HIGHEST_FOR_HOSTED,
        help_text=gettext_lazy(
            "For a hosted model: the highest label that may be sent to it. A local one may see all."
        ),
    )
    teams = models.ManyToManyField(
        Team,
        blank=True,
        related_name="+",
        verbose_name=gettext_lazy("teams"),
        help_text=gettext_lazy("Only people of these teams may use it; none: everyone."),
    )
    roles = models.JSONField(
        gettext_lazy("roles"),
        null=True,
        blank=True,
        help_text=gettext_lazy("What it is good for: Auto asks for one of these."),
    )
    context_window = models.PositiveIntegerField(
        gettext_lazy("context window"),
        null=True,
        blank=True,
        help_text=gettext_lazy(
            "Tokens of question and answer together. Empty: what its server or LiteLLM's list says."
        ),
    )
    listed_window = models.PositiveIntegerField(gettext_lazy("listed window"), default=0, editable=False)
    parameters = models.JSONField(
        gettext_lazy("parameters"),
        default=dict,
        blank=True,
        validators=[valid_parameters],
        help_text=gettext_lazy('Sent with every call, as a JSON object, such as {"temperature": 0.2}.'),
    )
    abilities = models.JSONField(
        default=dict,
        blank=True,
        help_text=gettext_lazy("What it can or cannot do, as set by an admin. Takes precedence over the lists."),
    )
    listed_abilities = models.JSONField(
        default=dict,
        editable=False,
        help_text=gettext_lazy("What LiteLLM's list and its server say, each under its own key."),
    )
    learnt = models.JSONField(
        default=dict, editable=False, help_text=gettext_lazy("What its server refused and no longer receives.")
    )
    quirks = models.JSONField(
        default=dict,
        blank=True,
        help_text=gettext_lazy("How its requests differ from the usual ones. Takes precedence over what was learnt."),
    )
    extra_body = models.JSONField(
        gettext_lazy("extra body"),
        default=dict,
        blank=True,
        validators=[valid_extra_body],
        help_text=gettext_lazy(
            'Fields that its server needs beside the usual ones, as a JSON object, such as {"keep_alive": "1h"}.'
        ),
    )
    extra_headers = models.JSONField(
        gettext_lazy("extra headers"),
        default=dict,
        blank=True,
        validators=[valid_extra_headers],
        help_text=gettext_lazy(
            'Headers that its server needs, as a JSON object, such as {"X-Title": "LangAI"}. Never keys.'
        ),
    )
    enabled = models.BooleanField(gettext_lazy("enabled"), default=True)
    available = models.BooleanField(
        gettext_lazy("available"),
        default=False,
        editable=False,
        help_text=gettext_lazy("Its key is set, or its server lists it."),
    )
    rank = models.PositiveIntegerField(
        gettext_lazy("rank"), default=100, help_text=gettext_lazy("auto takes the lowest first, hosted before local.")
    )

    class Meta:
        verbose_name = gettext_lazy("model")
        verbose_name_plural = gettext_lazy("models")
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.display_name

    @property
    def window(self) -> int:
        """Return the tokens of question and answer together; 0 if unknown."""
        return self.context_window or stored_quirks.window(self.listed_window, self.learnt)


class Embedder(models.Model):
    """An embedder on a server, as it was found: its vectors are stored under its fingerprint."""

    fingerprint = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200, help_text="As LiteLLM names it: openai/…, hosted_vllm/…, ollama/…")
    dimension = models.PositiveIntegerField(help_text="Numbers in a vector.")
    min_score = models.FloatField(help_text="Cosine that texts which have nothing to do with each other stay under.")
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-found_at"]

    def __str__(self) -> str:
        return self.fingerprint
