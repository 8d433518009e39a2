from django.db import models
from django.utils import timezone

from langai_site.sensitivity import Sensitivity

# Confidential text never leaves, whatever an admin sets.
HIGHEST_FOR_HOSTED = Sensitivity.INTERNAL


class Model(models.Model):
    """A language model that can be asked, and the highest label it may see.

    Whether it is local is derived from its endpoint at every call, never stored or ticked.
    """

    name = models.CharField(
        max_length=200,
        unique=True,
        help_text="As LiteLLM names it: openai/…, anthropic/…, ollama_chat/…, hosted_vllm/…",
    )
    display_name = models.CharField(max_length=200)
    provider = models.CharField(max_length=50)
    ceiling = models.PositiveSmallIntegerField(
        choices=[(label.value, label.label) for label in Sensitivity if label <= HIGHEST_FOR_HOSTED],
        default=HIGHEST_FOR_HOSTED,
        help_text="For a hosted model: the highest label that may be sent to it. A local one may see all.",
    )
    enabled = models.BooleanField(default=True)
    available = models.BooleanField(default=False, editable=False, help_text="Its key is set, or its server lists it.")
    rank = models.PositiveIntegerField(default=100, help_text="auto takes the lowest first, hosted before local.")

    class Meta:
        ordering = ["rank", "name"]

    def __str__(self) -> str:
        return self.display_name


class Embedder(models.Model):
    """An embedder on a server, as it was found: its vectors are kept under its fingerprint."""

    fingerprint = models.CharField(max_length=100, unique=True)
    name = models.CharField(max_length=200, help_text="As LiteLLM names it: openai/…, hosted_vllm/…, ollama/…")
    dimension = models.PositiveIntegerField(help_text="Numbers in a vector.")
    min_score = models.FloatField(help_text="Cosine that texts which have nothing to do with each other stay under.")
    found_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-found_at"]

    def __str__(self) -> str:
        return self.fingerprint
