"""`python -m tests.bench.reports`: how long usage reports take over a million entries, on a real PostgreSQL.

Every address is asked for through the whole of Django, as an admin's or a person's browser would; the median of some
times is printed, with how many lines the report has. Nothing else should run meanwhile.
"""

import argparse
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import timedelta

from tests.servers import Postgres

PEOPLE, DAYS, TIMES = 200, 365, 7
# Milliseconds that no page should take; the exit code is 1 where one does.
GOAL = 300
MINE, EVERYBODY = "/usage/", "/usage/everybody/"
# A year of entries: each person has a favourite model and team, asks by day more than by night, and some calls fail.
ENTRIES = """
insert into usage_usageentry (
    at, user_id, username, team, conversation, reply, kind, source, model, provider, hosted, label, route, cached,
    input_tokens, output_tokens, cached_tokens, estimated, price_version, cost, saved, first_token_ms, duration_ms,
    status, bytes_sent, content_hash)
select
    now() - make_interval(secs => (%(count)s - n) * (%(days)s * 86400.0 / %(count)s)),
    person, 'person-' || person, 'Team ' || person %% 12,
    md5('c' || person || '-' || n / 4000)::uuid, md5('r' || n)::uuid,
    case when dice < 0.85 then 'chat' when dice < 0.95 then 'embedding' else 'title' end,
    case when person %% 10 = 0 then 'api' else 'page' end,
    case model when 0 then 'ollama_chat/small' when 1 then 'openai/good' when 2 then 'openai/cheap'
        when 3 then 'anthropic/strong' else 'hosted_vllm/own' end,
    case model when 0 then 'ollama_chat' when 3 then 'anthropic' when 4 then 'hosted_vllm' else 'openai' end,
    model in (1, 2, 3), case when dice < 0.6 then 0 when dice < 0.9 then 10 else 20 end,
    case when dice < 0.5 then 'chosen' when dice < 0.8 then 'auto: simple → cheap' else 'auto: hard → strong' end,
    dice > 0.93, (n * 7919) %% 4000, (n * 104729) %% 900, 0, false, '1',
    case when model = 2 then null when model in (1, 3) then ((n * 7919) %% 40000000) / 1e9 else 0 end, 0, 300, 4000,
    case when dice < 0.97 then 'complete' else 'stopped' end, 900, ''
from (select n, 1 + (n * 7919) %% %(people)s person, random() dice,
    case when random() < 0.8 then (n * 7919) %% %(people)s %% 5 else floor(random() * 5)::int end model
    from generate_series(1::bigint, %(count)s) n) made
"""
SEALS = """
insert into usage_seal (sequence, entry, month, previous, hash, sealed_at)
select row_number() over (order by id), id, date_trunc('month', at), '', '', at from usage_usageentry
"""

Row = tuple[str, float, str]


def filled(count: int) -> None:
    """The ledger of a year, its last minutes not sealed yet, as the worker has added it up."""
    from django.db import connection

    from langai_site.usage.models import Seal
    from langai_site.usage.reports import rollup

    # Nobody else waits for this database.
    rollup.BATCH = 20_000
    with connection.cursor() as cursor:
        timed("entries filled", lambda: cursor.execute(ENTRIES, {"count": count, "days": DAYS, "people": PEOPLE}))
        timed("entries sealed", lambda: cursor.execute(SEALS))
        Seal.objects.filter(sequence__gt=count - 50).delete()
        cursor.execute("insert into usage_chainhead (id, sequence, hash) values (1, %s, '')", [count - 50])
        timed("added up by the day", lambda: [None for _ in iter(rollup.roll, 0)])
        cursor.execute("vacuum analyze")
        for table in ("usage_usageentry", "usage_sliceday", "usage_dimensionday", "usage_slice"):
            cursor.execute(f"select count(*), pg_size_pretty(pg_total_relation_size('{table}')) from {table}")
            print("{1:>12} {0:>10,} rows of".format(*cursor.fetchone()), table, file=sys.stderr)


def timed(what: str, work: Callable[[], object]) -> None:
    began = time.perf_counter()
    work()
    print(f"{time.perf_counter() - began:10.1f} s  {what}", file=sys.stderr, flush=True)


def pages() -> list[tuple[str, str, dict[str, str]]]:
    """What is asked: a name, an address, and its query."""
    from langai_site.usage.reports.types import DIMENSIONS
    from langai_site.usage.spending.budgets import today

    year = {"from": (today() - timedelta(days=DAYS)).isoformat()}
    found = [
        ("mine, 30 days", MINE, {}),
        ("mine, the year", MINE, year),
        ("everybody's, 30 days by day and model", EVERYBODY, {}),
        ("everybody's, today", EVERYBODY, {"period": "today"}),
        ("30 days by day and person", EVERYBODY, {"by": "user"}),
        ("the year by day", EVERYBODY, year | {"by": ""}),
        ("the year by day and model", EVERYBODY, year),
        ("the year by month and person", EVERYBODY, year | {"step": "month", "by": "user"}),
        ("the year by week and person: too long", EVERYBODY, year | {"step": "week", "by": "user"}),
        ("the year by day and person: too long", EVERYBODY, year | {"by": "user"}),
        ("the year of one person by day", EVERYBODY, year | {"user": "person-7"}),
        (
            "the year of one team, confidential, by month",
            EVERYBODY,
            year | {"step": "month", "team": "Team 3", "label": "confidential"},
        ),
    ]
    return found + [(f"the year by {name}", EVERYBODY, year | {"step": "none", "by": name}) for name in DIMENSIONS]


def measured(times: int) -> list[Row]:
    from django.test import Client

    from langai_site.accounts.models import User

    boss, person = User.objects.create_superuser("boss"), User.objects.create_user("person-7", id=7)
    visits = {EVERYBODY: Client(), MINE: Client()}
    visits[EVERYBODY].force_login(boss)
    visits[MINE].force_login(person)
    return [_measured(visits[address], name, address, query, times) for name, address, query in pages()]


def _measured(visit, name: str, address: str, query: dict[str, str], times: int) -> Row:
    took = []
    for _ in range(times + 1):
        began = time.perf_counter()
        response = visit.get(address, query)
        took.append(1000 * (time.perf_counter() - began))
        assert response.status_code == 200, response.status_code
    section = response.context.get("section")
    return name, statistics.median(took[1:]), f"{section.table.lines:,}" if section else ""


def bench(count: int, times: int) -> int:
    import django

    django.setup()
    from django.conf import settings
    from django.core.management import call_command
    from django.test.utils import setup_test_environment

    # So that a response still knows what its page was drawn from.
    setup_test_environment()
    settings.STORAGES["staticfiles"] = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    call_command("migrate", verbosity=0)
    filled(count)
    rows = measured(times)
    print(f"| Report of {count:,} entries | ms | lines |\n|---|---|---|")
    for name, took, lines in rows:
        print(f"| {name} | {took:,.0f} | {lines} |")
    return int(max(took for _, took, _ in rows) >= GOAL)


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.bench.reports", description=__doc__.split("\n")[0])
    parser.add_argument("--entries", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=TIMES, help="how often each page is asked for")
    options = parser.parse_args()
    server = Postgres()
    try:
        server.start()
        os.environ |= {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "langai_site.settings"}
        return bench(options.entries, options.times)
    finally:
        server.stop()


if __name__ == "__main__":
    sys.exit(main())
