"""`manage.py verify_ledger`: an answer that a script can rely on."""

import json

import pytest
from django.core.management import CommandError, call_command

from langai_site.sensitivity import Sensitivity
from langai_site.usage.ledger import content, sealing
from langai_site.usage.models import UsageEntry
from tests.usage.conftest import entered

pytestmark = pytest.mark.django_db

NONE_CARRIED = "0 calls carried passages; 0 of them were labelled too low for these.\n"


@pytest.fixture
def run(capsys):
    def run(*arguments):
        code = 0
        try:
            call_command("verify_ledger", *arguments)
        except SystemExit as ended:
            code = ended.code
        told = capsys.readouterr()
        return code, told.out, told.err

    return run


@pytest.fixture
def secret():
    return entered(label=Sensitivity.CONFIDENTIAL, hosted=False, at="2026-03-05T12:00:00Z")


def test_a_whole_chain_is_said_to_be_whole(run):
    entered()
    sealing.seal()
    assert run() == (0, f"The chain is whole: 1 entries are as they were sealed.\n{NONE_CARRIED}", "")


def test_a_broken_chain_ends_with_1_and_names_the_entry(run):
    row = entered()
    sealing.seal()
    UsageEntry.objects.update(cost=0)
    code, out, _ = run()
    assert code == 1
    assert f"Entry {row.pk}: " in out


def test_a_head_is_exported_and_compared_by_file_and_by_hash(run, tmp_path):
    entered()
    sealing.seal()
    code, out, err = run("--export-head")
    assert (code, err) == (0, f"The chain is whole: 1 entries are as they were sealed.\n{NONE_CARRIED}")
    file = tmp_path / "head.json"
    file.write_text(out)
    assert run("--head", str(file))[0] == run("--head", json.loads(out)["hash"])[0] == 0
    file.write_text(out.replace(json.loads(out)["hash"], "0" * 64))
    code, out, _ = run("--head", str(file))
    assert code == 1
    assert "rewritten" in out
    with pytest.raises(CommandError, match="not a head"):
        run("--head", "nonsense")


def test_it_says_that_nothing_confidential_went_to_a_hosted_model(run, secret):
    entered(label=Sensitivity.INTERNAL)
    code, out, _ = run("--label", "confidential", "--hosted")
    assert code == 0
    assert "No: 0 calls labelled confidential or above went to hosted models" in out


def test_it_says_what_confidential_went_to_a_hosted_model_and_when(run, secret):
    UsageEntry.objects.update(hosted=True)
    for included in (("--from", "2026-03-05"), ("--to", "2026-03-05"), ("--to", "2026-03-05T12:01"), ()):
        code, out, _ = run("--label", "confidential", "--hosted", *included)
        assert code == 1
        assert "Yes: 1 calls" in out
        assert f"Entry {secret.pk}: 2026-03-05 12:00:00 UTC, confidential, openai/some, alice" in out
    for left_out in (("--from", "2026-03-06"), ("--to", "2026-03-04"), ("--to", "2026-03-05T12:00")):
        assert run("--label", "confidential", "--hosted", *left_out)[0] == 0


def test_a_time_that_is_none_is_refused(run):
    with pytest.raises(CommandError, match="not a time"):
        run("--from", "yesterday")


def test_it_shows_which_call_sent_a_given_content(run, tmp_path):
    messages = [{"role": "user", "content": "the alarm code"}]
    row = entered(content_hash=content.keyed_hash(content.as_sent(messages)))
    file = tmp_path / "messages.json"
    file.write_text(json.dumps(messages, indent=2))
    assert f"Entry {row.pk}: " in run("--sent", str(file))[1]
    file.write_text(json.dumps(["the alarm code"]))
    assert "No call sent exactly that." in run("--sent", str(file))[1]
