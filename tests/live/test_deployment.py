"""Two web processes and two workers on Redis and PostgreSQL behind nginx are one LangAI, whatever of it dies."""

import json
import signal
from collections.abc import Iterator
from decimal import Decimal

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from websockets.exceptions import ConnectionClosed

from tests.live.deployment import Deployment, Process
from tests.live.person import ENDED, HOSTED, Person, Viewer, invited, text_of
from tests.shared import furnish
from tests.upstream import Upstream

pytestmark = [pytest.mark.needs("nginx", "redis", "postgres", "chroma")]

SLOW, STEADY = f"{HOSTED}t3000-r30", f"{HOSTED}t90-r30"
STEADY_WORDS = [*(f"word{number}" for number in range(1, 90)), "end"]
POSTS = 60
METRICS_TOKEN = "figures-4711-figures"
SETTINGS = {
    "METRICS_TOKEN": METRICS_TOKEN,
    # Long windows, so that hardly one ends in the middle of a test.
    "RATE_LIMIT_PER_MINUTE": f"{POSTS}/d",
    "RATE_LIMIT_LOGIN": "10/h",
    "REPLIES_IN_FLIGHT": "2",
    # Not the upstream's 127.0.0.1, so that its models cost what hosted ones do.
    "LOCAL_HOSTS": "localhost",
}


@pytest.fixture(scope="module")
def deployment(tmp_path_factory, prepared, upstream: Upstream) -> Iterator[Deployment]:
    folder = tmp_path_factory.mktemp("deployment")
    deployment = Deployment(folder, OPENAI_BASE_URL=upstream.openai_url, **SETTINGS)
    furnish(deployment.data, prepared)
    try:
        deployment.set_up()
        give_admin_a_budget(deployment)
        deployment.start()
        deployment.until(
            lambda: deployment.one("SELECT count(*) FROM outbound_model WHERE available"), "offering models"
        )
        yield deployment
        # The channel layer tells that Redis was away.
        errors = [line for line in deployment.log.splitlines() if " ERROR " in line and "channels_redis" not in line]
        assert errors == [], deployment.log
    finally:
        deployment.stop()


def give_admin_a_budget(deployment: Deployment) -> None:
    """Before the first web process, which would not know of it for a moment."""
    deployment.rows(
        "INSERT INTO usage_budget (scope, user_id, period, amount, hard, enabled)"
        " SELECT 'user', id, 'month', 1000000, true, true FROM accounts_user"
    )
    deployment.rows(
        "INSERT INTO usage_price (model, valid_from, source, input, output, cached, long_after, long_input,"
        " long_output, long_cached, created_at) VALUES (%s, '2020-01-01', 'admin', 100, 1000, 100, 0, 0, 0, 0, now())",
        SLOW,
    )


@pytest.fixture(scope="module")
def admin(deployment) -> Person:
    return deployment.first.signed_in()


@pytest.fixture(scope="module")
def alice(admin) -> Iterator[Person]:
    """Who comes in by the first web process."""
    with invited(admin, "alice") as alice:
        yield alice


@pytest.fixture(scope="module")
def there(deployment, alice) -> Person:
    """Alice, in the same browser, at the second web process."""
    return deployment.second.also(alice)


def words(text: str) -> list[str]:
    return [word.strip(".") for word in text.split()]


def reply_row(deployment: Deployment, reply: str) -> str:
    return deployment.one("SELECT status FROM chat_message WHERE id = %s", reply)


def stop(person: Person, conversation: str) -> None:
    person.post(f"/replies/{person.reply(conversation)}/stop/")
    person.until_ended(conversation)


# One LangAI


def test_an_answer_is_watched_read_and_stopped_at_the_web_process_that_does_not_write_it(deployment, alice, there):
    conversation = alice.ask("Tell me a long story", SLOW)
    with there.following(conversation) as viewer:
        viewer.until("word20")
        reloaded = there.last(conversation)
        assert words(text_of(reloaded))[:10] == STEADY_WORDS[:10]
        there.post(f"/replies/{there.reply(conversation)}/stop/")
        assert "You stopped this answer." in viewer.until_ended()
    assert reply_row(deployment, alice.reply(conversation)) == "stopped"


def test_what_a_model_thinks_is_opened_at_the_web_process_that_does_not_write_it(alice, there, deployment):
    conversation = alice.ask("What do you think?", f"{HOSTED}t3-h400-r20")
    path = f"/replies/{there.reply(conversation)}/thinking/"
    deployment.until(lambda: "hm20" in there.get(path).text, "thinking where others can read it")
    assert "Thinking…" in there.last(conversation).text()
    stop(there, conversation)
    alice.until_ended(conversation)
    assert "hm20" in there.get(path).text
    assert "Thought for" in there.last(conversation).text()


def test_what_one_person_may_send_is_counted_in_all_web_processes_together(deployment, admin):
    with invited(admin, "bob") as bob:
        people = [bob, deployment.second.also(bob)]
        sent = [people[number % 2].post("/conversations/", text="").status_code for number in range(POSTS + 2)]
        assert sent.index(429) in (POSTS - 1, POSTS)
        assert sent[-2:] == [429, 429]


def test_answers_in_the_making_are_counted_in_all_web_processes_together(alice, there):
    first, second = alice.ask("One story", SLOW), there.ask("Another story", SLOW)
    refused = there.post("/conversations/", text="And a third", model=SLOW)
    assert refused.status_code == 429
    assert "You can have 2 answers running at once" in refused.text
    stop(alice, second)
    stop(there, first)


def test_what_an_answer_may_cost_is_held_against_those_of_other_web_processes(deployment, admin):
    elsewhere = deployment.second.also(admin)
    first = admin.ask("A dear story", SLOW)
    holds = "SELECT amount FROM usage_reservation WHERE reply = %s"
    deployment.until(lambda: deployment.one(holds, admin.reply(first)), "holding what it may cost")
    held = deployment.one(holds, admin.reply(first))
    deployment.rows("UPDATE usage_budget SET amount = %s", round(held * Decimal("1.5"), 2))
    second = elsewhere.ask("Another dear story", SLOW)
    refused = elsewhere.until_ended(second)
    assert " left. " in refused.css_first(".problem").text()
    stop(elsewhere, first)
    third = elsewhere.ask("Another dear story", SLOW)
    deployment.until(lambda: "word5" in text_of(admin.last(third)), "answering, now that there is room")
    stop(admin, third)


def test_doctor_finds_every_part_well(deployment):
    done = deployment.manage("doctor", "--json")
    assert done.returncode == 0, done.stdout
    found = {row["part"]: row for row in json.loads(done.stdout)}
    assert {part for part, row in found.items() if row["status"] == "ok"} >= {
        *("settings", "database", "clock", "cache", "channel layer", "worker", "vector store", "embedder"),
        "server with OpenAI's API",
    }, done.stdout
    assert found["worker"]["found"] == "2 at work"


NEEDLE = "The lighthouse keeper Aurelia Finch painted her door turquoise in 1911."


def document(deployment: Deployment, admin: Person, name: str, text: str) -> str:
    """Upload a text to the handbook's collection; returns the document's id."""
    collection = deployment.one("SELECT id FROM search_collection ORDER BY id")
    fields = {"collection": collection, "sensitivity": 0}
    files = {"uploads": (name, text.encode(), "text/plain")}
    done = admin.client.post("/admin/documents/document/add/", data=fields, files=files, headers=admin.token)
    assert done.status_code == 302, done.text[:2000]
    return deployment.one("SELECT id FROM documents_document WHERE file_name = %s", name)


def state(deployment: Deployment, name: str) -> tuple[str, int, str]:
    """Status, attempts and by whom it is held."""
    query = "SELECT status, attempts, claimed_by FROM documents_document WHERE id = %s"
    return deployment.rows(query, name)[0]


def is_whole(deployment: Deployment, name: str) -> bool:
    """Whether each passage of a document is there once, in one version."""
    query = (
        "SELECT position FROM search_passage p JOIN search_source s ON s.id = p.source_id"
        " WHERE s.document = %s ORDER BY position"
    )
    expected = deployment.one("SELECT passages FROM documents_document WHERE id = %s", name)
    return [position for (position,) in deployment.rows(query, name)] == list(range(expected))


def long_text() -> str:
    """Enough for some seconds of work."""
    paragraphs = [f"Paragraph {number} tells of harbours, and of {number} other things. " * 8 for number in range(160)]
    return "\n\n".join([*paragraphs, NEEDLE])


def found(person: Person, question: str) -> str:
    """The words of the results."""
    page = LexborHTMLParser(person.client.get("/search/", params={"q": question}).text)
    return " ".join(" ".join(result.text().split()) for result in page.css(".result"))


def test_each_document_is_read_by_one_of_the_workers_and_found_at_every_web_process(deployment, admin, there):
    names = [f"short{number}.txt" for number in range(6)]
    texts = [f"Warehouse {number} keeps umbrellas number {number}." for number in range(6)]
    uploaded = [document(deployment, admin, *given) for given in zip(names, texts, strict=True)]
    deployment.until(lambda: all(state(deployment, name)[0] == "ready" for name in uploaded), "done reading")
    assert {state(deployment, name)[1] for name in uploaded} == {1}
    assert all(is_whole(deployment, name) for name in uploaded)
    assert "umbrellas number 3" in found(there, "Which warehouse keeps umbrellas?")


def test_signing_out_at_one_web_process_closes_the_sockets_at_the_other(deployment, admin):
    with invited(admin, "dora") as dora:
        conversation = dora.ask("A first question")
        dora.until_ended(conversation)
        with dora.following(conversation) as viewer:
            deployment.second.also(dora).post("/accounts/logout/")
            # 4000 would say that it was only found by looking.
            assert closed_with(viewer) == 4401


def test_a_command_that_switches_an_account_off_closes_its_sockets_and_stops_its_answer(deployment, admin):
    off = "from langai_site.accounts.models import User; u = User.objects.get(username='emil'); u.is_active = False"
    with invited(admin, "emil") as emil:
        conversation = emil.ask("Tell me a long story", SLOW)
        reply = emil.reply(conversation)
        with deployment.second.also(emil).watching(conversation) as viewer:
            viewer.until("word9")
            done = deployment.manage("shell", "-c", f"{off}; u.save()")
            assert done.returncode == 0, done.stderr
            with pytest.raises(ConnectionClosed) as closed:
                viewer.until("never")
            assert closed.value.rcvd.code == 4401
        deployment.until(lambda: reply_row(deployment, reply) == "interrupted", "stopping the answer", 15)
        settled = "SELECT status FROM usage_reservation WHERE reply = %s"
        assert deployment.one(settled, reply) == "settled"


def closed_with(viewer: Viewer) -> int:
    """The code that the socket is closed with; no frame comes before."""
    with pytest.raises(ConnectionClosed) as closed:
        viewer.until("never")
    assert viewer.frames == []
    return closed.value.rcvd.code


# Behind nginx


def test_pages_are_as_https_demands_behind_nginx(deployment):
    page = httpx.get(f"{deployment.front.url}/accounts/login/", verify=deployment.tls, trust_env=False)
    assert page.headers["strict-transport-security"].startswith("max-age=31536000")
    assert "Secure" in page.headers["set-cookie"]
    moved = httpx.get(f"http://127.0.0.1:{deployment.front.plain_port}/search/?q=a", trust_env=False)
    assert (moved.status_code, moved.headers["location"]) == (301, "https://127.0.0.1/search/?q=a")


def test_figures_are_told_behind_nginx_to_who_shows_the_token_alone(deployment):
    """Visitors come from this machine, as nginx does: that must not open them."""
    told = []
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Bearer {METRICS_TOKEN}"}):
        url = f"{deployment.front.url}/metrics"
        told.append(httpx.get(url, headers=headers, verify=deployment.tls, trust_env=False))
    assert [answer.status_code for answer in told] == [403, 403, 200]
    assert "langai_requests_total{" in told[-1].text


def test_attempts_to_sign_in_are_counted_by_the_address_that_nginx_saw(deployment):
    """From all web processes together, and whatever the visitor says where they come from."""
    with visitor(deployment, "127.0.0.2") as guesser, visitor(deployment, "127.0.0.3") as other:
        told = [attempt(guesser, number) for number in range(12)]
        assert ["too many" in text.lower() for text in told].index(True) == 10
        assert "too many" not in attempt(other, 99).lower()


def visitor(deployment: Deployment, address: str) -> httpx.Client:
    """Somebody unknown, who comes from that address."""
    transport = httpx.HTTPTransport(local_address=address, verify=deployment.tls)
    return httpx.Client(base_url=deployment.front.url, transport=transport)


def attempt(guesser: httpx.Client, number: int) -> str:
    """Try a wrong password for somebody else each time, from another address if one could say so."""
    page = "/accounts/login/"
    guesser.get(page)
    form = {"login": f"nobody{number}", "password": "wrong", "csrfmiddlewaretoken": guesser.cookies["csrftoken"]}
    headers = {"Referer": f"{guesser.base_url}{page}", "X-Forwarded-For": f"10.0.0.{number}"}
    return guesser.post(page, data=form, headers=headers).text


# When something dies


@pytest.fixture(scope="module")
def abandoned(deployment, admin) -> str:
    """A document whose worker was killed in the middle of it: it waits for the lease to run out."""
    name = document(deployment, admin, "long.txt", long_text())
    deployment.until(lambda: state(deployment, name)[0] == "working", "reading")
    holder(deployment, name).stop(signal.SIGKILL)
    return name


def holder(deployment: Deployment, name: str) -> Process:
    claimed_by = state(deployment, name)[2]
    (worker,) = [worker for worker in deployment.workers if f":{worker.process.pid}" in claimed_by]
    return worker


@pytest.mark.usefixtures("abandoned")
def test_an_answer_goes_on_and_is_watched_on_through_a_restart_of_redis(deployment, alice, there):
    conversation = alice.ask("Tell me a long story", SLOW)
    with there.following(conversation) as viewer:
        viewer.until("word20")
        deployment.redis.stop()
        deployment.redis.start()
        # Seconds later than anything that could have been sent before.
        viewer.until(f"word{len(words(text_of(there.last(conversation)))) + 150}")
    stop(there, conversation)


def test_a_web_process_that_is_asked_to_end_finishes_its_answer_before_the_eyes_of_those_at_others(
    deployment, alice, there
):
    conversation = alice.ask("Tell me a story", STEADY)
    with there.following(conversation) as viewer:
        viewer.until("word9")
        assert deployment.webs[0].stop() == 0
        viewer.until_ended()
    assert words(text_of(there.last(conversation))) == STEADY_WORDS
    assert reply_row(deployment, there.reply(conversation)) == "complete"
    deployment.webs[0].start()
    deployment.until(deployment.first.answers, "answering again")


def test_an_answer_whose_web_process_is_killed_is_ended_and_told_by_another(deployment, alice, there):
    conversation = alice.ask("Tell me a long story", SLOW)
    reply = alice.reply(conversation)
    kept = "SELECT parts::text FROM chat_message WHERE id = %s"
    with there.following(conversation) as viewer:
        deployment.until(lambda: "word20" in deployment.one(kept, reply), "checkpointing")
        deployment.webs[0].stop(signal.SIGKILL)
        outside = deployment.front.also(alice)
        assert [outside.get("/").status_code for _ in range(4)] == [200] * 4
        assert outside.post("/conversations/", text="").status_code == 400
        assert "interrupted" in viewer.until(ENDED, 40)
    assert "word20" in text_of(there.last(conversation))
    assert reply_row(deployment, reply) == "interrupted"


def test_a_document_whose_worker_is_killed_is_taken_over_by_the_other(deployment, there, abandoned):
    deployment.until(lambda: state(deployment, abandoned)[0] == "ready", "taking the document over")
    assert state(deployment, abandoned)[1] == 2
    assert is_whole(deployment, abandoned)
    question = "Who painted a door turquoise in the lighthouse?"
    deployment.until(lambda: "painted her door turquoise" in found(there, question), "finding it")
