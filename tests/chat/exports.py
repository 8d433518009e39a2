"""Exports of other programs, made on the spot in the shapes that they have in 2026."""

import io
import json
import zipfile

BEGAN = 1_750_000_000
SECRET_CARD = "4111 1111 1111 1111"


def chatgpt(key="c1", title="Holidays", *, texts=("How many days?", "Thirty.", "Sure?"), **more):
    """A conversation with two answers to its first question, hidden nodes, thoughts and a picture."""
    first, answer, follow = texts
    nodes = {
        "root": {"id": "root", "message": None, "parent": None, "children": ["system"]},
        "system": _node("system", "root", "system", "Be nice.", 0, hidden=True),
        "q1": _node("q1", "system", "user", first, 1, attachments=[{"id": "file-Ab12", "name": "plan.png"}]),
        "t1": _node(
            "t1", "q1", "assistant", None, 2, content={"content_type": "thoughts", "thoughts": [{"content": "Hm."}]}
        ),
        "a1": _node("a1", "t1", "assistant", f"{answer} \ue200cite\ue202turn0search0\ue201", 3, model="gpt-5"),
        "a2": _node("a2", "q1", "assistant", "Twenty-eight.", 4, model="gpt-5-mini"),
        "q2": _node("q2", "a1", "user", follow, 5),
        "tool": _node("tool", "q2", "assistant", "search()", 6, to="browser"),
        "result": _node("result", "tool", "tool", "results", 7),
        "a3": _node("a3", "result", "assistant", "Yes.", 8, model="gpt-5"),
    }
    row = {"title": title, "create_time": BEGAN, "update_time": BEGAN + 100.5, "mapping": nodes, "current_node": "a3"}
    return row | {"conversation_id": key, "default_model_slug": "gpt-4o"} | more


def _node(key, parent, role, text, at, *, hidden=False, model="", to="all", attachments=(), content=None):
    details = {"is_visually_hidden_from_conversation": True} if hidden else {}
    details |= {"model_slug": model} if model else {}
    details |= {"attachments": list(attachments)} if attachments else {}
    message = {
        "id": key,
        "author": {"role": role},
        "create_time": BEGAN + at,
        "content": content or {"content_type": "text", "parts": [text]},
        "recipient": to,
    }
    return {
        "id": key,
        "parent": parent,
        "children": [],
        "message": message | ({"metadata": details} if details else {}),
    }


def claude(key="d1", name="Refunds"):
    at = "2026-03-01T10:00:0{}.000000Z".format
    attachment = {"file_name": "terms.pdf", "extracted_content": "Refunds take a week.", "file_size": 9}
    return {
        "uuid": key,
        "name": name,
        "created_at": at(0),
        "updated_at": at(9),
        "chat_messages": [
            {"uuid": "m1", "sender": "human", "text": "How long?", "created_at": at(1), "attachments": [attachment]},
            {
                "uuid": "m2",
                "sender": "assistant",
                "text": "old form",
                "created_at": at(2),
                "content": [{"type": "thinking", "thinking": "Let me see."}, {"type": "text", "text": "A week."}],
                "files": [{"file_name": "missing.png"}],
            },
        ],
    }


def claude_project():
    return {
        "uuid": "p1",
        "name": "Legal",
        "prompt_template": "Be exact.",
        "docs": [{"filename": "a"}, {"filename": "b"}],
    }


def openwebui(key="w1", title="Servers", picture=""):
    thoughts = (
        '<details type="reasoning" done="true" duration="3"><summary>Thought</summary>\n&gt; Which one?\n</details>\n'
    )
    messages = {
        "u1": _webui(
            "u1", None, "user", "Which server?", 1, files=[{"type": "image", "url": picture}] if picture else []
        ),
        "b1": _webui(
            "b1", "u1", "assistant", f"{thoughts}The first.", 2, annotation={"rating": -1}, sources=[{"source": {}}]
        ),
        "b2": _webui("b2", "u1", "assistant", "The second.", 3),
    }
    chat = {"title": title, "models": ["llama3"], "history": {"currentId": "b1", "messages": messages}}
    row = {"id": key, "user_id": "x", "title": title, "chat": chat, "created_at": BEGAN, "updated_at": BEGAN + 9}
    return row | {"archived": True, "pinned": True, "meta": {"tags": []}}


def _webui(key, parent, role, content, at, **more):
    row = {"id": key, "parentId": parent, "childrenIds": [], "role": role, "content": content, "timestamp": BEGAN + at}
    return row | ({"model": "llama3"} if role == "assistant" else {}) | more


def packed(**files):
    """Return a ZIP file; a value that is not bytes becomes JSON. `a__b` is the path a/b, `_json` ends as .json."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, value in files.items():
            path = name.replace("__", "/").replace("_json", ".json").replace("_png", ".png")
            archive.writestr(path, value if isinstance(value, bytes) else json.dumps(value))
    return content.getvalue()


def webui_prompt(key="p1", command="mail", content="Write to {{name}}.", **more):
    """A prompt as the workspace of Open WebUI exports it."""
    return {"id": key, "command": command, "name": "A mail", "content": content, "access_grants": []} | more


def webui_preset(key="helper", **more):
    """A model preset as the workspace of Open WebUI exports it."""
    prompts = [{"content": "What is new?", "title": ["What", "is new?"]}]
    meta = {"description": "Helps", "suggestion_prompts": prompts, "capabilities": {"vision": True}}
    row = {"id": key, "base_model_id": "gpt-4o", "name": "Helper", "params": {"system": "Be kind."}, "meta": meta}
    return row | {"access_grants": []} | more
