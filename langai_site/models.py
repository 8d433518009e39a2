from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """One row a worker process: the database is what web and workers share in every deployment."""

    worker = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.worker


class NightlyRun(models.Model):
    """When a nightly job ran last. The row decides which worker does it; a restart neither skips nor repeats it."""

    job = models.CharField(max_length=100, primary_key=True)
    night = models.DateField(help_text="The night that was begun last, by its morning's date.")
    begun_at = models.DateTimeField()
    done = models.BooleanField(default=False)

    def __str__(self) -> str:
        return f"{self.job} {self.night}"


class Checkpoint(models.Model):
    """How far a long command came: the next one of its kind goes on from there."""

    command = models.CharField(max_length=100, primary_key=True)
    state = models.JSONField()
    saved_at = models.DateTimeField(auto_now=True)

    def __str__(self) -> str:
        return self.command
