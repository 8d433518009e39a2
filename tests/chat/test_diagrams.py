"""The frame of diagrams can load nothing but its script, and only LangAI's own pages may show it."""

import gzip
import re

from django.urls import reverse


def test_the_frame_has_no_origin_and_loads_only_its_script(client):
    response = client.get(reverse("chat:diagram"))
    policy = response["Content-Security-Policy"]
    nonce = re.search(r"script-src 'nonce-([^']+)'", policy)[1]
    assert policy.startswith("default-src 'none'; ")
    assert policy.endswith("frame-ancestors 'self'; sandbox allow-scripts")
    assert "'self'" not in policy.replace("frame-ancestors 'self'", "")
    assert response["X-Frame-Options"] == "SAMEORIGIN"
    assert response.text.count("<script") == response.text.count(f'nonce="{nonce}">') - response.text.count("<style")
    assert nonce not in client.get(reverse("chat:diagram"))["Content-Security-Policy"]


def test_the_script_is_mermaids_own_and_may_be_kept(client):
    address = re.search(r'src="([^"]+)"', client.get(reverse("chat:diagram")).text)[1]
    response = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert response["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert "immutable" in response["Cache-Control"]
    assert b'globalThis["mermaid"]' in gzip.decompress(response.content)
    assert len(response.content) < 1_500_000


def test_other_pages_may_show_no_frame_but_ours(client, db):
    policy = client.get(reverse("account_login"))["Content-Security-Policy"]
    assert "frame-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
