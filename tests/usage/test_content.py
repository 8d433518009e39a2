"""What an admin can show of a call without the ledger holding a word of it."""

import hashlib
import hmac

from langai_site.usage.ledger import content

MESSAGE = {"role": "user", "content": "Größe? 好"}


def test_the_same_content_has_the_same_hash_and_another_has_another():
    sent = content.as_sent([MESSAGE])
    assert content.keyed_hash(sent) == content.keyed_hash(content.as_sent([dict(reversed(MESSAGE.items()))]))
    assert content.keyed_hash(sent) != content.keyed_hash(content.as_sent([{**MESSAGE, "content": "Größe? 坏"}]))


def test_nobody_without_the_secret_key_can_make_the_hash(settings):
    sent = content.as_sent(["a guess"])
    kept = content.keyed_hash(sent)
    assert kept not in (hashlib.sha256(sent).hexdigest(), hmac.new(b"", sent, "sha256").hexdigest())
    settings.SECRET_KEY = "another"
    assert content.keyed_hash(sent) != kept


def test_bytes_are_those_on_the_wire_and_half_a_character_is_counted_too():
    assert content.as_sent(["é"]) == b'["\xc3\xa9"]'
    assert len(content.as_sent(["\ud83d"])) == 7
