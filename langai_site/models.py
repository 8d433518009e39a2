from django.db import models
from django.utils import timezone


class Heartbeat(models.Model):
    """One row a worker process: the database is what web and workers share in every deployment."""

    worker = models.CharField(max_length=100, primary_key=True)
    beat_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return self.worker
