"""Daily sums of the ledger, from which reports are read."""

from django.db import models

from langai_site.sensitivity import LABEL_CHOICES


class Slice(models.Model):
    """The attributes that entries in one sum have in common: everything that reports can select, except the day.

    It names people and teams by value, as entries do. If `of` names one dimension, its days sum all entries with the
    same value of that dimension, and the other columns are blank. `key` is a hash over the rest (`reports/rollup.py`).
    """

    key = models.CharField(max_length=64, unique=True)
    of = models.CharField(max_length=20, blank=True, db_index=True)
    user_id = models.BigIntegerField(null=True, db_index=True)
    username = models.CharField(max_length=150)
    team = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    provider = models.CharField(max_length=50)
    kind = models.CharField(max_length=20)
    source = models.CharField(max_length=20)
    hosted = models.BooleanField()
    label = models.PositiveSmallIntegerField(choices=LABEL_CHOICES)
    route = models.CharField(max_length=200)
    cached = models.BooleanField()
    status = models.CharField(max_length=20)

    def __str__(self) -> str:
        return f"{self.of} {self.username} {self.model} {self.kind}"


class DaySum(models.Model):
    """The sums of the sealed entries of one slice and day; money in whole billionths of a dollar. Can be rebuilt.

    `week` and `month` are the first days of the week and month, stored because databases group by a column much faster.
    """

    slice = models.ForeignKey(Slice, on_delete=models.CASCADE, related_name="%(class)ss")
    day = models.DateField(db_index=True)
    week = models.DateField()
    month = models.DateField()
    entries = models.BigIntegerField(default=0)
    answers = models.BigIntegerField(default=0)
    unpriced = models.BigIntegerField(default=0)
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cached_tokens = models.BigIntegerField(default=0)
    cost = models.BigIntegerField(default=0)
    saved = models.BigIntegerField(default=0)

    class Meta:
        abstract = True
        constraints = [models.UniqueConstraint(fields=["slice", "day"], name="one_%(class)s_a_slice")]

    def __str__(self) -> str:
        return f"{self.day} {self.slice_id}"


class SliceDay(DaySum):
    """Days of slices with all dimensions: nearly as many rows as entries, if these differ in many ways."""


class DimensionDay(DaySum):
    """Days of slices with one dimension: few rows, because most reports are about one dimension."""


class RolledUp(models.Model):
    """The one row with the last seal that is summed, and the time zone of the days. Adding sums locks it."""

    sequence = models.BigIntegerField(default=0)
    zone = models.CharField(max_length=100)

    def __str__(self) -> str:
        return f"{self.sequence} ({self.zone})"
