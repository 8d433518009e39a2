"""A language model server on loopback that speaks four wire formats and can fail in every way.

    python -m tests.upstream --port 9100

serves OpenAI (`/v1/models`, `/v1/chat/completions`, `/v1/embeddings`), Anthropic (`/v1/messages`), Ollama
(`/api/tags`, `/api/show`, `/api/chat`) and Gemini (`/v1beta/models/…:streamGenerateContent`), streamed or whole.

The model's name says what it answers, see `plans.py`:
`t500-r50-d100` is 500 tokens at 50 a second after 100 ms, `echo` answers with the next scripted text,
`fail-cut` cuts the connection half-way, and so on; `floods.py` lists what never ends.

For vectors, `embeddings.py` lists the names.

Control, on the same port: `POST /script {"text": …}` queues an answer for `echo`; `POST /listing {"models": […]}`
sets what is listed; `GET /requests` gives every request's full text; `GET /stats` counts; `POST /reset` forgets.

In a test: `with running_upstream() as upstream:` starts it as a process, see `process.py`.
"""

from tests.upstream.process import Upstream, free_port, running_upstream

__all__ = ["Upstream", "free_port", "running_upstream"]
