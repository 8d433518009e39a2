"""The admins' patterns: kept in the database, known everywhere within seconds, asked for by no message."""

import time

import pytest
from django.db import IntegrityError, connection, transaction

from langai_site.detectors import patterns, scan
from langai_site.models import SensitivePattern
from langai_site.sensitivity import Sensitivity

pytestmark = pytest.mark.django_db


def made(name="Projects", pattern="Falcon", **values):
    return SensitivePattern.objects.create(name=name, pattern=pattern, **values)


def kinds(text):
    return [detection.kind for detection in scan(text)]


def test_what_is_written_down_is_found_at_once_in_this_process():
    assert kinds("Falcon") == []
    pattern = made()
    assert kinds("Falcon") == ["word"]
    pattern.pattern = "Eagle"
    pattern.save()
    assert (kinds("Falcon"), kinds("Eagle")) == ([], ["word"])
    pattern.delete()
    assert kinds("Eagle") == []


def test_what_is_switched_off_is_not_looked_for():
    made(enabled=False)
    assert kinds("Falcon") == []


def test_the_built_in_detectors_come_along():
    made(label=Sensitivity.INTERNAL)
    assert kinds("Falcon, DE89370400440532013000") == ["iban", "word"]


def test_messages_ask_the_database_once_in_some_seconds(django_assert_num_queries):
    made()
    with django_assert_num_queries(1):
        for _ in range(50):
            scan("Falcon")


def test_what_another_process_changed_is_known_when_the_seconds_are_over(monkeypatch):
    made()
    assert kinds("Eagle") == []
    # Another process sends this one no signal; nor does `update`.
    SensitivePattern.objects.update(pattern="Eagle")
    assert kinds("Eagle") == []
    monkeypatch.setattr(patterns, "REMEMBERED", -1.0)
    assert kinds("Eagle") == ["word"]


@pytest.mark.django_db(transaction=True)
def test_a_change_counts_from_its_commit_though_others_read_the_old_rules_before():
    with transaction.atomic():
        made()
        # As a thread leaves it that reads the rules now and does not see the change yet.
        patterns._last = patterns._Read((), time.monotonic())
    assert kinds("Falcon") == ["word"]


@pytest.mark.parametrize("values", [{"label": Sensitivity.PUBLIC}, {"label": 15}, {"kind": "glob"}])
def test_the_database_keeps_no_rule_that_means_nothing(values):
    with pytest.raises(IntegrityError), transaction.atomic():
        made(**values)
    assert not connection.needs_rollback
