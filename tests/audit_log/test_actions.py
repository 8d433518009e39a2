"""Everything that docs/audit.md names leaves exactly one event, through whichever door it is done."""

import io
import json
import re
import zipfile
from datetime import timedelta
from io import StringIO
from types import SimpleNamespace
from uuid import UUID, uuid4

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group
from django.core.cache import cache
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.test import Client
from django.test.client import BOUNDARY, MULTIPART_CONTENT, encode_multipart
from django.utils import timezone
from selectolax.lexbor import LexborHTMLParser

from chat.assistants import editing
from chat.assistants.editing import AssistantForm
from chat.models import (
    Citation,
    Conversation,
    EvalCase,
    FigureConflict,
    Message,
    ReviewTable,
    RoutingPolicy,
    Share,
    StatedFigure,
    VerifiedAnswer,
    VerifiedCitation,
)
from chat.models.answer_tests import AnswerTestSettings
from chat.models.keeping import KeepingRule
from chat.models.retention import RetentionRule
from chat.routing import policies
from chat.saved_prompts import saved as saved_prompts
from chat.saved_prompts.saved import PromptForm
from documents import services
from documents.models import Document
from langai_site.accounts import browser_sessions, deletion_receipts, keys, tokens
from langai_site.accounts.models import (
    BrowserSession,
    DeletionReceipt,
    GroupMapping,
    Invitation,
    LegalHold,
    ScimDirectory,
    Team,
    TermsOfUse,
    User,
)
from langai_site.accounts.sharing import Audience
from langai_site.audit.actions import ACTIONS
from langai_site.audit.models import AuditEvent
from langai_site.models import Announcement, SensitivePattern
from langai_site.outbound.models import Connection, Model
from langai_site.sensitivity import Sensitivity
from langai_site.usage.models import Budget
from search.models import Collection, Source
from tests.accounts.test_second_factor import code_of, enrolled
from tests.chat.factories import first_policy

PASSWORD = "correct horse battery"
CANARY = "zebra-marmalade"


@pytest.fixture
def world(settings, tmp_path):
    """An admin, a person, and one of everything that can be acted upon; their browsers and a key."""
    cache.clear()
    settings.MEDIA_ROOT = tmp_path
    first_policy()
    admin = User.objects.create_superuser("admin", password=PASSWORD)
    bob = User.objects.create_user("bob", "bob@example.org", PASSWORD)
    boss, there = Client(), Client()
    boss.force_login(admin)
    there.force_login(bob)
    browser_sessions.BrowserSession.objects.create(user=bob, session_key="elsewhere", browser="Phone")
    collection = Collection.objects.create(name=f"{CANARY} files", everyone=True)
    collection.owners.add(bob)
    file = SimpleUploadedFile("notes.txt", CANARY.encode())
    document = services.upload(collection=collection, file=file, user=bob, title=f"{CANARY} notes")
    conversation = Conversation.objects.create(owner=bob, title=f"{CANARY} talk", label=Sensitivity.INTERNAL)
    question = Message.objects.create(conversation=conversation, role="user", parts=[{"type": "text", "text": CANARY}])
    answers = [Message.objects.create(conversation=conversation, role="assistant", parent=question) for _ in "ab"]
    collection.owners.add(admin)
    key, text = keys.make(user=bob, name="job", scopes=["chat"])
    _, other = keys.make(user=admin, name="job", scopes=["documents"])
    invitation = Invitation(email="carol@example.org", invited_by=admin)
    invitation.token = invitation.renew_token()
    invitation.save()
    return SimpleNamespace(
        admin=admin, bob=bob, boss=boss, there=there, collection=collection, document=document, key=key,
        conversation=conversation, answers=answers, bearer={"Authorization": f"Bearer {text}"}, invitation=invitation,
        loader={"Authorization": f"Bearer {other}"},
    )  # fmt: skip


def on_verified(verb):
    """An owner verifies an answer, or changes or retires the verified one."""

    def prepare(w):
        source = Source.objects.create(
            document=w.document.pk, collection=w.collection, title="Notes", file_name="notes.txt",
            media_type="text/plain", live=True,
        )  # fmt: skip
        cited = {"number": 1, "source": source.pk, "version": 1, "title": "Notes", "page": 1, "start": 0, "end": 5}
        Citation.objects.create(reply=w.answers[0], **cited)
        form = {"question": CANARY, "text": f"{CANARY} [1]", "review_by": str(timezone.localdate() + timedelta(days=9))}
        if verb == "add":
            return lambda: w.there.post(f"/replies/{w.answers[0].pk}/verify/", form)
        answer = VerifiedAnswer.objects.create(
            collection=w.collection, question=CANARY, text=form["text"], review_by=form["review_by"]
        )
        VerifiedCitation.objects.create(answer=answer, **cited)
        return lambda: w.there.post(f"/verified/{answer.pk}/{verb}/", form | {"seen": "1"})

    return prepare


def fields_of(page: str) -> dict[str, object]:
    """What the form of an admin page would send, as it stands."""
    form = LexborHTMLParser(page).css_first("#content-main form[id$=_form]")
    data: dict[str, object] = {}
    for field in form.css("input[name], textarea[name], select[name]"):
        name, kind = field.attributes["name"], field.attributes.get("type")
        if kind in ("submit", "file") or (kind in ("checkbox", "radio") and "checked" not in field.attributes):
            continue
        if field.tag == "select":
            data[name] = [option.attributes["value"] or "" for option in field.css("option[selected]")]
        elif kind == "checkbox" and name in data:
            earlier = data[name] if isinstance(data[name], list) else [data[name]]
            data[name] = [*earlier, field.attributes.get("value") or "on"]
        else:
            usual = "on" if kind == "checkbox" else ""
            data[name] = (field.attributes.get("value") or usual) if field.tag == "input" else field.text()
    return data


def saved(client: Client, path: str, **changes: object) -> None:
    """Save an admin form with these changes; None leaves a field out."""
    data = fields_of(client.get(path).text) | changes
    answer = client.post(path, {name: value for name, value in data.items() if value is not None})
    assert answer.status_code == 302, re.findall(r'errorlist[^>]*">.*?</ul>', answer.text, re.DOTALL)


# Each kind with its place in admin, the values of a new row, what to change, and a row that can be changed and deleted.
CRUD = {
    "user": ("accounts/user", {"username": "dora", "password1": PASSWORD, "password2": PASSWORD}, {"first_name": "B"},
             lambda w: w.bob),
    "team": ("accounts/team", {"name": "New"}, {"name": "Other"}, lambda w: Team.objects.create(name="T")),
    "group": ("auth/group", {"name": "New"}, {"name": "Other"}, lambda w: Group.objects.create(name="G")),
    "invitation": ("accounts/invitation", {"email": "x@example.org"}, {"email": "y@example.org"},
                   lambda w: w.invitation),
    "groupmapping": ("accounts/groupmapping", {"provider": "oidc", "group": "a", "team": "TEAM"}, {"group": "b"},
                     lambda w: GroupMapping.objects.create(provider="p", group="g", team=a_team())),
    "scimdirectory": ("accounts/scimdirectory", {"name": "New"}, {"name": "Other"},
                      lambda w: ScimDirectory.objects.create(name="Entra", token_hash="x")),
    "connection": ("outbound/connection",
                   {"name": "N", "slug": "new", "kind": "compatible", "address": "http://127.0.0.1:9/v1",
                    "extra_headers": "{}", "enabled": None}, {"name": "Other"},
                   lambda w: Connection.objects.create(name="C", slug="c", kind="compatible", enabled=False,
                                                       address="http://127.0.0.1:9/v1")),
    "model": ("outbound/model", {"name": "openai/new", "display_name": "New"}, {"display_name": "Other"},
              lambda w: Model.objects.create(name="openai/gone", provider="openai", available=False)),
    "budget": ("usage/budget", {"scope": "site", "period": "month", "amount": "5"}, {"amount": "7"},
               lambda w: Budget.objects.create(scope="site", period="day", amount=3)),
    "sensitivepattern": ("langai_site/sensitivepattern", {"name": "n", "kind": "word", "pattern": "falcon",
                         "label": "20"}, {"note": "x"},
                         lambda w: SensitivePattern.objects.create(name="p", kind="word", pattern="owl", label=20)),
    "keepingrule": ("chat/keepingrule", {"keeping": "week"}, {"enforced": "on"},
                    lambda w: KeepingRule.objects.create(team=a_team())),
    "announcement": ("langai_site/announcement", {"text": "Closed", "level": "info"}, {"level": "warning"},
                     lambda w: Announcement.objects.create(text=CANARY)),
    "retentionrule": ("chat/retentionrule", {"kind": "shares", "days": "30"}, {"days": "9"},
                      lambda w: RetentionRule.objects.create(days=90)),
    "answertestsettings": ("chat/answertestsettings", {"weekly_usd": "5"}, {"weekly_usd": "7"},
                           lambda w: AnswerTestSettings.objects.create()),
    "collection": ("search/collection", {"name": "New", "sensitivity": "0", "readers": "everyone"},
                   {"description": "D"}, lambda w: Collection.objects.create(name="Empty")),
}  # fmt: skip


def a_team() -> Team:
    return Team.objects.get_or_create(name="Mapped")[0]


def in_admin(kind: str, verb: str):
    place, new, change, row_of = CRUD[kind]

    def act(w):
        root = f"/admin/{place}"
        if verb == "add":
            values = {name: a_team().pk if value == "TEAM" else value for name, value in new.items()}
            return lambda: saved(w.boss, f"{root}/add/", **values)
        row = row_of(w)
        if verb == "change":
            return lambda: saved(w.boss, f"{root}/{row.pk}/change/", **change)
        return lambda: w.boss.post(f"{root}/{row.pk}/delete/", {"post": "yes"})

    return act


def a_draft(w) -> RoutingPolicy:
    return policies.draft_of(RoutingPolicy.objects.get(status="active"), by=w.admin)


def policy_page(name: str, of=a_draft):
    return lambda w: (lambda policy: lambda: w.boss.post(f"/admin/chat/routingpolicy/{policy.pk}/{name}/"))(of(w))


def retired(w) -> RoutingPolicy:
    old = RoutingPolicy.objects.get(status="active")
    policies.activate(a_draft(w), by=w.admin)
    return old


def enrolling(w):
    return lambda: enrolled(w.there)


def with_factor(act):
    def prepared(w):
        w.secret = enrolled(w.there)
        return lambda: act(w)

    return prepared


def wrong_code(w):
    visitor = Client()
    visitor.post("/accounts/login/", {"login": "bob", "password": PASSWORD})
    visitor.post("/accounts/2fa/authenticate/", {"code": "000000"})
    assert code_of(w.secret)


def now(act):
    return lambda w: lambda: act(w)


def user_form(**changes):
    return now(lambda w: saved(w.boss, f"/admin/accounts/user/{w.bob.pk}/change/", **changes))


def row_action(place: str, action: str, row):
    return now(lambda w: w.boss.post(f"/admin/{place}/", {"action": action, "_selected_action": [row(w).pk]}))


def passwords(w):
    new = "another long one"
    w.there.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": new, "password2": new})


def signing_out_by_token(w):
    pair = tokens.first_tokens(w.bob)
    return lambda: Client().post("/auth/sign-out", {"refresh": pair.refresh}, content_type="application/json")


def invited(w):
    form = {"username": "carol", "password1": PASSWORD, "password2": PASSWORD}
    Client().post(f"/accounts/invitation/{w.invitation.token}/", form)


def file_of(w, name="new.txt", text=b"Something else."):
    return SimpleUploadedFile(name, text)


def in_api(method: str, path: str, **data):
    """A call with a key: that of the admin for documents, else Bob's."""

    def act(w):
        headers = w.loader if "/documents" in path else w.bearer
        values = {name: value(w) for name, value in data.items()}
        answer = getattr(Client(), method)(path.format(w=w), values or None, headers=headers)
        assert answer.status_code < 300, answer.text

    return now(act)


def command(*words: str):
    return now(lambda w: call_command(*words, stdout=StringIO(), stderr=StringIO()))


LOGIN = {"login": "bob", "password": PASSWORD}
TOKEN = {"username": "bob", "password": PASSWORD}


def on_hold(act):
    """Return an act on a legal hold, which is set before."""

    def prepared(w):
        values = {"reason": CANARY, "reference": CANARY, "contact": CANARY}
        hold = LegalHold.objects.create(person=w.bob, **values)
        return lambda: act(w, hold.pk)

    return prepared


# (action, door, what does it)
def on_share(path, form=()):
    """Return an act on a link to the conversation, which is made before."""

    def prepared(w):
        Conversation.objects.filter(pk=w.conversation.pk).update(current_leaf=w.answers[0])
        if path == "new":
            return lambda: w.there.post(f"/conversations/{w.conversation.pk}/share/", dict(form))
        share = Share.objects.create(owner=w.conversation.owner, conversation=w.conversation)
        return lambda: w.there.post(f"/shares/{share.pk}/{path}", dict(form))

    return prepared


def on_own(path, form=(), is_removed=False):
    """Return an act on a page of a collection of Bob's own, which is made before."""

    def prepared(w):
        own = Collection.objects.create(name=f"{CANARY} own", kind="own", holder=w.bob, sensitivity=10)
        own.owners.add(w.bob)
        if is_removed:
            Collection.objects.filter(pk=own.pk).update(kind="removed", removed_at=timezone.now())
        return lambda: w.there.post(f"/library/{own.pk}/{path}", dict(form))

    return prepared


def on_document(action):
    """Return an act on the document by its owner, on the page of its collection."""

    def prepared(w):
        Document.objects.update(status="ready")
        other = Collection.objects.create(name="Other")
        other.owners.add(w.bob)
        here, deletion = f"/library/{w.collection.pk}", uuid4()
        if action == "restore":
            Document.objects.update(deleted_at=timezone.now(), deletion=deletion)
            return lambda: w.there.post(f"{here}/restore/{deletion}/")
        form = {"action": action, "ids": [str(w.document.pk)], "target": other.pk}
        return lambda: w.there.post(f"{here}/change/", form)

    return prepared


def shared_by_bob(w, kind):
    """An assistant or a prompt that everyone may use."""
    everyone = Audience(everyone=True)
    if kind == "assistant":
        return editing.create(w.bob, AssistantForm(name=f"{CANARY} name", instructions=CANARY), everyone)
    return saved_prompts.create(w.bob, PromptForm("mail", CANARY, CANARY), everyone)


def on_shared(kind, path=None, **form):
    """Return a post by its owner to an assistant or a prompt, which everyone may use; without a path, make one."""
    texts = {"name": f"{CANARY} name", "instructions": CANARY, "command": "mail", "title": CANARY, "text": CANARY}
    usual = texts | {"share": "everyone", "label": "public", "model": "auto", "collections": "all"}

    def prepare(w):
        new = "/assistants/new/" if kind == "assistant" else "/prompts/"
        place = new if path is None else f"/{kind}s/{shared_by_bob(w, kind).pk}/{path}"
        return lambda: posted(w.there, place, usual | form)

    return prepare


def posted(client: Client, place: str, form) -> None:
    answer = client.post(place, form)
    assert answer.status_code == 302, answer.text


def on_withdrawn(kind, *reasons):
    """Return what an admin does who gives these reasons, one after the other; only the last one counts."""

    def prepare(w):
        thing = shared_by_bob(w, kind)
        page = f"/admin/chat/{kind}/{thing.pk}/change/"
        for reason in reasons[:-1]:
            saved(w.boss, page, withdrawn_why=reason)
        return lambda: saved(w.boss, page, withdrawn_why=reasons[-1])

    return prepare


def on_conflict(verb):
    def prepare(w):
        w.collection.owners.add(w.bob)
        figures = []
        for days in (25, 28):
            source = Source.objects.create(
                document=uuid4(),
                collection=w.collection,
                title=CANARY,
                file_name="x",
                media_type="text/plain",
                live=True,
            )
            passage = source.passages.create(position=0, text=f"{CANARY} {days} days", page=1, start=0, end=30)
            place = {"start": 0, "end": 30, "figure_start": 0, "figure_end": 30}
            values = {"language": "en", "key": "x", "readings": [days], "digest": str(days)}
            figures.append(StatedFigure.objects.create(source=source, passage=passage, **values, **place))
            Document.objects.create(
                pk=source.document, collection=w.collection, title=CANARY, file="x", file_name="x", sha256=str(days)
            )
        conflict = FigureConflict.objects.create(one=figures[0], other=figures[1])
        place = f"/library/conflicts/{conflict.pk}/"
        if verb == "restore":
            w.there.post(f"{place}dismiss/")
        return lambda: w.there.post(f"{place}{verb}/")

    return prepare


def on_case(verb):
    def prepare(w):
        on_verified("add")(w)
        if verb == "keep":
            return lambda: w.there.post(f"/replies/{w.answers[0].pk}/keep/")
        if verb == "weekly":
            return lambda: w.there.post(f"/library/{w.collection.pk}/tests/weekly/", {"weekly": "on"})
        case = EvalCase.objects.create(collection=w.collection, question=CANARY, documents={}, label=0)
        if verb == "export":
            return lambda: w.there.get(f"/library/{w.collection.pk}/tests/export/")
        if verb == "import":
            packed = io.BytesIO()
            with zipfile.ZipFile(packed, "w") as file:
                query = {"_id": 1, "text": CANARY, "metadata": {"must_contain": [CANARY]}}
                file.writestr("queries.jsonl", json.dumps(query))
            sent = {"file": SimpleUploadedFile("x.zip", packed.getvalue())}
            return lambda: w.there.post(f"/library/{w.collection.pk}/tests/import/", sent)
        if verb == "change":
            return lambda: w.there.post(f"/tests/{case.pk}/", {"question": CANARY, "must_contain": CANARY})
        return lambda: w.there.post(f"/tests/{case.pk}/remove/")

    return prepare


def on_review(verb):
    def prepare(w):
        source = Source.objects.filter(collection=w.collection).first() or Source(
            document=uuid4(), collection=w.collection, title=CANARY, file_name="x.txt", media_type="text/plain"
        )
        source.live = True
        source.save()
        if verb == "add":
            return lambda: w.there.post("/reviews/", {"name": CANARY, "collection": w.collection.pk})
        table = ReviewTable.objects.create(owner=w.bob, name=CANARY, collection=w.collection)
        if verb == "export":
            return lambda: w.there.get(f"/reviews/{table.pk}/export.csv")
        return lambda: w.there.post(f"/reviews/{table.pk}/delete/")

    return prepare


def with_terms(act):
    def prepare(w):
        terms = TermsOfUse.objects.create(text=CANARY)
        return lambda: act(w, terms.pk)

    return prepare


def on_care(**form):
    """Return a post of the page of a document by its owner, which also has its title and label."""
    usual = {"title": f"{CANARY} notes", "label": "public", "owner": "", "review_by": ""}
    return now(lambda w: posted(w.there, f"/documents/{w.document.pk}/", usual | form))


def synced(w, **care):
    """Keep the document as a program does, with the same file."""
    body = encode_multipart(BOUNDARY, {"file": file_of(w, "notes.txt", CANARY.encode()), **care})
    path = f"/api/documents/{w.document.pk}"
    answer = Client().put(path, body, content_type=MULTIPART_CONTENT, headers=w.loader)
    assert answer.status_code < 300, answer.text


def with_replacement(act):
    """Return an act on a document whose new file waits to be read."""

    def prepare(w):
        Document.objects.update(status="ready")
        w.document.refresh_from_db()
        services.replace(w.document, file=file_of(w), user=w.bob)
        return lambda: act(w)

    return prepare


ACTS = [
    *((f"{kind}.{verb}", "admin", in_admin(kind, verb)) for kind in CRUD for verb in ("add", "change", "delete")),
    ("sign_in", "page", now(lambda w: Client().post("/accounts/login/", LOGIN))),
    ("sign_in", "api", now(lambda w: Client().post("/auth/token", TOKEN, content_type="application/json"))),
    ("sign_in.failed", "page", now(lambda w: Client().post("/accounts/login/", LOGIN | {"password": CANARY}))),
    ("sign_in.failed", "page", now(lambda w: Client().post("/accounts/login/", {"login": CANARY, "password": "x"}))),
    ("sign_in.failed", "api", now(lambda w: Client().post("/auth/token", TOKEN | {"password": "x"},
                                                          content_type="application/json"))),
    ("sign_out", "page", now(lambda w: w.there.post("/accounts/logout/"))),
    ("sign_out", "api", signing_out_by_token),
    ("session.end", "page", now(lambda w: w.there.post(
        f"/accounts/sessions/{BrowserSession.objects.get(session_key='elsewhere').pk}/end/"))),
    ("session.end_all", "page", now(lambda w: w.there.post("/accounts/sessions/end/", {"keys": "on"}))),
    ("session.end_all", "admin", row_action("accounts/user", "sign_out", lambda w: w.bob)),
    ("password.change", "page", now(passwords)),
    ("password.change", "admin", now(lambda w: w.boss.post(
        f"/admin/accounts/user/{w.bob.pk}/password/",
        {"usable_password": "true", "password1": "another long one", "password2": "another long one"}))),
    ("factor.add", "page", enrolling),
    ("factor.remove", "page", with_factor(lambda w: w.there.post("/accounts/2fa/totp/deactivate/"))),
    ("factor.codes", "page", with_factor(lambda w: w.there.post("/accounts/2fa/recovery-codes/generate/"))),
    ("factor.failed", "page", with_factor(wrong_code)),
    ("factor.reset", "admin", row_action("accounts/user", "reset_second_factor", lambda w: w.bob)),
    ("key.add", "page", now(lambda w: w.there.post(
        "/accounts/keys/", {"name": "other", "scopes": ["chat"], "days": "30"}))),
    ("key.add", "server", command("api_key", "bob", "--name", "cron", "--scopes", "chat")),
    ("key.revoke", "page", now(lambda w: w.there.post(f"/accounts/keys/{w.key.pk}/revoke/"))),
    ("key.revoke", "admin", row_action("accounts/apikey", "revoke", lambda w: w.key)),
    ("invitation.renew", "admin", row_action("accounts/invitation", "renew_links", lambda w: w.invitation)),
    ("user.rights", "admin", user_form(is_staff="on")),
    ("user.switch", "admin", user_form(is_active=None)),
    ("routingpolicy.add", "admin", policy_page("draft", lambda w: RoutingPolicy.objects.get(status="active"))),
    ("routingpolicy.add", "admin", policy_page("roll-back", retired)),
    ("routingpolicy.change", "admin", lambda w: (lambda draft: lambda: saved(
        w.boss, f"/admin/chat/routingpolicy/{draft.pk}/change/", note="why"))(a_draft(w))),
    ("routingpolicy.delete", "admin", policy_page("discard")),
    ("routingpolicy.activate", "admin", policy_page("activate")),
    ("collection.label", "admin", now(lambda w: saved(
        w.boss, f"/admin/search/collection/{w.collection.pk}/change/", sensitivity="20"))),
    ("collection.readers", "admin", now(lambda w: saved(
        w.boss, f"/admin/search/collection/{w.collection.pk}/change/", readers="people", users=[w.bob.pk]))),
    ("document.upload", "admin", now(lambda w: w.boss.post(
        "/admin/documents/document/add/",
        {"collection": w.collection.pk, "sensitivity": 0, "uploads": [file_of(w)]}))),
    ("document.upload", "api", in_api("post", "/api/documents", collection=lambda w: w.collection.pk, file=file_of)),
    ("document.read", "admin", now(lambda w: w.boss.get(f"/admin/documents/document/{w.document.pk}/change/"))),
    ("document.replace", "admin", now(lambda w: w.boss.post(
        f"/admin/documents/document/{w.document.pk}/replace/", {"upload": file_of(w)}))),
    ("document.label", "admin", now(lambda w: w.boss.post(
        f"/admin/documents/document/{w.document.pk}/change/", {"title": w.document.title, "sensitivity": 20}))),
    ("document.change", "admin", now(lambda w: w.boss.post(
        f"/admin/documents/document/{w.document.pk}/change/", {"title": "Renamed", "sensitivity": 0}))),
    ("document.delete", "admin", now(lambda w: w.boss.post(
        f"/admin/documents/document/{w.document.pk}/delete/", {"post": "yes"}))),
    ("document.delete", "admin", now(lambda w: w.boss.post(
        "/admin/documents/document/",
        {"action": "delete_selected", "_selected_action": [w.document.pk], "post": "yes"}))),
    ("document.delete", "api", in_api("delete", "/api/documents/{w.document.pk}")),
    ("collection.add", "page", now(lambda w: w.there.post(
        "/library/new/", {"name": f"{CANARY} own", "label": "internal"}))),
    ("collection.change", "page", on_own("settings/", {"name": f"{CANARY} other", "label": "internal"})),
    ("collection.label", "page", on_own("settings/", {"name": f"{CANARY} own", "label": "confidential"})),
    ("collection.readers", "page", on_own("share/", {"people": "admin"})),
    ("collection.readers", "page", on_own("hand-over/", {"person": "admin"})),
    ("collection.delete", "page", on_own("delete/")),
    ("collection.restore", "page", on_own("restore/", is_removed=True)),
    ("document.delete", "page", on_document("delete")),
    ("document.move", "page", on_document("move")),
    ("document.restore", "page", on_document("restore")),
    ("conversation.label", "page", now(lambda w: w.there.post(
        f"/conversations/{w.conversation.pk}/label/", {"label": "public", "reason": CANARY}))),
    ("conversation.delete", "page", now(lambda w: w.there.post(f"/conversations/{w.conversation.pk}/delete/"))),
    ("conversation.delete", "page", now(lambda w: w.there.post(
        "/conversations/order/", {"ids": [w.conversation.pk], "action": "delete"}))),
    ("conversation.delete", "api", in_api("delete", "/api/conversations/{w.conversation.pk}")),
    ("conversation.delete", "admin", now(lambda w: w.boss.post(
        f"/admin/chat/conversation/{w.conversation.pk}/delete/", {"post": "yes"}))),
    ("conversation.restore", "page", lambda w: (
        Conversation.objects.update(deleted_at=timezone.now())
        and (lambda: w.there.post(f"/conversations/{w.conversation.pk}/restore/")))),
    ("conversation.export", "api", in_api("get", "/api/conversations/{w.conversation.pk}/export")),
    ("conversation.export", "page", now(lambda w: w.there.get(f"/conversations/{w.conversation.pk}/export/json/"))),
    ("conversation.export_many", "page", now(lambda w: w.there.post("/transfers/export/"))),
    ("conversation.import", "page", now(lambda w: w.there.post(
        "/transfers/import/", {"files": [SimpleUploadedFile("x.json", b"[]")]}))),
    ("share.add", "page", on_share("new", {"share": "everyone", "days": "7"})),
    ("share.change", "page", on_share("", {"share": "everyone", "days": "0"})),
    ("share.change", "page", on_share("update/")),
    ("share.revoke", "page", on_share("revoke/")),
    ("share.delete", "page", on_share("delete/")),
    ("verified.add", "page", on_verified("add")),
    ("verified.change", "page", on_verified("change")),
    ("verified.retire", "page", on_verified("retire")),
    *((f"{kind}.add", "page", on_shared(kind)) for kind in ("assistant", "prompt")),
    ("assistant.add", "page", on_shared("assistant", share="me")),
    ("assistant.add", "page", on_shared("assistant", "copy/")),
    ("assistant.change", "page", on_shared("assistant", "change/", purpose="Other")),
    ("assistant.share", "page", on_shared("assistant", "change/", share="me", purpose="Other")),
    ("assistant.delete", "page", on_shared("assistant", "delete/")),
    ("prompt.change", "page", on_shared("prompt", "", title="Other")),
    ("prompt.share", "page", on_shared("prompt", "", share="me")),
    ("prompt.delete", "page", on_shared("prompt", "delete/")),
    *((f"{kind}.withdraw", "admin", on_withdrawn(kind, CANARY)) for kind in ("assistant", "prompt")),
    *((f"{kind}.reinstate", "admin", on_withdrawn(kind, CANARY, "")) for kind in ("assistant", "prompt")),
    ("case.keep", "page", on_case("keep")),
    ("deletion.prove", "server", lambda w: (
        DeletionReceipt.objects.create(
            owner=w.bob, kind="conversation", object_id="x", deleted_at=timezone.now(), digests=["0" * 16])
        and deletion_receipts.check)),
    ("legalhold.add", "admin", now(lambda w: posted(
        w.boss, "/admin/accounts/legalhold/add/",
        {"person": w.bob.pk, "reason": CANARY, "reference": CANARY, "contact": CANARY}))),
    ("legalhold.change", "admin", on_hold(lambda w, pk: posted(
        w.boss, f"/admin/accounts/legalhold/{pk}/change/", {"reason": "x", "reference": CANARY, "contact": CANARY}))),
    ("legalhold.lift", "admin", on_hold(lambda w, pk: w.boss.post(
        "/admin/accounts/legalhold/", {"action": "lift", "_selected_action": [pk]}))),
    ("terms.publish", "admin", now(lambda w: posted(w.boss, "/admin/accounts/termsofuse/add/", {"text": CANARY}))),
    ("terms.accept", "page", with_terms(lambda w, pk: w.boss.post("/accounts/terms/", {"terms": pk}))),
    ("terms.withdraw", "admin", with_terms(lambda w, pk: w.boss.post(
        "/admin/accounts/termsofuse/", {"action": "withdraw", "_selected_action": [pk]}))),
    *((f"case.{verb}", "page", on_case(verb)) for verb in ("change", "import", "export")),
    ("case.delete", "page", on_case("remove")),
    ("case.weekly", "page", on_case("weekly")),
    *((f"conflict.{verb}", "page", on_conflict(verb)) for verb in ("dismiss", "restore")),
    *((f"review.{verb}", "page", on_review(verb)) for verb in ("add", "export", "delete")),
    ("document.change", "page", on_care(owner="bob", review_by="2027-01-31")),
    ("document.change", "page", on_care(title="Other", review_by="2027-01-31")),
    ("document.label", "page", on_care(label="internal", owner="bob")),
    ("document.change", "admin", now(lambda w: posted(
        w.boss, f"/admin/documents/document/{w.document.pk}/change/",
        {"title": w.document.title, "sensitivity": 0, "owner": w.bob.pk, "review_by": "2027-01-31"}))),
    ("document.keep", "admin", with_replacement(lambda w: posted(
        w.boss, f"/admin/documents/document/{w.document.pk}/change/",
        {"title": w.document.title, "sensitivity": 0, "_keep": "1"}))),
    ("document.change", "api", now(lambda w: synced(w, review_by="2027-01-31", owner="bob"))),
    ("document.keep", "page", with_replacement(lambda w: w.there.post(
        f"/documents/{w.document.pk}/keep-previous/"))),
    ("branch.delete", "page", now(lambda w: w.there.post(f"/messages/{w.answers[0].pk}/delete/"))),
    ("usage.export", "page", now(lambda w: w.there.get("/usage/lines.csv"))),
    ("usage.export", "page", now(lambda w: w.boss.get("/usage/everybody/entries.json"))),
    ("usage.export", "server", command("usage_report", "--format", "csv")),
    ("audit.export", "admin", now(lambda w: w.boss.get("/admin/audit/auditevent/export.csv"))),
    ("audit.export", "admin", now(lambda w: w.boss.get("/admin/audit/auditevent/2026-11.jsonl"))),
    ("ledger.export", "server", command("verify_ledger", "--export-head")),
    ("secrets.rotate", "server", command("rotate_keys")),
]  # fmt: skip


def in_a_transaction(action: str, door: str) -> bool:
    """Whether the act uses the test's own connection alone, so that undoing it is quick."""
    return door in ("admin", "server") or action.split(".")[0] not in (
        "assistant",
        "prompt",
        "conversation",
        "branch",
        "usage",
        "document",
        "factor",
    )


@pytest.mark.any_database
@pytest.mark.parametrize(
    ("action", "door", "prepare"),
    [
        pytest.param(
            *act,
            id=f"{act[0]}-{act[1]}",
            marks=pytest.mark.django_db(transaction=act[1] == "api" or not in_a_transaction(*act[:2])),
        )
        for act in ACTS
    ],
)
def test_each_act_leaves_one_event(world, action, door, prepare):
    act = prepare(world)
    before = AuditEvent.objects.count()
    act()
    events = list(AuditEvent.objects.order_by("id")[before:])
    assert [(event.action, event.door) for event in events] == [(action, door)]
    (event,) = events
    by_nobody = door == "server" or action in ("sign_in.failed", "factor.failed")
    assert (event.username == "") == by_nobody
    assert (event.address == "127.0.0.1") == (door != "server")
    assert CANARY not in repr(list(AuditEvent.objects.values()))


# Their doors have tests of their own: an invitation also signs in, a deleted account is signed out, and the others need
# a provider, a model server or a folder with data.
ELSEWHERE = {"openwebui.import", "backup.make", "invitation.accept", "user.leave", "user.link", "user.teams",
             "models.sync", *(f"socialapp.{verb}" for verb in ("add", "change", "delete"))}  # fmt: skip


def test_every_action_is_walked():
    assert set(ACTIONS) == {action for action, _, _ in ACTS} | ELSEWHERE


@pytest.mark.django_db
def test_an_invitation_is_accepted_and_its_person_signed_in(world):
    before = AuditEvent.objects.count()
    invited(world)
    events = list(AuditEvent.objects.order_by("id")[before:])
    assert [(event.action, event.username) for event in events] == [
        ("invitation.accept", "carol"),
        ("sign_in", "carol"),
    ]


@pytest.mark.django_db(transaction=True)
def test_what_changes_nothing_leaves_none(world):
    before = AuditEvent.objects.count()
    world.there.post(f"/accounts/keys/{world.key.pk + 99}/revoke/")
    world.boss.post(f"/admin/documents/document/{UUID(int=1)}/delete/", {"post": "yes"})
    world.there.post(f"/conversations/{UUID(int=2)}/delete/")
    assert not Authenticator.objects.exists()
    assert AuditEvent.objects.count() == before
