"""`manage.py import_openwebui`: a whole Open WebUI moves in, once, and the report counts what did not fit."""

import base64
import json
import sqlite3
from io import StringIO
from pathlib import Path

import bcrypt
import pytest
from django.contrib.auth import authenticate
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command
from django.db import connection

from chat.models import Assistant, Attachment, Conversation, Feedback, Folder, Prompt
from documents.models import Document
from documents.services.uploads import upload
from langai_site.accounts.hashers import moved
from langai_site.accounts.models import Team, User
from langai_site.audit.models import AuditEvent
from langai_site.sensitivity import Sensitivity
from search.access import readable_collections
from search.models import Collection
from tests.chat.attached import picture
from tests.chat.exports import BEGAN, SECRET_CARD, openwebui, webui_preset

pytestmark = pytest.mark.django_db(transaction=True)
# What the migrations of a real release made of an empty database.
SCHEMA = (Path(__file__).parent / "openwebui_schema.sql").read_text()
AT = {"created_at": BEGAN, "updated_at": BEGAN}


class Made:
    """An Open WebUI's database and folder of uploads."""

    def __init__(self, folder):
        self.path, self.files = folder / "webui.db", folder / "uploads"
        self.files.mkdir()
        self.connection = sqlite3.connect(self.path)
        self.connection.executescript(SCHEMA)

    def add(self, table, **values):
        values = {key: json.dumps(one) if isinstance(one, dict | list) else one for key, one in values.items()}
        names = ", ".join(f'"{name}"' for name in values)
        marks = ", ".join("?" * len(values))
        self.connection.execute(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', [*values.values()])
        self.connection.commit()

    def person(self, key, email, role="user", password="", active=True):
        self.add("user", id=key, email=email, name=f"{key.title()} Example", role=role, **AT)
        self.add("auth", id=key, email=email, password=password, active=active)

    def file(self, key, name, data):
        (self.files / f"{key}_{name}").write_bytes(data)
        self.add("file", id=key, user_id="ann", filename=name, path=f"/app/backend/data/uploads/{key}_{name}", **AT)

    def chat(self, owner, value, **more):
        row = {key: value[key] for key in ("id", "title", "chat", "created_at", "updated_at")}
        self.add("chat", user_id=owner, meta={}, archived=False, pinned=True, **row, **more)

    def move(self, *options):
        out = StringIO()
        call_command("import_openwebui", str(self.path), "--files", str(self.files), *options, stdout=out)
        return out.getvalue()


@pytest.fixture
def webui(tmp_path):
    made = Made(tmp_path)
    hashed = bcrypt.hashpw(b"an old password", bcrypt.gensalt(4)).decode()
    made.person("ann", "ann@example.org", "admin", hashed)
    made.person("ben", "Ben@example.org")
    made.person("cy", "cy@example.org", "pending", hashed)
    made.person("odd", "no address")
    made.add("group", id="g1", name="Sales", user_id="ann", **AT)
    for person in ("ann", "ben", "gone"):
        made.add("group_member", id=f"g1-{person}", group_id="g1", user_id=person, **AT)
    made.file("f1", "rules.txt", b"The court is closed on Mondays.")
    made.file("f2", "film.mp4", b"x")
    made.file("f3", "photo.png", picture())
    made.add("knowledge", id="k1", user_id="ann", name="Rules", description="All of them", **AT)
    for number, key in enumerate(("f1", "f2", "missing")):
        made.add("knowledge_file", id=f"kf{number}", user_id="ann", knowledge_id="k1", file_id=key, **AT)
    made.add(
        "access_grant",
        id="a1",
        resource_type="knowledge",
        resource_id="k1",
        principal_type="group",
        principal_id="g1",
        permission="read",
        created_at=BEGAN,
    )
    made.add(
        "access_grant",
        id="a2",
        resource_type="knowledge",
        resource_id="k1",
        principal_type="user",
        principal_id="gone",
        permission="read",
        created_at=BEGAN,
    )
    made.add(
        "folder", id="top", user_id="ann", name="Work", is_expanded=True, data={"system_prompt": "Be brief."}, **AT
    )
    made.add("folder", id="in", parent_id="top", user_id="ann", name="2026", is_expanded=True, **AT)
    value = openwebui("w1")
    value["chat"]["history"]["messages"]["u1"]["files"] = [
        {"type": "image", "id": "f3", "url": "f3", "name": "photo.png"}
    ]
    made.chat("ann", value, folder_id="in")
    secret = openwebui("w2", "Card")
    secret["chat"]["history"]["messages"]["u1"]["content"] = f"Is {SECRET_CARD} good?"
    made.chat("ben", secret)
    made.chat("ben", openwebui("w3") | {"chat": {"history": {"messages": {}}}})
    made.chat("gone", openwebui("w4"))
    rated = {"rating": 1, "comment": "Right."}
    made.add(
        "feedback", id="r1", user_id="ann", type="rating", data=rated, meta={"chat_id": "w1", "message_id": "b2"}, **AT
    )
    made.add("prompt", id="p1", user_id="ann", command="/mail", name="Mail", content="Write", **AT)
    made.add("prompt", id="p2", user_id="odd", command="/odd", name="Odd", content="Write", **AT)
    preset = webui_preset("helper", meta={"knowledge": [{"name": "Rules"}]})
    del preset["access_grants"]
    made.add("model", user_id="ben", **preset, **AT)
    made.add("model", id="gpt-4o", user_id="ann", name="GPT", params={}, meta={}, **AT)
    grants = [("prompt", "p1", "group", "g1", "read"), ("prompt", "p1", "user", "ben", "write")]
    for number, grant in enumerate([*grants, ("model", "helper", "user", "*", "read")]):
        names = ("resource_type", "resource_id", "principal_type", "principal_id", "permission")
        made.add("access_grant", id=f"s{number}", created_at=BEGAN, **dict(zip(names, grant, strict=True)))
    return made


def test_people_and_groups(webui):
    report = webui.move()
    ann, ben, cy = User.objects.order_by("username")
    assert (ann.username, ann.first_name, ann.is_staff, ann.is_active) == ("ann@example.org", "Ann", False, True)
    assert authenticate(username="ann@example.org", password="an old password") is None
    assert not ben.has_usable_password()
    assert not cy.is_active
    assert set(Team.objects.get(name="Sales").members.all()) == {ann, ben}
    assert "1  keep their password" in report
    assert "1  admins there: give them rights in the admin" in report
    assert "left out: their address cannot be an account's name (no address)" in report


def test_nobody_gets_the_chats_of_somebody_with_another_address_or_with_none(webui):
    nobody = User.objects.create_user("admin")
    double = [User.objects.create_user(name, email="ann@example.org") for name in ("ann", "ann2")]
    webui.person("blank", "")
    webui.chat("blank", openwebui("w5"))
    report = webui.move()
    assert not Conversation.objects.filter(owner__in=[nobody, *double]).exists()
    assert "1  left out: several accounts here have their address (ann@example.org)" in report


def test_a_chat_that_cannot_be_stored_does_not_stop_the_others(webui):
    broken = openwebui("w0", "Broken")
    details = '<details type="reasoning" duration="%s">Hm.</details>Yes.' % ("9" * 400)
    for row in broken["chat"]["history"]["messages"].values():
        row["content"] = details
    webui.chat("ann", broken)
    report = webui.move()
    assert "1  left out: their structure is not the usual one (Broken)" in report
    assert "2  moved" in report


def test_a_bcrypt_password_works_and_is_hashed_again(webui, settings):
    from langai_site import settings as configured

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher", configured.PASSWORD_HASHERS[-1]]
    webui.move()
    ann = User.objects.get(username="ann@example.org")
    assert ann.password.startswith("bcrypt$$2b$")
    assert not ann.check_password("x" * 80)
    assert not ann.check_password("wrong")
    assert ann.check_password("an old password")
    ann.refresh_from_db()
    assert ann.password.startswith("md5$")


@pytest.mark.parametrize("stored", ["", None, "$argon2id$v=19$m=1", "$2b$12$short", "plain"])
def test_other_hashes_are_not_taken_over(stored):
    assert moved(stored) == ""


def test_knowledge_becomes_collections_that_the_same_people_read(webui):
    report = webui.move()
    collection = Collection.objects.get(name="Rules")
    ann, ben = User.objects.get(first_name="Ann"), User.objects.get(first_name="Ben")
    assert list(collection.owners.all()) == [ann]
    assert not collection.everyone
    assert collection in readable_collections(ben)
    assert collection not in readable_collections(User.objects.create_user("new"))
    [document] = Document.objects.filter(collection=collection)
    assert (document.file_name, document.status) == ("rules.txt", "queued")
    assert "1  left out: of a type that cannot be read, too large or empty (film.mp4)" in report
    assert "1  left out: not in the folder of files" in report


def test_a_collection_of_that_name_that_is_here_stays_as_it_is(webui):
    mine = Collection.objects.create(name="Rules", everyone=True)
    webui.move()
    assert not mine.documents.exists()
    assert Collection.objects.get(name="Rules (Open WebUI)").documents.count() == 1


def test_a_document_that_somebody_gave_such_an_id_does_not_draw_the_files_into_its_collection(webui):
    mallory = User.objects.create_user("mallory")
    theirs = Collection.objects.create(name="Trap", kind=Collection.Kind.OWN, holder=mallory)
    file = ContentFile(b"Trap", "trap.txt")
    upload(collection=theirs, file=file, user=mallory, external_id="openwebui:k1:trap")
    webui.move()
    assert theirs.documents.count() == 1
    assert Collection.objects.get(name="Rules").documents.count() == 1


def test_chats_keep_branches_folders_files_ratings_and_get_labels(webui):
    webui.connection.executescript("CREATE TABLE note (id TEXT); INSERT INTO note VALUES ('n1');")
    report = webui.move()
    one, other = Conversation.objects.order_by("imported_id")
    assert (one.owner.first_name, one.title, one.messages.count()) == ("Ann", "Servers", 3)
    assert one.created_at.timestamp() == BEGAN
    assert (one.folder.name, one.folder.parent.name, one.pinned_at is not None) == ("2026", "Work", True)
    assert Attachment.objects.get(message__conversation=one).name == "photo.png"
    assert Feedback.objects.get(reply__parts__0__text="The second.").comment == "Right."
    assert other.label == Sensitivity.CONFIDENTIAL
    assert "2  moved" in report
    assert "1  left out: It contains no messages" in report
    assert "left out: their owner was left out" in report
    assert "1  left out: LangAI does not take them over" in report


def test_prompts_and_presets_come_with_those_who_may_use_them(webui):
    report = webui.move()
    ann, ben, _cy = User.objects.order_by("username")
    prompt, assistant = Prompt.objects.get(), Assistant.objects.get()
    assert (prompt.owner, prompt.command, prompt.everyone, *prompt.editors.all()) == (ann, "mail", False, ben)
    assert prompt.teams.get().name == "Sales"
    # Its owner reads the collection of this name, which the same move made.
    assert (assistant.owner, assistant.everyone) == (ben, True)
    assert assistant.collections == [Collection.objects.get(name="Rules").pk]
    assert "1  left out: their owner was left out (Odd)" in report
    assert "1  left out: It only changes the settings of a model. Ask an admin to set them (GPT)" in report
    assert "1  in part left out: Models that are not available" in report


def everything():
    tables = (User, Team, Collection, Document, Conversation, Folder, Attachment, Feedback, Prompt, Assistant)
    return [table.objects.count() for table in tables]


def test_a_second_run_adds_nothing_and_a_dry_run_changes_nothing(webui):
    before = everything()
    dry = webui.move("--dry-run")
    assert everything() == before
    assert "Nothing was changed" in dry
    assert "2  moved" in dry
    webui.move()
    after = everything()
    assert after != before
    assert AuditEvent.objects.filter(action="openwebui.import", door="server").count() == 1
    report = webui.move()
    assert everything() == after
    assert "2  are here already" in report


@pytest.mark.parametrize("what", ["missing", "text", "sqlite", "files"])
def test_what_is_no_open_webui_says_so(tmp_path, what):
    path = tmp_path / "other.db"
    if what == "text":
        path.write_text("hello " * 200)
    if what in ("sqlite", "files"):
        sqlite3.connect(path).execute("CREATE TABLE x (id)")
    options = ["--files", str(tmp_path / "nowhere")] if what == "files" else []
    with pytest.raises(CommandError):
        call_command("import_openwebui", str(path), *options)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="reads a schema beside the tables of the tests")
def test_a_postgresql_database_is_read_too(tmp_path, webui):
    there = connection.settings_dict
    place = f"{there['HOST']}:{there['PORT']}/{there['NAME']}"
    address = f"postgresql://{there['USER']}:{there['PASSWORD']}@{place}?options=-csearch_path%3Dwebui"
    tables = SCHEMA.replace("REFERENCES user ", 'REFERENCES "user" ').replace("DEFAULT 1 ", "DEFAULT true ")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP SCHEMA IF EXISTS webui CASCADE; CREATE SCHEMA webui; SET search_path TO webui; {tables}")
        for table in ("user", "auth", "group", "chat"):
            rows = webui.connection.execute(f'SELECT * FROM "{table}"')
            names = [name for name, *_ in rows.description]
            kinds = dict(webui.connection.execute("SELECT name, type FROM pragma_table_info(?)", (table,)))
            for row in rows:
                values = [bool(one) if kinds[name] == "BOOLEAN" else one for name, one in zip(names, row, strict=True)]
                marks = ", ".join(["%s"] * len(names))
                listed = ", ".join(f'"{name}"' for name in names)
                cursor.execute(f'INSERT INTO webui."{table}" ({listed}) VALUES ({marks})', values)
        cursor.execute("SET search_path TO public")
    call_command("import_openwebui", address, stdout=StringIO())
    assert Conversation.objects.count() == 2
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA webui CASCADE")


def test_pictures_in_the_chat_itself_are_kept(tmp_path):
    made = Made(tmp_path)
    made.person("ann", "ann@example.org")
    url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    made.chat("ann", openwebui("w1", picture=url))
    made.move()
    assert Attachment.objects.get().media_type == "image/png"
